// common.h: what makes C99 and OpenCL C one language for the headers beside it.
//
// Each header of this folder is included by the C files of ../cpu and put before the text of the .cl files.
#ifndef CLMAT_COMMON_H
#define CLMAT_COMMON_H

#ifndef __OPENCL_VERSION__
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t uint;

// For a function so long that a compiler would call it, where the loop around it is to be vectorised.
#define CLMAT_INLINE static inline __attribute__((always_inline))

static inline float as_float(int bits) { float x; memcpy(&x, &bits, sizeof x); return x; }
static inline int as_int(float x) { int bits; memcpy(&bits, &x, sizeof bits); return bits; }
static inline uint mul_hi(uint a, uint b) { return (uint)(((uint64_t)a * b) >> 32); }
#else
#define CLMAT_INLINE static inline
#endif

#endif
