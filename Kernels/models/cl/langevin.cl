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

#ifndef GROUP
#define GROUP 64
#endif

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void langevin_step(const int columns, const float sigma, const float beta, const float decay_start, const float mu,
                   const float gamma, const int normalise, const float rho, const float low, const float high,
                   const int burn_in, const int window, __global const float *gs, __global const float *rs,
                   __global const float *es, __global const float *factors, __global const float *held,
                   __global float *xs, __global float *vs, __global float *ss, __global float *as,
                   __global float *image_ss, __global int *ages, __global float *moved,
                   __global float *update_squares)
{
    __local float moves[GROUP], updates[GROUP];
    const int chain = get_group_id(0), lane = get_local_id(0), age = ages[chain] + 1;
    const float beta_t = clmat_step_size(beta, decay_start, mu, age);
    const float weight = clmat_average_weight(age, burn_in, window);
    const float deviation = sigma * factors[chain];

    float squares = 0.0f;
    for (int i = chain * columns + lane; i < (chain + 1) * columns; i += GROUP) squares += gs[i] * gs[i];
    moves[lane] = squares;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) moves[lane] += moves[lane + half_count];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const float image_s = rho * image_ss[chain] + (1.0f - rho) * (moves[0] / (float)columns);
    const float square = clmat_image_square(image_s, held[chain], normalise);
    // Global memory too: every lane has read the chain's age and mean square before lane 0 writes them below.
    barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);

    float move = 0.0f, update = 0.0f;
    for (int i = chain * columns + lane; i < (chain + 1) * columns; i += GROUP) {
        const float g = gs[i], s = clmat_mean_square(ss[i], g, rho);
        const float u = clmat_normalised(g, s, square, normalise) + rs[i] + deviation * es[i];
        const float v = gamma * vs[i] + beta_t * u;
        const float x = clmat_clip(xs[i] + v, low, high);
        move += fabs(x - xs[i]);
        update += u * u;
        as[i] = clmat_running_mean(as[i], x, weight);
        ss[i] = s;
        vs[i] = v;
        xs[i] = x;
    }
    moves[lane] = move;
    updates[lane] = update;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) {
            moves[lane] += moves[lane + half_count];
            updates[lane] += updates[lane + half_count];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (lane == 0) {
        moved[chain] = moves[0];
        update_squares[chain] = updates[0];
        image_ss[chain] = image_s;
        ages[chain] = age;
    }
}
