// fontconfig: which installed font has a letter.
#include <fontconfig/fontconfig.h>
