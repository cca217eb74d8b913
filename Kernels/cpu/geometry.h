// geometry.h: the window of a launch, as loops of convolution.c and pooling.c get it and hand it on.
#ifndef CLMAT_GEOMETRY_H
#define CLMAT_GEOMETRY_H

// The parameters, their kinds for CLMAT_KERNEL, and the fields of a clmat_convolution that they fill.
#define WINDOW \
    int height, int width, int kh, int kw, int stride_y, int stride_x, int top, int left, int dilation_y, \
    int dilation_x, int oh, int ow
#define WINDOW_KINDS INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT
#define WINDOW_FIELDS \
    .height = height, .width = width, .kh = kh, .kw = kw, .stride_y = stride_y, .stride_x = stride_x, .top = top, \
    .left = left, .dilation_y = dilation_y, .dilation_x = dilation_x, .oh = oh, .ow = ow

#endif
