// window.h: which elements of a sliding window meet an image; C99 that is also OpenCL C.
#ifndef CLMAT_WINDOW_H
#define CLMAT_WINDOW_H

// How many of `count` elements, the first at `start` and each `dilation` after the one before, come before `limit`. Those that meet a row of
// pixels are the ones from elements_before(0, ...) to elements_before(width, ...). Most windows lie inside, and divide nothing.
static inline int elements_before(int limit, int start, int dilation, int count)
{
    if (start + (count - 1) * dilation < limit) return count;
    return start < limit ? (limit - start - 1) / dilation + 1 : 0;
}

#endif
