// PNG and JPEG, by stb (Debian's libstb-dev).
#pragma once
#include <stddef.h>

/// Encodes `channels` x `width` x `height` bytes, row by row, as PNG. The caller frees the result with `clmat_png_free`.
/// Returns null if there is no memory.
unsigned char *clmat_png_encode(const unsigned char *pixels, int width, int height, int channels, int *length);
void clmat_png_free(unsigned char *png);
/// The size that the header of an image names. Returns 0 if it is no image of a kind that is known.
int clmat_image_size(const unsigned char *bytes, int length, int *width, int *height);
/// Decodes PNG or JPEG bytes to RGBA. Returns null if they are neither; the caller frees with `clmat_png_free`.
unsigned char *clmat_image_decode(const unsigned char *bytes, int length, int *width, int *height);
