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
#include "../shared/kmeans.h"
#include "../shared/segments.h"
#include "CLMatKernels.h"

// One clone an instruction set (SSE2, AVX2 with FMA, AVX-512), chosen when the program starts.
#if defined(__x86_64__) && defined(__linux__)
#define CLMAT_VECTORISED __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CLMAT_VECTORISED
#endif

// As OpenCL C does by default: a * b + c may be one operation.
#pragma STDC FP_CONTRACT ON

static inline size_t clmat_minimum(size_t a, size_t b) { return a < b ? a : b; }

// Results that no cache can hold go past the caches, in whole lines: a plain store first reads the line that it is to
// overwrite. One thread's share of a job is an eighth of it or less, so from here on a job has 32 MiB or more.
enum { CLMAT_STREAMED = 4 << 20 };

// y = scale x
static inline __attribute__((always_inline)) void clmat_stream(size_t count, float scale, const float *x, float *y)
{
    size_t i = 0;
#if defined(__x86_64__)
    typedef float line __attribute__((vector_size(64))), anywhere __attribute__((vector_size(64), aligned(4)));
    for (; i < count && (uintptr_t)(y + i) % 64 != 0; i++) y[i] = scale * x[i];
    for (; i + 16 <= count; i += 16) {
        const line scaled = scale * *(const anywhere *)(x + i);
        __builtin_nontemporal_store(scaled, (line *)(y + i));
    }
#endif
    for (; i < count; i++) y[i] = scale * x[i];
}

// Before another thread may read what was streamed.
static inline void clmat_end_stream(void)
{
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#endif
}

#endif
