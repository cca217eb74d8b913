// parts.c: the kernels of ../cl/parts.cl as loops over [begin, end) of the elements or parts.

#include "kernel.h"

enum { PARTS = 8 };

// Of reduction.c.
void reduce_sum(size_t begin, size_t end, int n, int length, const float *xs, float *ys);
void reduce_sum_of_squares(size_t begin, size_t end, int n, int length, const float *xs, float *ys);
void reduce_maximum(size_t begin, size_t end, int n, int length, const float *xs, float *ys);
void reduce_minimum(size_t begin, size_t end, int n, int length, const float *xs, float *ys);
void reduce_sum_of_sizes(size_t begin, size_t end, int n, int length, const float *xs, float *ys);
void reduce_largest_size(size_t begin, size_t end, int n, int length, const float *xs, float *ys);

// From where to where each part is written, by whole blocks.
void pack_parts(size_t begin, size_t end, int base, int start0, int start1, int start2, int start3, int start4, int start5,
                int start6, int start7, int count0, int count1, int count2, int count3, int count4, int count5, int count6,
                int count7, const int *x0, const int *x1, const int *x2, const int *x3, const int *x4, const int *x5,
                const int *x6, const int *x7, int *ys)
{
    const int starts[] = {start0, start1, start2, start3, start4, start5, start6, start7};
    const int counts[] = {count0, count1, count2, count3, count4, count5, count6, count7};
    const int *xs[] = {x0, x1, x2, x3, x4, x5, x6, x7};
    for (int p = 0; p < PARTS; p++) {
        const size_t start = starts[p], next = p + 1 < PARTS ? (size_t)starts[p + 1] : end;
        const size_t first = start > begin ? start : begin, last = clmat_minimum(next, end);
        if (first >= last) continue;
        const size_t filled = clmat_minimum(last, start + counts[p]);
        if (filled > first) memcpy(ys + base + first, xs[p] + (first - start), (filled - first) * sizeof *ys);
        const size_t rest = filled > first ? filled : first;
        memset(ys + base + rest, 0, (last - rest) * sizeof *ys);
    }
}
CLMAT_KERNEL(parts, pack_parts, CL_INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT,
             INTS, INTS, INTS, INTS, INTS, INTS, INTS, INTS, OUT_INTS)

void reduce_parts(size_t begin, size_t end, int what0, int what1, int what2, int what3, int what4, int what5, int what6,
                  int what7, int count0, int count1, int count2, int count3, int count4, int count5, int count6,
                  int count7, const int *x0, const int *x1, const int *x2, const int *x3, const int *x4, const int *x5,
                  const int *x6, const int *x7, int *ys)
{
    const int whats[] = {what0, what1, what2, what3, what4, what5, what6, what7};
    const int counts[] = {count0, count1, count2, count3, count4, count5, count6, count7};
    const int *xs[] = {x0, x1, x2, x3, x4, x5, x6, x7};
    for (size_t p = begin; p < end; p++) {
        const float *x = (const float *)xs[p];
        float *y = (float *)ys + whats[p] / 8;
        switch (whats[p] % 8) {
        case 1: reduce_sum(0, 1, counts[p], counts[p], x, y); break;
        case 2: reduce_sum_of_squares(0, 1, counts[p], counts[p], x, y); break;
        case 3: reduce_maximum(0, 1, counts[p], counts[p], x, y); break;
        case 4: reduce_minimum(0, 1, counts[p], counts[p], x, y); break;
        case 5: reduce_sum_of_sizes(0, 1, counts[p], counts[p], x, y); break;
        case 6: reduce_largest_size(0, 1, counts[p], counts[p], x, y); break;
        default: memcpy(y, x, counts[p] * sizeof *y);
        }
    }
}
CLMAT_KERNEL(parts, reduce_parts, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT,
             INTS, INTS, INTS, INTS, INTS, INTS, INTS, INTS, OUT_INTS)

CLMAT_TEXT(parts) {
#embed "../shared/reduction.h" suffix(,)
#embed "../cl/parts.cl" suffix(, 0)
};
