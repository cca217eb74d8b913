// images.h: the formula of ../cl/images.cl, for both forms.
#ifndef CLMAT_IMAGES_H
#define CLMAT_IMAGES_H

#include <clmat/common.h>

// Where in the image a pixel of its view comes from, along one axis: `centre` + `shift`, stretched by `zoom` around the centre.
static inline float clmat_view_place(int pixel, int size, float zoom, float shift)
{
    const float centre = 0.5f * (float)(size - 1);
    return ((float)pixel - centre) * zoom + centre + shift;
}

// The largest whole number that is not above x.
static inline int clmat_view_floor(float x)
{
    const int i = (int)x;
    return x < (float)i ? i - 1 : i;
}

// Between four neighbours, of which those beyond the image are 0.
static inline float clmat_view_mix(float upper_left, float upper_right, float lower_left, float lower_right, float down,
                                   float across)
{
    const float upper = upper_left + (upper_right - upper_left) * across;
    const float lower = lower_left + (lower_right - lower_left) * across;
    return upper + (lower - upper) * down;
}

#endif
