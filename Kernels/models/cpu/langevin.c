// langevin.c: the kernel of ../cl/langevin.cl as a loop over the chains [begin, end).

#include <clmat/kernel.h>
#include "../shared/langevin.h"

enum { LANES = 16 };

CLMAT_VECTORISED
void langevin_step(size_t begin, size_t end, int columns, float sigma, float beta, float decay_start, float mu,
                   float gamma, int normalise, float rho, float low, float high, int burn_in, int window,
                   const float *gs, const float *rs, const float *es, const float *factors, const float *held,
                   float *xs, float *vs, float *ss, float *as, float *image_ss, int *ages, float *moved,
                   float *update_squares)
{
    for (size_t chain = begin; chain < end; chain++) {
        const int age = ages[chain] + 1;
        const float beta_t = clmat_step_size(beta, decay_start, mu, age);
        const float weight = clmat_average_weight(age, burn_in, window);
        const float deviation = sigma * factors[chain];
        const size_t start = chain * columns;
        float moves[LANES] = {0}, updates[LANES] = {0}, squares[LANES] = {0};
        for (int c = 0; c < columns; c += LANES) {
            const int count = columns - c < LANES ? columns - c : LANES;
            for (int l = 0; l < count; l++) squares[l] += gs[start + c + l] * gs[start + c + l];
        }
        float sum = 0.0f;
        for (int l = 0; l < LANES; l++) sum += squares[l];
        const float image_s = rho * image_ss[chain] + (1.0f - rho) * (sum / (float)columns);
        const float square = clmat_image_square(image_s, held[chain], normalise);
        for (int c = 0; c < columns; c += LANES) {
            const int count = columns - c < LANES ? columns - c : LANES;
            for (int l = 0; l < count; l++) {
                const size_t i = start + c + l;
                const float g = gs[i], s = clmat_mean_square(ss[i], g, rho);
                const float u = clmat_normalised(g, s, square, normalise) + rs[i] + deviation * es[i];
                const float v = gamma * vs[i] + beta_t * u;
                const float x = clmat_clip(xs[i] + v, low, high);
                const float move = x - xs[i];
                moves[l] += move < 0.0f ? -move : move;
                updates[l] += u * u;
                as[i] = clmat_running_mean(as[i], x, weight);
                ss[i] = s;
                vs[i] = v;
                xs[i] = x;
            }
        }
        float move = 0.0f, update = 0.0f;
        for (int l = 0; l < LANES; l++) { move += moves[l]; update += updates[l]; }
        moved[chain] = move;
        update_squares[chain] = update;
        image_ss[chain] = image_s;
        ages[chain] = age;
    }
}
CLMAT_KERNEL(langevin, langevin_step, INT, FLOAT, FLOAT, FLOAT, FLOAT, FLOAT, INT, FLOAT, FLOAT, FLOAT, INT, INT,
             FLOATS, FLOATS, FLOATS, FLOATS, FLOATS, INOUT_FLOATS, INOUT_FLOATS, INOUT_FLOATS, INOUT_FLOATS,
             INOUT_FLOATS, INOUT_INTS, OUT_FLOATS, OUT_FLOATS)

// MARK: - In parts: item i is part i % parts of chain i / parts

void langevin_parts(size_t begin, size_t end, int columns, int parts, int length, int square_parts, float sigma, float beta,
                    float decay_start, float mu, float gamma, int normalise, float rho, float low, float high, int burn_in,
                    int window, const float *gs, const float *rs, const float *es, const float *factors, const float *held,
                    const float *squares, const float *image_ss, const int *ages, float *xs, float *vs, float *ss,
                    float *as, float *next_image_ss, int *next_ages, float *moved, float *update_squares)
{
    for (size_t item = begin; item < end; item++) {
        const size_t chain = item / parts, first = item % parts * length, last = clmat_minimum(columns, first + length);
        const int age = ages[chain] + 1;
        const float beta_t = clmat_step_size(beta, decay_start, mu, age);
        const float weight = clmat_average_weight(age, burn_in, window);
        float sum = 0.0f;
        for (int p = 0; p < square_parts; p++) sum += squares[chain * square_parts + p];
        if (square_parts == 0)
            for (size_t i = chain * columns; i < (chain + 1) * columns; i++) sum += gs[i] * gs[i];
        const float image_s = rho * image_ss[chain] + (1.0f - rho) * (sum / (float)columns);
        const float square = clmat_image_square(image_s, held[chain], normalise);
        float move = 0.0f, update = 0.0f;
        for (size_t i = chain * columns + first; i < chain * columns + last; i++) {
            const float g = gs[i], s = clmat_mean_square(ss[i], g, rho);
            const float u = clmat_normalised(g, s, square, normalise) + rs[i] + sigma * factors[chain] * es[i];
            const float v = gamma * vs[i] + beta_t * u;
            const float x = clmat_clip(xs[i] + v, low, high);
            move += fabsf(x - xs[i]);
            update += u * u;
            as[i] = clmat_running_mean(as[i], x, weight);
            ss[i] = s;
            vs[i] = v;
            xs[i] = x;
        }
        moved[item] = move;
        update_squares[item] = update;
        if (first == 0) {
            next_image_ss[chain] = image_s;
            next_ages[chain] = age;
        }
    }
}
CLMAT_KERNEL(langevin, langevin_parts, INT, INT, INT, INT, FLOAT, FLOAT, FLOAT, FLOAT, FLOAT, INT, FLOAT, FLOAT, FLOAT, INT,
             INT, FLOATS, FLOATS, FLOATS, FLOATS, FLOATS, FLOATS, FLOATS, INTS, INOUT_FLOATS, INOUT_FLOATS, INOUT_FLOATS,
             INOUT_FLOATS, OUT_FLOATS, OUT_INTS, OUT_FLOATS, OUT_FLOATS)

CLMAT_TEXT(langevin) {
#embed "../shared/langevin.h" suffix(,)
#embed "../cl/langevin.cl" suffix(, 0)
};
