// product.c: matrix products in register tiles, with the operands copied block by block into the caches.
//
// Source: K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.

#include <clmat/product.h>
#include "kernel.h"
#include <stdlib.h>

#if defined(__x86_64__) && defined(__linux__)
// Inner loops begin on a cache line: where the linker puts them else costs up to 5 %, by chance.
#define TILE_NAME(x) avx512_##x
#define TILE_TARGET __attribute__((target("arch=x86-64-v4"), min_vector_width(512), aligned(64)))
#define TILE_LANES 16
#define TILE_ROWS 12
#include "tile.h"

#define TILE_NAME(x) avx2_##x
#define TILE_TARGET __attribute__((target("arch=x86-64-v3"), aligned(64)))
#define TILE_LANES 8
#define TILE_ROWS 6
#include "tile.h"

tile_product clmat_tiles(void)
{
    if (__builtin_cpu_supports("x86-64-v4")) return avx512_product;
    if (__builtin_cpu_supports("x86-64-v3")) return avx2_product;
    return NULL;
}

clmat_gathered_tiles clmat_gathering(void)
{
    if (__builtin_cpu_supports("x86-64-v4")) return (clmat_gathered_tiles){avx512_gathered, 12, avx512_strip};
    if (__builtin_cpu_supports("x86-64-v3")) return (clmat_gathered_tiles){avx2_gathered, 6, avx2_strip};
    return (clmat_gathered_tiles){0};
}

// MARK: - Whole products, for AVX-512: OpenBLAS has kernels for it only where it knows the processor

// A strip of B, DEPTH x STRIP, lies in the first-level cache; ROWS x DEPTH of A and DEPTH x COLUMNS of B in the others.
enum { DEPTH = 256, ROWS = 240, COLUMNS = 1024, PITCH = DEPTH + 16 };  // a pitch that is no power of two

// Whether B's strips are as well read where they lie as from a copy: where few rows would use the copy, and where lines of a strip are
// not so far apart, or by such distances, that they drive each other out of the caches.
static int is_read_in_place(int transposed, size_t rows, size_t pitch)
{
    return !transposed && (rows <= 64 || (pitch < 4096 && pitch % 256 != 0));
}

// Lane l of stage h of a transposition by halves: of two rows h apart, what stays and what changes places.
#define LOW(l, h) ((l) & (h) ? (l) - (h) + 16 : (l))
#define HIGH(l, h) ((l) & (h) ? (l) + 16 : (l) + (h))
#define LANES(F, h) F(0, h), F(1, h), F(2, h), F(3, h), F(4, h), F(5, h), F(6, h), F(7, h), F(8, h), F(9, h), \
                    F(10, h), F(11, h), F(12, h), F(13, h), F(14, h), F(15, h)
#define STAGE(h) \
    for (int i = 0; i < 16; i++) \
        if (!(i & h)) { \
            const avx512_vector a = rows[i], b = rows[i + h]; \
            rows[i] = __builtin_shufflevector(a, b, LANES(LOW, h)); \
            rows[i + h] = __builtin_shufflevector(a, b, LANES(HIGH, h)); \
        }

// y[j, i] = x[i, j] for 16 x 16
static inline __attribute__((always_inline, target("arch=x86-64-v4"), min_vector_width(512)))
void transpose_16(const float *x, size_t x_pitch, float *y, size_t y_pitch)
{
    avx512_vector rows[16];
    for (int i = 0; i < 16; i++) rows[i] = *(const avx512_vector *)(x + i * x_pitch);
    STAGE(8) STAGE(4) STAGE(2) STAGE(1)
    for (int i = 0; i < 16; i++) *(avx512_vector *)(y + i * y_pitch) = rows[i];
}

