// The C interface of CLBlast: BLAS for OpenCL devices.
#define CL_TARGET_OPENCL_VERSION 120
#include <clblast_c.h>
