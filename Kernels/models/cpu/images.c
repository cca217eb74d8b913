// images.c: the kernel of ../cl/images.cl as a loop over the images [begin, end).

#include <clmat/kernel.h>
#include "../shared/images.h"

static float image_pixel(const float *plane, int height, int width, int y, int x)
{
    return y >= 0 && y < height && x >= 0 && x < width ? plane[y * width + x] : 0.0f;
}

// A row of a view whose pixels are moved as they are.
static void moved_row(int width, int first, int mirrored, const float *from, float *y)
{
    for (int column = 0; column < width; column++) {
        const int x = first + (mirrored ? width - 1 - column : column);
        y[column] = x >= 0 && x < width ? from[x] : 0.0f;
    }
}

void image_views(size_t begin, size_t end, int channels, int height, int width, const float *views, const float *xs,
                 float *ys)
{
    const size_t area = (size_t)height * width;
    for (size_t n = begin; n < end; n++) {
        const float *view = views + 4 * n;
        const int mirrored = view[3] != 0.0f, top = clmat_view_floor(view[0]), left = clmat_view_floor(view[1]);
        const int moves = view[2] == 1.0f && (float)top == view[0] && (float)left == view[1];
        for (int c = 0; c < channels; c++) {
            const float *from = xs + (n * channels + c) * area;
            float *y = ys + (n * channels + c) * area;
            for (int row = 0; row < height; row++, y += width) {
                if (moves) {
                    if (row + top < 0 || row + top >= height) memset(y, 0, width * sizeof *y);
                    else moved_row(width, left, mirrored, from + (size_t)(row + top) * width, y);
                    continue;
                }
                const float down = clmat_view_place(row, height, view[2], view[0]);
                const int above = clmat_view_floor(down);
                for (int column = 0; column < width; column++) {
                    const float across =
                        clmat_view_place(mirrored ? width - 1 - column : column, width, view[2], view[1]);
                    const int before = clmat_view_floor(across);
                    y[column] = clmat_view_mix(
                        image_pixel(from, height, width, above, before),
                        image_pixel(from, height, width, above, before + 1),
                        image_pixel(from, height, width, above + 1, before),
                        image_pixel(from, height, width, above + 1, before + 1), down - (float)above,
                        across - (float)before);
                }
            }
        }
    }
}
CLMAT_KERNEL(images, image_views, CL_INT, INT, INT, INT, FLOATS, FLOATS, OUT_FLOATS)

CLMAT_TEXT(images) {
#embed "../shared/images.h" suffix(,)
#embed "../cl/images.cl" suffix(, 0)
};
