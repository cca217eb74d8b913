// parts.c: the kernels of ../cl/parts.cl as loops over [begin, end) of the elements or parts.

#include "kernel.h"

// From where to where each part is written, by whole blocks.
void pack_parts(size_t begin, size_t end, int base, const int *starts, const int *counts, const int *const *xs, int *ys)
{
    for (int p = 0; p < CLMAT_PARTS; p++) {
        const size_t start = starts[p], next = p + 1 < CLMAT_PARTS ? (size_t)starts[p + 1] : end;
        const size_t first = start > begin ? start : begin, last = clmat_minimum(next, end);
        if (first >= last) continue;
        const size_t filled = clmat_minimum(last, start + counts[p]);
        if (filled > first) memcpy(ys + base + first, xs[p] + (first - start), (filled - first) * sizeof *ys);
        const size_t rest = filled > first ? filled : first;
        memset(ys + base + rest, 0, (last - rest) * sizeof *ys);
    }
}

void reduce_parts(size_t begin, size_t end, const int *forms, const int *outs, const int *counts, const int *const *xs,
                  int *ys)
{
    for (size_t p = begin; p < end; p++) {
        const float *x = (const float *)xs[p];
        float *y = (float *)ys + outs[p];
        switch (forms[p]) {
        case 1: reduce_sum(0, 1, counts[p], counts[p], x, y); break;
        case 2: reduce_sum_of_squares(0, 1, counts[p], counts[p], x, y); break;
        case 3: reduce_maximum(0, 1, counts[p], counts[p], x, y); break;
        case 4: reduce_minimum(0, 1, counts[p], counts[p], x, y); break;
        default: memcpy(y, x, counts[p] * sizeof *y);
        }
    }
}
