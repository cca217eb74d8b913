// product.h: the matrix products of tile.h for each instruction set, for kernels that do more with a product than store it.
#ifndef CLMAT_CPU_PRODUCT_H
#define CLMAT_CPU_PRODUCT_H

// C[i, j] = start[i] (or C[i, j]) + sum over k of A(i, k) B(k, j), see tile.h
typedef void (*tile_product)(size_t rows, size_t columns, size_t depth, const float *a, size_t a_row, size_t a_depth,
                             const float *b, size_t b_pitch, const float *start, int accumulate, float *c,
                             size_t c_pitch);

#if defined(__x86_64__) && defined(__linux__)
#define TILE_NAME(x) avx512_##x
#define TILE_TARGET __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define TILE_LANES 16
#define TILE_ROWS 12
#include "tile.h"

#define TILE_NAME(x) avx2_##x
#define TILE_TARGET __attribute__((target("arch=x86-64-v3")))
#define TILE_LANES 8
#define TILE_ROWS 6
#include "tile.h"
#endif

// Columns go in strips of at most this many floats; the least common length of all instruction sets.
enum { STRIP = 32 };

static inline size_t whole_strips(size_t count) { return (count + STRIP - 1) / STRIP * STRIP; }

#endif
