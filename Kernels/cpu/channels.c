// channels.c: the kernels of ../cl/channels.cl as loops over [begin, end) of the planes, the parts or the channels.

#include "kernel.h"
#include "../shared/channels.h"

// Images whose numbers are fetched ahead.
enum { LANES = 32, AHEAD = 8 };

// ys[k] = FORMULA for all numbers k of the planes [begin, end); what comes last declares what belongs to channel c. Images of one pixel are
// rows of channels, which one loop takes side by side.
#define EACH_PLANE(FORMULA, ...) \
    if (area == 1) { \
        for (size_t i = begin; i < end;) { \
            const size_t first = i % channels, run = clmat_minimum(end - i, channels - first); \
            for (size_t j = 0; j < run; j++) { \
                const size_t c = first + j, k = i + j; \
                __VA_ARGS__; \
                ys[k] = FORMULA; \
            } \
            i += run; \
        } \
    } else { \
        for (size_t plane = begin; plane < end; plane++) { \
            const size_t c = plane % channels; \
            __VA_ARGS__; \
            for (size_t k = plane * area; k < (plane + 1) * area; k++) ys[k] = FORMULA; \
        } \
    }

CLMAT_VECTORISED
void channel_affine(size_t begin, size_t end, int channels, int area, const float *xs, const float *scales,
                    const float *shifts, float *restrict ys)
{
    EACH_PLANE(a * xs[k] + b, const float a = scales[c], b = shifts[c])
}
CLMAT_KERNEL(channels, channel_affine, CL_INT, INT, INT, FLOATS, FLOATS, FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
void prelu_forward(size_t begin, size_t end, int channels, int area, const float *xs, const float *slopes,
                   float *restrict ys)
{
    EACH_PLANE(clmat_prelu(xs[k], slope), const float slope = slopes[c])
}
CLMAT_KERNEL(channels, prelu_forward, CL_INT, INT, INT, FLOATS, FLOATS, OUT_FLOATS)

// One part of a channel: its numbers from the first on, and how many.
typedef struct { size_t channel, first, count; } part;

static inline part part_of(size_t i, int images, int channels, int area, int length)
{
    const size_t first = i / channels * length;
    return (part){i % channels, first, clmat_minimum(length, (size_t)images * area - first)};
}

// Where a part's numbers lie: runs of neighbours, one per image, of which the first and the last may be shorter than the area.
typedef struct { size_t place, run, left, area, pitch; } walk;

static inline walk walk_of(part own, int channels, int area)
{
    const size_t n = own.first / area, p = own.first - n * area, pitch = (size_t)channels * area;
    return (walk){n * pitch + own.channel * area + p, clmat_minimum(area - p, own.count), own.count, area, pitch};
}

static inline void step(walk *w)
{
    // From the end of a run to the next image's plane, whose first number it is from then on.
    w->left -= w->run;
    w->place += w->run + w->pitch - w->area;
    w->run = clmat_minimum(w->area, w->left);
}

// A part's numbers side by side: where they lie, or in the buffer.
static inline const float *gathered(part own, int channels, int area, const float *xs, float *buffer)
{
    walk w = walk_of(own, channels, area);
    if (w.run == own.count) return xs + w.place;
    if (area == 1) {
        for (size_t i = 0; i < own.count; i++) buffer[i] = xs[w.place + i * channels];
        return buffer;
    }
    for (float *y = buffer; w.left > 0; step(&w)) {
        const float *x = xs + w.place;
        // Runs lie so far apart that the processor does not foresee the next ones.
        if (w.left > AHEAD * w.area)
            for (size_t j = 0; j < w.area; j += 16) __builtin_prefetch(x + AHEAD * w.pitch + j);
        memcpy(y, x, w.run * sizeof *x);
        y += w.run;
    }
    return buffer;
}

// Puts a part's numbers where they belong.
static inline void scatter(part own, int channels, int area, const float *x, float *ys)
{
    walk w = walk_of(own, channels, area);
    if (area == 1) for (size_t i = 0; i < own.count; i++) ys[w.place + i * channels] = x[i];
    else for (; w.left > 0; step(&w)) {
        memcpy(ys + w.place, x, w.run * sizeof *x);
        x += w.run;
    }
}

// The sums of TERM_A and of TERM_B over i < count, in lanes.
#define SUMS(A, TERM_A, B, TERM_B, COUNT) \
    { \
        float as[LANES] = {0}, bs[LANES] = {0}; \
        size_t start = 0; \
        for (; start + LANES <= COUNT; start += LANES) \
            for (int l = 0; l < LANES; l++) { const size_t i = start + l; as[l] += TERM_A; bs[l] += TERM_B; } \
        for (int l = 0; start + l < COUNT; l++) { const size_t i = start + l; as[l] += TERM_A; bs[l] += TERM_B; } \
        for (int half_count = LANES / 2; half_count > 0; half_count /= 2) \
            for (int l = 0; l < half_count; l++) { as[l] += as[l + half_count]; bs[l] += bs[l + half_count]; } \
        A = as[0]; \
        B = bs[0]; \
    }

CLMAT_VECTORISED
void prelu_backward(size_t begin, size_t end, int images, int channels, int area, int length, const float *gs,
                    const float *xs, const float *slopes, float *restrict dxs, float *partials)
{
    float g_buffer[CLMAT_CHANNEL_PART], x_buffer[CLMAT_CHANNEL_PART], dx[CLMAT_CHANNEL_PART];
    for (size_t item = begin; item < end; item++) {
        const part own = part_of(item, images, channels, area, length);
        const float *g = gathered(own, channels, area, gs, g_buffer), *x = gathered(own, channels, area, xs, x_buffer);
        const float slope = slopes[own.channel];
        float sum = 0.0f, unused;
        SUMS(sum, clmat_prelu_slope(g[i], x[i]), unused, 0.0f, own.count)
        (void)unused;
        partials[item] = sum;
        for (size_t i = 0; i < own.count; i++) dx[i] = clmat_prelu_backward(g[i], x[i], slope);
        scatter(own, channels, area, dx, dxs);
    }
}
CLMAT_KERNEL(channels, prelu_backward, INT, INT, INT, INT, FLOATS, FLOATS, FLOATS, OUT_FLOATS, OUT_FLOATS)

// MARK: - Batch normalisation

CLMAT_VECTORISED
void channel_moments_parts(size_t begin, size_t end, int images, int channels, int area, int length, const float *xs,
                           float *partials)
{
    float buffer[CLMAT_CHANNEL_PART];
    for (size_t item = begin; item < end; item++) {
        const part own = part_of(item, images, channels, area, length);
        const float *x = gathered(own, channels, area, xs, buffer);
        float sum, squares;
        SUMS(sum, x[i], squares, 0.0f, own.count)
        const float mean = sum / (float)own.count;
        SUMS(sum, x[i] - mean, squares, (x[i] - mean) * (x[i] - mean), own.count)
        const float exact = squares - sum * (sum / (float)own.count);
        partials[3 * item] = mean;
        partials[3 * item + 1] = sum;
        partials[3 * item + 2] = exact < 0.0f ? 0.0f : exact;
    }
}
CLMAT_KERNEL(channels, channel_moments_parts, INT, INT, INT, INT, FLOATS, OUT_FLOATS)

void batch_norm_statistics(size_t begin, size_t end, int channels, int parts, int length, int count, float epsilon,
                           const float *partials, float *saved, float *batch)
{
    for (size_t c = begin; c < end; c++) {
        clmat_moments m = {0};
        for (int p = 0; p < parts; p++) {
            const float *x = partials + 3 * ((size_t)p * channels + c);
            const size_t own = clmat_minimum(length, (size_t)count - (size_t)p * length);
            m = clmat_joined(m, (clmat_moments){(float)own, x[0], x[1], x[2]});
        }
        const clmat_pair mean = clmat_mean(m);
        saved[c] = batch[c] = mean.high;
        saved[channels + c] = mean.low;
        saved[2 * (size_t)channels + c] = clmat_inverse_deviation(m.squares / (float)count, epsilon);
        batch[channels + c] = m.squares / (float)(count - 1);
    }
}
CLMAT_KERNEL(channels, batch_norm_statistics, INT, INT, INT, INT, FLOAT, FLOATS, OUT_FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
void batch_norm_forward(size_t begin, size_t end, int channels, int area, const float *xs, const float *saved,
                        const float *scales, const float *shifts, float *restrict ys)
{
    const float *lows = saved + channels, *inverses = lows + channels;
    EACH_PLANE(a * ((xs[k] - high) - low) + b,
               const float high = saved[c], low = lows[c], a = scales[c] * inverses[c], b = shifts[c])
}
CLMAT_KERNEL(channels, batch_norm_forward, CL_INT, INT, INT, FLOATS, FLOATS, FLOATS, FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
void batch_norm_sums_parts(size_t begin, size_t end, int images, int channels, int area, int length, const float *gs,
                           const float *xs, const float *saved, float *partials)
{
    float g_buffer[CLMAT_CHANNEL_PART], x_buffer[CLMAT_CHANNEL_PART];
    for (size_t item = begin; item < end; item++) {
        const part own = part_of(item, images, channels, area, length);
        const float *g = gathered(own, channels, area, gs, g_buffer), *x = gathered(own, channels, area, xs, x_buffer);
        const float high = saved[own.channel], low = saved[channels + own.channel];
        float sum, products;
        SUMS(sum, g[i], products, g[i] * ((x[i] - high) - low), own.count)
        partials[2 * item] = sum;
        partials[2 * item + 1] = products * saved[2 * (size_t)channels + own.channel];
    }
}
CLMAT_KERNEL(channels, batch_norm_sums_parts, INT, INT, INT, INT, FLOATS, FLOATS, FLOATS, OUT_FLOATS)

void batch_norm_gradients(size_t begin, size_t end, int channels, int parts, int count, const float *partials,
                          const float *saved, const float *scales, float *dscales, float *dshifts, float *factors)
{
    for (size_t c = begin; c < end; c++) {
        float a = 0.0f, b = 0.0f;
        for (int p = 0; p < parts; p++) {
            const float *own = partials + 2 * ((size_t)p * channels + c);
            a += own[0];
            b += own[1];
        }
        const float r = saved[2 * (size_t)channels + c], u = scales[c] * r;
        dshifts[c] = a;
        dscales[c] = b;
        factors[c] = u;
        factors[channels + c] = -u * r * (b / (float)count);
        factors[2 * (size_t)channels + c] = -u * (a / (float)count);
    }
}
CLMAT_KERNEL(channels, batch_norm_gradients, INT, INT, INT, FLOATS, FLOATS, FLOATS, OUT_FLOATS, OUT_FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
void batch_norm_backward(size_t begin, size_t end, int channels, int area, const float *gs, const float *xs,
                         const float *saved, const float *factors, float *restrict ys)
{
    const float *lows = saved + channels, *vs = factors + channels, *ws = vs + channels;
    EACH_PLANE(u * gs[k] + (v * ((xs[k] - high) - low) + w),
               const float high = saved[c], low = lows[c], u = factors[c], v = vs[c], w = ws[c])
}
CLMAT_KERNEL(channels, batch_norm_backward, CL_INT, INT, INT, FLOATS, FLOATS, FLOATS, FLOATS, OUT_FLOATS)

void batch_norm_folded(size_t begin, size_t end, int channels, float epsilon, const float *statistics,
                       const float *scales, const float *shifts, float *as, float *bs, float *saved)
{
    for (size_t c = begin; c < end; c++) {
        const float mean = statistics[c], r = clmat_inverse_deviation(statistics[channels + c], epsilon);
        const float a = scales[c] * r;
        as[c] = a;
        bs[c] = shifts[c] - mean * a;
        saved[c] = mean;
        saved[channels + c] = 0.0f;
        saved[2 * (size_t)channels + c] = r;
    }
}
CLMAT_KERNEL(channels, batch_norm_folded, INT, FLOAT, FLOATS, FLOATS, FLOATS, OUT_FLOATS, OUT_FLOATS, OUT_FLOATS)

CLMAT_TEXT(channels) {
#embed "../shared/channels.h" suffix(,)
#embed "../cl/channels.cl" suffix(, 0)
};
