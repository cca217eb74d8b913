// PNG, JPEG, BMP and GIF, by stb (Debian's libstb-dev). stb checks neither that a JPEG or BMP is whole nor checksums.
#pragma once
#include <stddef.h>

/// Encodes `channels` x `width` x `height` bytes, row by row, as PNG. The caller frees the result with `clmat_png_free`.
/// Returns null if there is no memory.
unsigned char *clmat_png_encode(const unsigned char *pixels, int width, int height, int channels, int *length);
void clmat_png_free(unsigned char *png);
/// Decodes PNG, JPEG, BMP or the first image of a GIF to RGBA. Returns null if it is none; the caller frees with `clmat_png_free`.
unsigned char *clmat_image_decode(const unsigned char *bytes, int length, int *width, int *height);
/// The same for 16 bits in a channel.
unsigned short *clmat_image_decode_16_bit(const unsigned char *bytes, int length, int *width, int *height);
/// What the header says; 0 if it is none of these.
int clmat_image_size(const unsigned char *bytes, int length, int *width, int *height);
/// Whether it is a PNG with 16 bits in a channel.
int clmat_image_is_16_bit(const unsigned char *bytes, int length);
