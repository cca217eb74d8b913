// Compiler and linker flags of libimgui-dev come with this target; CImGui.cpp includes the C++ headers.
