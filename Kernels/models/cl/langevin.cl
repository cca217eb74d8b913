// langevin.cl: one step of Langevin dynamics activation maximisation, for all chains at once (../shared/langevin.h).
//
//     n = g                                                 normalise 0     g: gradient of the activation
//     S <- rho S + (1 - rho) mean g^2,  n = g / sqrt(S + 1e-8)        1     S: one number per chain
//     s <- rho s + (1 - rho) g^2,       n = g / sqrt(s + 1e-8)        2     s: one number per pixel
//     n = g / sqrt(H + 1e-8); as 1 while H is 0                       3     H: one number per chain, held
//     u = n + r + sigma f e                                                 r: sum of lambda_i n(grad R_i)
//                                                                           f: one factor per chain
//     v <- gamma v + beta_t u,          x <- clip(x + v)                    e: N(0, 1)
//     a <- a + (x - a) weight(t)                                            a: moving average of x
//
// Launch    one work-group of GROUP work-items per chain.
// Layout    g, r, e, x, v, s, a  chains x columns floats;  S  one float per chain
//           f, H  one float per chain
//           age  one int per chain, the steps that it has made
//           moved, update_squares  one float per chain: sum |x_new - x_old| and sum u^2
// Host      checks shapes.

#include <clmat/group.h>

// One pixel: x, v, s and a change; returns |x_new - x_old| and u^2.
static float2 langevin_pixel(const int i, const float beta_t, const float weight, const float deviation,
                             const float square, const float gamma, const int normalise, const float rho,
                             const float low, const float high, __global const float *gs, __global const float *rs,
                             __global const float *es, __global float *xs, __global float *vs, __global float *ss,
                             __global float *as)
{
    const float g = gs[i], s = clmat_mean_square(ss[i], g, rho);
    const float u = clmat_normalised(g, s, square, normalise) + rs[i] + deviation * es[i];
    const float v = gamma * vs[i] + beta_t * u;
    const float x = clmat_clip(xs[i] + v, low, high);
    const float move = fabs(x - xs[i]);
    as[i] = clmat_running_mean(as[i], x, weight);
    ss[i] = s;
    vs[i] = v;
    xs[i] = x;
    return (float2)(move, u * u);
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void langevin_step(const int columns, const float sigma, const float beta, const float decay_start, const float mu,
                   const float gamma, const int normalise, const float rho, const float low, const float high,
                   const int burn_in, const int window, __global const float *gs, __global const float *rs,
                   __global const float *es, __global const float *factors, __global const float *held,
                   __global float *xs, __global float *vs, __global float *ss, __global float *as,
                   __global float *image_ss, __global int *ages, __global float *moved,
                   __global float *update_squares)
{
    __local float partials[GROUP];
    const int chain = get_group_id(0), lane = get_local_id(0), age = ages[chain] + 1;
    const float beta_t = clmat_step_size(beta, decay_start, mu, age);
    const float weight = clmat_average_weight(age, burn_in, window);
    const float deviation = sigma * factors[chain];

    float squares = 0.0f;
    for (int i = chain * columns + lane; i < (chain + 1) * columns; i += GROUP) squares += gs[i] * gs[i];
    squares = group_sum(squares, partials);
    const float image_s = rho * image_ss[chain] + (1.0f - rho) * (squares / (float)columns);
    const float square = clmat_image_square(image_s, held[chain], normalise);
    // Global memory too: every lane has read the chain's age and mean square before lane 0 writes them below.
    barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);

    float2 sums = (float2)(0.0f, 0.0f);
    for (int i = chain * columns + lane; i < (chain + 1) * columns; i += GROUP)
        sums += langevin_pixel(i, beta_t, weight, deviation, square, gamma, normalise, rho, low, high, gs, rs, es, xs, vs,
                               ss, as);
    const float move = group_sum(sums.x, partials), update = group_sum(sums.y, partials);
    if (lane == 0) {
        moved[chain] = move;
        update_squares[chain] = update;
        image_ss[chain] = image_s;
        ages[chain] = age;
    }
}

// MARK: - The same with several work-groups for a chain, each with a part of `length` pixels
//
// What a chain has once is read by all of its parts, and so written elsewhere: next_image_ss and next_ages.
// squares   sum g^2 of square_parts parts of each chain (reduce_sum_of_squares_parts); with square_parts 0 each group sums up all
//           of its chain's, which is little of small images
// moved, update_squares  one float per chain and part
// Launch    one work-group per chain and part, the parts of a chain side by side.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void langevin_parts(const int columns, const int parts, const int length, const int square_parts, const float sigma,
                    const float beta, const float decay_start, const float mu, const float gamma, const int normalise,
                    const float rho, const float low, const float high, const int burn_in, const int window,
                    __global const float *gs, __global const float *rs, __global const float *es,
                    __global const float *factors, __global const float *held, __global const float *squares,
                    __global const float *image_ss, __global const int *ages, __global float *xs, __global float *vs,
                    __global float *ss, __global float *as, __global float *next_image_ss, __global int *next_ages,
                    __global float *moved, __global float *update_squares)
{
    __local float partials[GROUP];
    const int chain = get_group_id(0) / parts, start = get_group_id(0) % parts * length, lane = get_local_id(0);
    const int age = ages[chain] + 1;
    const float beta_t = clmat_step_size(beta, decay_start, mu, age);
    const float weight = clmat_average_weight(age, burn_in, window);
    float sum = 0.0f;
    if (square_parts > 0) {
        for (int p = lane; p < square_parts; p += GROUP) sum += squares[chain * square_parts + p];
    } else {
        for (int i = chain * columns + lane; i < (chain + 1) * columns; i += GROUP) sum += gs[i] * gs[i];
    }
    sum = group_sum(sum, partials);
    const float image_s = rho * image_ss[chain] + (1.0f - rho) * (sum / (float)columns);
    const float square = clmat_image_square(image_s, held[chain], normalise);
    const int end = chain * columns + start + min(length, columns - start);
    float2 sums = (float2)(0.0f, 0.0f);
    for (int i = chain * columns + start + lane; i < end; i += GROUP)
        sums += langevin_pixel(i, beta_t, weight, sigma * factors[chain], square, gamma, normalise, rho, low, high, gs, rs,
                               es, xs, vs, ss, as);
    const float move = group_sum(sums.x, partials), update = group_sum(sums.y, partials);
    if (lane == 0) {
        moved[get_group_id(0)] = move;
        update_squares[get_group_id(0)] = update;
        if (start == 0) {
            next_image_ss[chain] = image_s;
            next_ages[chain] = age;
        }
    }
}
