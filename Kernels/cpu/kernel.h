// kernel.h: what every C file of this folder starts with.
#ifndef CLMAT_CPU_KERNEL_H
#define CLMAT_CPU_KERNEL_H

#include <clmat/kernel.h>
#include <clmat/update.h>
#include "../shared/elementwise.h"
#include "../shared/reduction.h"
#include "../shared/segments.h"
#include "CLMatKernels.h"

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
