// common.h: what makes C99 and OpenCL C one language for the headers beside it.
//
// A header that both forms of a kernel use is C99 and OpenCL C at once. It includes what it needs: <clmat/common.h> first. For OpenCL
// devices, which have no files, a line #include <NAME> is replaced with the text that a line CLMAT_TEXT_CALLED(..., "NAME") of a C
// file embeds (registry.h); those of this folder are embedded.
#ifndef CLMAT_COMMON_H
#define CLMAT_COMMON_H

#ifndef __OPENCL_VERSION__
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t uint;

// OpenCL's sqrt is generic; here all is float. Clang's own does not set errno, so that loops with it vectorise.
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
#define sqrt(x) __builtin_elementwise_sqrt((float)(x))
#endif
#endif
#ifndef sqrt
#define sqrt(x) sqrtf(x)
#endif

// For a function so long that a compiler would call it, where the loop around it is to be vectorised.
#define CLMAT_INLINE static inline __attribute__((always_inline))

static inline float as_float(int bits) { float x; memcpy(&x, &bits, sizeof x); return x; }
static inline int as_int(float x) { int bits; memcpy(&bits, &x, sizeof bits); return bits; }
static inline uint mul_hi(uint a, uint b) { return (uint)(((uint64_t)a * b) >> 32); }
#else
#define CLMAT_INLINE static inline
#endif

#endif
