// product.h: matrix products of the CPU's own, in register tiles (../../cpu/tile.h): where BLAS is not the better one.
#ifndef CLMAT_PRODUCT_H
#define CLMAT_PRODUCT_H

#include <clmat/kernel.h>

// C[i, j] = start[i] (or C[i, j]) + sum over k of A(i, k) B(k, j)
typedef void (*tile_product)(size_t rows, size_t columns, size_t depth, const float *a, size_t a_row, size_t a_depth,
                             const float *b, size_t b_pitch, const float *start, int accumulate, float *c,
                             size_t c_pitch);

// Columns go in strips of at most this many floats; the least common length of all instruction sets.
enum { STRIP = 32 };

static inline size_t whole_strips(size_t count) { return (count + STRIP - 1) / STRIP * STRIP; }

// The tiles of this processor, or null on one without AVX2.
tile_product clmat_tiles(void);

// One tile of C, rows x columns, whose terms are gathered: of each of `outer` steps the terms i < count, A(r, .) at a_at[i] + r a_row and
// a row of B at b_at[i]; from one step to the next A lies a_step and B b_step farther.
typedef void (*tile_gather)(size_t rows, size_t outer, size_t count, const int *a_at, const int *b_at, const float *a,
                            size_t a_row, size_t a_step, const float *b, size_t b_step, const float *start,
                            int accumulate, float *c, size_t c_pitch);

typedef struct {
    tile_gather gather;         // null on a processor without AVX2
    size_t rows, columns;       // at most so many rows, exactly so many columns
} clmat_gathered_tiles;

clmat_gathered_tiles clmat_gathering(void);

#endif
