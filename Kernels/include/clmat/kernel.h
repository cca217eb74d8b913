// kernel.h: what the C file of a kernel starts with, in CLMat and in packages that depend on it.
#ifndef CLMAT_KERNEL_H
#define CLMAT_KERNEL_H

#include <clmat/common.h>
#include <clmat/elementary.h>
#include <clmat/philox.h>
#include <clmat/registry.h>

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
