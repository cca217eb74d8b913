// pooling.h: what means over windows are divided by; C99 that is also OpenCL C. window.h comes before it.
#ifndef CLMAT_POOLING_H
#define CLMAT_POOLING_H

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