// Columns [0, count) of B, depth x count, as strips of depth x STRIP, the last one filled up with zeros.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
static void pack_strips(int transposed, size_t depth, size_t count, const float *b, size_t pitch, float *packed)
{
    for (size_t j = 0; j < count; j += STRIP, packed += depth * STRIP) {
        const size_t width = clmat_minimum(STRIP, count - j);
        if (!transposed) {
            for (size_t k = 0; k < depth; k++) {
                const float *row = b + k * pitch + j;
                if (width == STRIP) {
                    for (int l = 0; l < STRIP; l++) packed[k * STRIP + l] = row[l];
                } else {
                    for (size_t l = 0; l < STRIP; l++) packed[k * STRIP + l] = l < width ? row[l] : 0.0f;
                }
            }
            continue;
        }
        const float *rows = b + j * pitch;
        size_t whole = 0;                               // what goes in squares of 16 x 16
        for (size_t l = 0; l < STRIP; l += 16) {
            if (l + 16 > width) {
                for (size_t k = 0; k < depth; k++)
                    for (size_t i = l; i < l + 16; i++) packed[k * STRIP + i] = i < width ? rows[i * pitch + k] : 0.0f;
                continue;
            }
            for (whole = 0; whole + 16 <= depth; whole += 16)
                transpose_16(rows + l * pitch + whole, pitch, packed + whole * STRIP + l, STRIP);
            for (size_t k = whole; k < depth; k++)
                for (size_t i = l; i < l + 16; i++) packed[k * STRIP + i] = rows[i * pitch + k];
        }
    }
}

int clmat_product(int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                  const float *b, int ldb, float beta, float *c, int ldc)
{
    if (!__builtin_cpu_supports("x86-64-v4")) return 0;
    if (n <= STRIP / 2) return 0;                       // most of a strip would be filling
    if (k < 1 || alpha != 1.0f || (beta != 0.0f && beta != 1.0f)) return 0;
    const size_t rows = m, columns = n, terms = k;
    const size_t width = whole_strips(clmat_minimum(columns, COLUMNS)), depth = clmat_minimum(terms, DEPTH);
    const size_t height = clmat_minimum(rows, ROWS);
    float *packed = aligned_alloc(64, (depth * width + height * PITCH + height * STRIP) * sizeof *packed);
    if (!packed) return 0;
    float *block = packed + depth * width, *edge = block + height * PITCH;

    for (size_t j = 0; j < columns; j += COLUMNS) {
        const size_t across = clmat_minimum(COLUMNS, columns - j);
        for (size_t p = 0; p < terms; p += DEPTH) {
            const size_t deep = clmat_minimum(DEPTH, terms - p);
            const int accumulate = p > 0 || beta == 1.0f;
            const float *own_b = transpose_b ? b + j * ldb + p : b + p * ldb + j;
            // What is left of a strip is copied in any case, and filled up.
            const size_t lying = is_read_in_place(transpose_b, rows, ldb) ? across / STRIP * STRIP : 0;
            pack_strips(transpose_b, deep, across - lying, own_b + lying, ldb, packed + lying * deep);
            for (size_t i = 0; i < rows; i += ROWS) {
                const size_t high = clmat_minimum(ROWS, rows - i);
                // A's block as it lies: rows of `deep` terms, or transposed terms of `high` rows.
                const size_t lines = transpose_a ? deep : high, length = transpose_a ? high : deep;
                const float *from = transpose_a ? a + p * lda + i : a + i * lda + p;
                const size_t pitch = transpose_a ? high : PITCH;
                for (size_t l = 0; l < lines; l++) memcpy(block + l * pitch, from + l * lda, length * sizeof *block);
                for (size_t s = 0; s < across; s += STRIP) {
                    const size_t wide = clmat_minimum(STRIP, across - s);
                    float *target = c + i * ldc + j + s;
                    avx512_product(high, STRIP, deep, block, transpose_a ? 1 : pitch, transpose_a ? pitch : 1,
                                   s < lying ? own_b + s : packed + s * deep, s < lying ? (size_t)ldb : STRIP, NULL,
                                   wide == STRIP && accumulate, wide == STRIP ? target : edge,
                                   wide == STRIP ? (size_t)ldc : STRIP);
                    if (wide == STRIP) continue;
                    for (size_t r = 0; r < high; r++)
                        for (size_t l = 0; l < wide; l++)
                            target[r * ldc + l] = edge[r * STRIP + l] + (accumulate ? target[r * ldc + l] : 0.0f);
                }
            }
        }
    }
    free(packed);
    return 1;
}

#else

tile_product clmat_tiles(void) { return NULL; }
clmat_gathered_tiles clmat_gathering(void) { return (clmat_gathered_tiles){0}; }

int clmat_product(int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                  const float *b, int ldb, float beta, float *c, int ldc)
{
    return 0;
}

#endif
