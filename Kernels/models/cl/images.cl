// images.cl: views of images: shifted, zoomed into, mirrored (../shared/images.h).
//
// Layout    x, y  N x C H W;  views  N x 4: shift down and across, zoom, and 1 to mirror left and right
//           Pixels beyond the image are 0. A whole shift with zoom 1 moves pixels as they are.
// Launch    1-D, one work-item per pixel of all channels.

static float image_pixel(__global const float *plane, const int height, const int width, const int y, const int x)
{
    return y >= 0 && y < height && x >= 0 && x < width ? plane[y * width + x] : 0.0f;
}

__kernel void image_views(const int images, const int channels, const int height, const int width,
                          __global const float *views, __global const float *xs, __global float *ys)
{
    const int i = get_global_id(0), area = height * width;
    if (i >= images * channels * area) return;
    const int plane = i / area, p = i - plane * area, row = p / width, column = p - row * width;
    __global const float *view = views + 4 * (plane / channels);
    const float down = clmat_view_place(row, height, view[2], view[0]);
    const float across =
        clmat_view_place(view[3] != 0.0f ? width - 1 - column : column, width, view[2], view[1]);
    const int y = clmat_view_floor(down), x = clmat_view_floor(across);
    __global const float *from = xs + plane * area;
    ys[i] = clmat_view_mix(
        image_pixel(from, height, width, y, x), image_pixel(from, height, width, y, x + 1),
        image_pixel(from, height, width, y + 1, x), image_pixel(from, height, width, y + 1, x + 1), down - (float)y,
        across - (float)x);
}
