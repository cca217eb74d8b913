#!/bin/sh
# check-gpu: checks CLMat on this machine's GPU. Options: ./check-gpu --help
here=$(dirname "$(readlink -f "$0")")
if ! ls /usr/lib/libOpenCL.so.1 /usr/lib64/libOpenCL.so.1 /usr/lib/*/libOpenCL.so.1 /usr/local/cuda*/lib64/libOpenCL.so.1 \
    /opt/rocm*/lib/libOpenCL.so.1 > /dev/null 2>&1 && ! ldconfig -p 2> /dev/null | grep -q 'libOpenCL\.so\.1'; then
    echo "This machine has no OpenCL loader, so no OpenCL GPU can be found. Install ocl-icd-libopencl1 (Debian, Ubuntu)," >&2
    echo "ocl-icd (Fedora, Arch) or the one of your GPU's driver." >&2
    exit 2
fi
# Python, if it is asked, is to find its own libraries, not these.
CHECK_GPU_LIBRARY_PATH=${LD_LIBRARY_PATH-}
LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export CHECK_GPU_LIBRARY_PATH LD_LIBRARY_PATH
exec "$here/bin/check-gpu" "$@"
