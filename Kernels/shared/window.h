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

// What the sum of a window at (y, x) is divided by: its elements within the image, or with `counts_padding` also those within the padding,
// which goes on for `bottom` and `right` pixels. What a window has beyond that never counts.
static inline float window_divisor(int y, int x, int height, int width, int kh, int kw, int dilation_y, int dilation_x,
                                   int bottom, int right, int counts_padding)
{
    if (counts_padding)
        return (float)(elements_before(height + bottom, y, dilation_y, kh)
                       * elements_before(width + right, x, dilation_x, kw));
    return (float)((elements_before(height, y, dilation_y, kh) - elements_before(0, y, dilation_y, kh))
                   * (elements_before(width, x, dilation_x, kw) - elements_before(0, x, dilation_x, kw)));
}

#endif
