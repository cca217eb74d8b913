// kernel.h: what every C file of this folder starts with.
#ifndef CLMAT_CPU_KERNEL_H
#define CLMAT_CPU_KERNEL_H

#include "../shared/common.h"
// OpenCL's sqrt is generic; here all is float. Clang's own does not set errno, so that loops with it vectorise.
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
#define sqrt(x) __builtin_elementwise_sqrt((float)(x))
#endif
#endif
#ifndef sqrt
#define sqrt(x) sqrtf(x)
#endif
#include "../shared/elementary.h"
#include "../shared/philox.h"
#include "../shared/elementwise.h"
#include "../shared/reduction.h"
#include "../shared/update.h"
#include "include/CLMatKernels.h"

// One clone an instruction set (SSE2, AVX2 with FMA, AVX-512), chosen when the program starts.
#if defined(__x86_64__) && defined(__linux__)
#define CLMAT_VECTORISED __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CLMAT_VECTORISED
#endif

// As OpenCL C does by default: a * b + c may be one operation.
#pragma STDC FP_CONTRACT ON

static inline size_t clmat_minimum(size_t a, size_t b) { return a < b ? a : b; }

#endif
