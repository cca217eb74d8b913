// tile.h: a register tile of a matrix product, for one instruction set. Included once for each, with
//
//     TILE_NAME(x)   the functions' names
//     TILE_TARGET    the attribute that selects the instruction set
//     TILE_LANES     floats in a vector
//     TILE_ROWS      rows of a tile at most: TILE_ROWS x 2 vectors of sums fit the registers
//
// C[i, j] = start[i] (or C[i, j]) + sum over k of A(i, k) B(k, j) for all rows i < rows and a strip of two vectors of
// columns j. A is addressed by two strides; rows of B and C have pitches, and are long enough for whole strips.

typedef float TILE_NAME(vector) __attribute__((vector_size(TILE_LANES * 4), aligned(4)));

enum { TILE_NAME(strip) = 2 * TILE_LANES };

// One tile of ROWS rows. `accumulate`: on top of what C holds; else starts from start[i], or from 0 if start is null.
static inline __attribute__((always_inline)) TILE_TARGET
void TILE_NAME(tile)(const int ROWS, size_t depth, const float *a, size_t a_row, size_t a_depth, const float *b,
                     size_t b_pitch, const float *start, int accumulate, float *c, size_t c_pitch)
{
    typedef TILE_NAME(vector) vector;
    vector sums[TILE_ROWS][2];
    for (int i = 0; i < ROWS; i++) {
        if (accumulate) {
            sums[i][0] = *(const vector *)(c + i * c_pitch);
            sums[i][1] = *(const vector *)(c + i * c_pitch + TILE_LANES);
        } else {
            sums[i][0] = sums[i][1] = (vector){0} + (start ? start[i] : 0.0f);
        }
    }
    for (size_t k = 0; k < depth; k++) {
        const vector b0 = *(const vector *)b, b1 = *(const vector *)(b + TILE_LANES);
        for (int i = 0; i < ROWS; i++) {
            const float x = a[i * a_row];
            sums[i][0] += x * b0;
            sums[i][1] += x * b1;
        }
        a += a_depth;
        b += b_pitch;
    }
    for (int i = 0; i < ROWS; i++) {
        *(vector *)(c + i * c_pitch) = sums[i][0];
        *(vector *)(c + i * c_pitch + TILE_LANES) = sums[i][1];
    }
}

TILE_TARGET
static void TILE_NAME(product)(size_t rows, size_t columns, size_t depth, const float *a, size_t a_row, size_t a_depth,
                               const float *b, size_t b_pitch, const float *start, int accumulate, float *c,
                               size_t c_pitch)
{
    // Rows in tiles of nearly equal height: 50 are 5 x 10, not 4 x 12 and 2.
    const size_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    for (size_t j = 0; j < columns; j += TILE_NAME(strip)) {
        for (size_t t = 0; t < tiles; t++) {
            const size_t first = t * rows / tiles, last = (t + 1) * rows / tiles;
            const float *own_a = a + first * a_row, *own_start = start ? start + first : NULL;
            float *own_c = c + first * c_pitch + j;
#define TILE_CASE(ROWS) \
            case ROWS: \
                TILE_NAME(tile)(ROWS, depth, own_a, a_row, a_depth, b + j, b_pitch, own_start, accumulate, own_c, \
                                c_pitch); \
                break;
            switch (last - first) {
                TILE_CASE(1) TILE_CASE(2) TILE_CASE(3) TILE_CASE(4) TILE_CASE(5) TILE_CASE(6)
#if TILE_ROWS > 6
                TILE_CASE(7) TILE_CASE(8) TILE_CASE(9) TILE_CASE(10) TILE_CASE(11) TILE_CASE(12)
#endif
            }
#undef TILE_CASE
        }
    }
}

// The same for one tile whose terms are gathered: of each of `outer` steps the terms i < count at a_at[i] and b_at[i], and from one step to
// the next A is a_step and B b_step farther.
static inline __attribute__((always_inline)) TILE_TARGET
void TILE_NAME(gathered_tile)(const int ROWS, size_t outer, size_t count, const int *a_at, const int *b_at, const float *a,
                              size_t a_row, size_t a_step, const float *b, size_t b_step, const float *start,
                              int accumulate, float *c, size_t c_pitch)
{
    typedef TILE_NAME(vector) vector;
    vector sums[TILE_ROWS][2];
    for (int i = 0; i < ROWS; i++) {
        if (accumulate) {
            sums[i][0] = *(const vector *)(c + i * c_pitch);
            sums[i][1] = *(const vector *)(c + i * c_pitch + TILE_LANES);
        } else {
            sums[i][0] = sums[i][1] = (vector){0} + (start ? start[i] : 0.0f);
        }
    }
    for (size_t k = 0; k < outer; k++, a += a_step, b += b_step)
        for (size_t t = 0; t < count; t++) {
            const float *own_a = a + a_at[t], *own_b = b + b_at[t];
            const vector b0 = *(const vector *)own_b, b1 = *(const vector *)(own_b + TILE_LANES);
            for (int i = 0; i < ROWS; i++) {
                const float x = own_a[i * a_row];
                sums[i][0] += x * b0;
                sums[i][1] += x * b1;
            }
        }
    for (int i = 0; i < ROWS; i++) {
        *(vector *)(c + i * c_pitch) = sums[i][0];
        *(vector *)(c + i * c_pitch + TILE_LANES) = sums[i][1];
    }
}

TILE_TARGET
static void TILE_NAME(gathered)(size_t rows, size_t outer, size_t count, const int *a_at, const int *b_at, const float *a,
                                size_t a_row, size_t a_step, const float *b, size_t b_step, const float *start,
                                int accumulate, float *c, size_t c_pitch)
{
#define TILE_CASE(ROWS) \
    case ROWS: \
        TILE_NAME(gathered_tile)(ROWS, outer, count, a_at, b_at, a, a_row, a_step, b, b_step, start, accumulate, c, \
                                 c_pitch); \
        break;
    switch (rows) {
        TILE_CASE(1) TILE_CASE(2) TILE_CASE(3) TILE_CASE(4) TILE_CASE(5) TILE_CASE(6)
#if TILE_ROWS > 6
        TILE_CASE(7) TILE_CASE(8) TILE_CASE(9) TILE_CASE(10) TILE_CASE(11) TILE_CASE(12)
#endif
    }
#undef TILE_CASE
}

#undef TILE_NAME
#undef TILE_TARGET
#undef TILE_LANES
#undef TILE_ROWS
