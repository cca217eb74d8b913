// kernel.h: what every C file of this folder starts with.
#ifndef CLMAT_CPU_KERNEL_H
#define CLMAT_CPU_KERNEL_H

#include "../shared/common.h"
#define sqrt(x) sqrtf(x)    // OpenCL's sqrt is generic; here all is float
#include "../shared/elementary.h"
#include "../shared/philox.h"
#include "../shared/elementwise.h"
#include "../shared/reduction.h"
#include "../shared/update.h"
#include "../shared/kmeans.h"
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
