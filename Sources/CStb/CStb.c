#include "CStb.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
// What is read; a byte or two of chance make a file one of the others.
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#include <stb/stb_image.h>
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>
#pragma clang diagnostic pop

unsigned char *clmat_png_encode(const unsigned char *pixels, int width, int height, int channels, int *length)
{
    return stbi_write_png_to_mem(pixels, width * channels, width, height, channels, length);
}

void clmat_png_free(unsigned char *png) { free(png); }

int clmat_image_size(const unsigned char *bytes, int length, int *width, int *height)
{
    int channels;
    return stbi_info_from_memory(bytes, length, width, height, &channels);
}

unsigned char *clmat_image_decode(const unsigned char *bytes, int length, int *width, int *height)
{
    int channels;
    return stbi_load_from_memory(bytes, length, width, height, &channels, 4);
}

int clmat_image_is_16_bit(const unsigned char *bytes, int length) { return stbi_is_16_bit_from_memory(bytes, length); }

unsigned short *clmat_image_decode_16_bit(const unsigned char *bytes, int length, int *width, int *height)
{
    int channels;
    return stbi_load_16_from_memory(bytes, length, width, height, &channels, 4);
}
