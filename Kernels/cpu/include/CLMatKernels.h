// The CPU's kernels: the functions of ../../cl, as loops over [begin, end) of the index space.
//
// Sizes come first, inputs next, outputs last. What each computes is said in the .cl file of its family.
#ifndef CLMAT_KERNELS_H
#define CLMAT_KERNELS_H

#include <stddef.h>
#include <stdint.h>



// MARK: - Source texts of the OpenCL kernels

/// The text of Kernels/cl/<family>.cl with the shared headers that it needs in front, or null.
const char *clmat_kernel_source(const char *family);

// MARK: - elementwise

void map_negate(size_t begin, size_t end, const float *xs, float *ys);
void map_absolute(size_t begin, size_t end, const float *xs, float *ys);
void map_square(size_t begin, size_t end, const float *xs, float *ys);
void map_square_root(size_t begin, size_t end, const float *xs, float *ys);
void map_reciprocal(size_t begin, size_t end, const float *xs, float *ys);
void map_exp(size_t begin, size_t end, const float *xs, float *ys);
void map_log(size_t begin, size_t end, const float *xs, float *ys);
void map_tanh(size_t begin, size_t end, const float *xs, float *ys);
void map_logistic(size_t begin, size_t end, const float *xs, float *ys);
void map_relu(size_t begin, size_t end, const float *xs, float *ys);
void map_sign(size_t begin, size_t end, const float *xs, float *ys);

void map_affine(size_t begin, size_t end, float c, float d, const float *xs, float *ys);
void map_clamp(size_t begin, size_t end, float c, float d, const float *xs, float *ys);

#define CLMAT_COMBINATION(NAME) \
    void NAME(size_t begin, size_t end, int columns, int x_row, int x_column, int y_row, int y_column, \
              const float *xs, const float *ys, float *zs)
CLMAT_COMBINATION(combine_add);
CLMAT_COMBINATION(combine_subtract);
CLMAT_COMBINATION(combine_multiply);
CLMAT_COMBINATION(combine_divide);
CLMAT_COMBINATION(combine_maximum);
CLMAT_COMBINATION(combine_minimum);
CLMAT_COMBINATION(combine_equal);
CLMAT_COMBINATION(combine_greater);
CLMAT_COMBINATION(combine_relu_backward);
CLMAT_COMBINATION(combine_tanh_backward);
CLMAT_COMBINATION(combine_logistic_backward);

void fill_value(size_t begin, size_t end, float value, float *ys);
void axpy(size_t begin, size_t end, float a, const float *xs, float *ys);
void scale_range(size_t begin, size_t end, int offset, float c, float *ys);

// MARK: - reduction

void reduce_sum(size_t begin, size_t end, int n, int length, const float *xs, float *ys);
void reduce_sum_of_squares(size_t begin, size_t end, int n, int length, const float *xs, float *ys);
void reduce_maximum(size_t begin, size_t end, int n, int length, const float *xs, float *ys);
void reduce_minimum(size_t begin, size_t end, int n, int length, const float *xs, float *ys);
void reduce_argmax(size_t begin, size_t end, int n, int length, const float *xs, int *ys);
void reduce_argmin(size_t begin, size_t end, int n, int length, const float *xs, int *ys);
void reduce_columns_sum(size_t begin, size_t end, int rows, int columns, const float *xs, float *ys);
void reduce_columns_sum_of_squares(size_t begin, size_t end, int rows, int columns, const float *xs, float *ys);
void reduce_columns_maximum(size_t begin, size_t end, int rows, int columns, const float *xs, float *ys);
void reduce_columns_minimum(size_t begin, size_t end, int rows, int columns, const float *xs, float *ys);
void reduce_columns_argmax(size_t begin, size_t end, int rows, int columns, const float *xs, int *ys);
void reduce_columns_argmin(size_t begin, size_t end, int rows, int columns, const float *xs, int *ys);
void channel_sums(size_t begin, size_t end, int images, int channels, int area, const float *xs, float *ys);
void row_dots(size_t begin, size_t end, int columns, const float *as, const float *bs, float *ys);

// MARK: - layout

void transpose(size_t begin, size_t end, int rows, int columns, const float *xs, float *ys);
void copy_block(size_t begin, size_t end, int rows, int columns, int x_offset, int x_stride, int y_offset, int y_stride,
                const float *xs, float *ys);
void gather_rows(size_t begin, size_t end, int count, int columns, const float *xs, const int *indices, float *ys);
void gather_bytes(size_t begin, size_t end, int count, int columns, float scale, const unsigned char *xs,
                  const int *indices, float *ys);
void scatter_add_rows(size_t begin, size_t end, int count, int columns, const float *xs, const int *indices, float *ys);
void gather_integers(size_t begin, size_t end, const int *xs, const int *indices, int *ys);
void one_hot(size_t begin, size_t end, int count, int columns, const int *indices, float *ys);

// MARK: - softmax

void softmax_rows(size_t begin, size_t end, int columns, const float *xs, float *ys);
void log_softmax_rows(size_t begin, size_t end, int columns, const float *xs, float *ys);
void cross_entropy(size_t begin, size_t end, int columns, float scale, const float *xs, const int *labels,
                   float *losses, float *gradients);

// MARK: - random

typedef struct { uint32_t words[4]; } clmat_philox_block;
/// The four words of Philox4x32-10 at a counter and a key: what the kernels draw from.
clmat_philox_block clmat_philox_words(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1);

void random_uniform(size_t begin, size_t end, int n, float scale, float shift, uint32_t seed_low, uint32_t seed_high,
                    uint32_t step_low, uint32_t step_high, uint32_t stream, float *ys);
void random_normal(size_t begin, size_t end, int n, float scale, float shift, uint32_t seed_low, uint32_t seed_high,
                   uint32_t step_low, uint32_t step_high, uint32_t stream, float *ys);

// MARK: - product

/// C <- alpha op(A) op(B) + beta C, row-major, on one thread.
typedef void (*clmat_sgemm)(int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                            const float *b, int ldb, float beta, float *c, int ldc);

/// The same in tiles for AVX-512, for alpha = 1 and beta = 0 or 1. Returns 0, and does nothing, where it cannot: without
/// AVX-512, for other factors, for few columns, for k = 0, or if there is no memory for the copies of the operands' blocks.
int clmat_product(int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                  const float *b, int ldb, float beta, float *c, int ldc);

// MARK: - convolution

void im2col(size_t begin, size_t end, int images, int channels, int height, int width, int kh, int kw,
                     int stride, int padding, int oh, int ow, const float *xs, float *ys);
void col2im(size_t begin, size_t end, int images, int channels, int height, int width, int kh, int kw,
                     int stride, int padding, int oh, int ow, const float *ys, float *xs);
void images_from_channels(size_t begin, size_t end, int images, int channels, int area, const float *xs,
                          const float *biases, float *ys);
void channels_to_front(size_t begin, size_t end, int images, int channels, int area, const float *xs, float *ys);

typedef struct {
    int channels, height, width, filters, kh, kw, stride, padding, oh, ow;
} clmat_convolution;

// Whole convolutions, image by image. They return 0 if there is no memory for the patches of one image.
int convolution_forward(size_t begin, size_t end, const clmat_convolution *g, clmat_sgemm sgemm, const float *xs,
                        const float *weights, const float *biases, float *ys);
int convolution_backward_input(size_t begin, size_t end, const clmat_convolution *g, clmat_sgemm sgemm,
                               const float *gradients, const float *weights, float *xs);
int convolution_backward_weights(size_t begin, size_t end, int images, int blocks, const clmat_convolution *g,
                                 clmat_sgemm sgemm, const float *xs, const float *gradients, float *partials);

// MARK: - pooling

void max_pool_forward(size_t begin, size_t end, int height, int width, int size, int stride, int oh, int ow,
                      const float *xs, float *ys, int *where);
void max_pool_backward(size_t begin, size_t end, int height, int width, int oh, int ow, const float *gradients,
                       const int *where, float *xs);
void average_pool_forward(size_t begin, size_t end, int height, int width, int size, int stride, int oh, int ow,
                          const float *xs, float *ys);
void average_pool_backward(size_t begin, size_t end, int height, int width, int size, int stride, int oh, int ow,
                           const float *gradients, float *xs);

// MARK: - update

void sgd_momentum(size_t begin, size_t end, float rate, float momentum, const float *gs, float *ws, float *vs);
void rmsprop_momentum(size_t begin, size_t end, float rate, float momentum, float alpha, float epsilon, int form,
                      const float *gs, float *ws, float *ss, float *vs);
void running_mean(size_t begin, size_t end, float weight, const float *xs, float *ms);

// MARK: - langevin

void langevin_step(size_t begin, size_t end, int columns, float sigma, float beta, float decay_start, float mu,
                   float gamma, int normalise, float rho, float low, float high, int burn_in, int window,
                   const float *gs, const float *rs, const float *es, const float *factors, const float *held,
                   float *xs, float *vs, float *ss, float *as, float *image_ss, int *ages, float *moved,
                   float *update_squares);

// MARK: - parts

/// Arrays that one launch takes.
enum { CLMAT_PARTS = 16 };
void pack_parts(size_t begin, size_t end, int base, const int *starts, const int *counts, const int *const *xs, int *ys);
void reduce_parts(size_t begin, size_t end, const int *forms, const int *outs, const int *counts, const int *const *xs,
                  int *ys);

// MARK: - fused

void bias_relu(size_t begin, size_t end, int channels, int area, const float *bs, const float *xs, float *zs, float *ys);
void scaled_ratio(size_t begin, size_t end, float e, float d, const float *as, const float *bs, const float *cs,
                  float *ys);

// MARK: - processor

/// The name of the instruction set that the vectorised loops use here.
const char *clmat_instruction_set(void);

// MARK: - kmeans

// As in shared/kmeans.h: the compiler says if they differ.
#define CLMAT_KMEANS_STRIP 32
#define CLMAT_KMEANS_CHUNK 256

void kmeans_distances(size_t begin, size_t end, int columns, const float *xs, const float *weights,
                      const float *centroid, float *distances);
void kmeans_pack(size_t begin, size_t end, int count, int columns, const float *weights, const float *centroids,
                 const float *penalties, float *packed, float *biases);
void kmeans_assign(size_t begin, size_t end, int count, int columns, const float *xs, const float *weights,
                   const float *centroids, const float *packed, const float *biases, const float *penalties,
                   int *nearest, float *distances);
void kmeans_nearest(size_t begin, size_t end, int first, int count, int columns, const float *products,
                    const float *xs, const float *weights, const float *centroids, const float *biases,
                    const float *penalties, int *nearest, float *distances);
void kmeans_sums(size_t begin, size_t end, int chunks, int columns, const float *xs, const int *order,
                 const int *starts, const float *around, float *sums);
void kmeans_move(size_t begin, size_t end, int columns, const int *starts, const float *rates, const float *around,
                 const float *sums, float *centroids);
void kmeans_pairs(size_t begin, size_t end, int count, int columns, const float *xs, const float *weights,
                  const float *squares, float *distances);

// MARK: - topics

// As in shared/topics.h: the compiler says if they differ.
#define CLMAT_TOPICS_MOST 2048
#define CLMAT_FORM_POISSON 0
#define CLMAT_FORM_MULTINOMIAL 1

void topics_sample(size_t begin, size_t end, int topics, int form, float samples, int first, int adds, int slots, int stride,
                   uint32_t seed_low, uint32_t seed_high, uint32_t step_low, uint32_t step_high, uint32_t stream,
                   const int *bounds, const int *starts, const int *words, const int *counts,
                   const float *topic_samples, const float *alpha, const uint32_t *tables, const float *phi,
                   float *theta, int *sums, float *scores);

void topics_merge(size_t begin, size_t end, int topics, int slices, int stride, float keep, float add, const int *sums,
                  const float *scales, const float *old_scales, int *old, float *statistics);
void topics_normalise(size_t begin, size_t end, int topics, float beta, const float *statistics,
                      const float *normalisers, float *phi);
void topics_cut(size_t begin, size_t end, int topics, const float *statistics, const float *rs, float *phi);
void topics_infer(size_t begin, size_t end, int topics, int rounds, const int *starts, const int *words,
                  const int *counts, const float *alpha, const float *phi, float *theta);
void topics_score(size_t begin, size_t end, int topics, const int *starts, const int *words, const int *counts,
                  const float *phi, const float *theta, float *scores);

// MARK: - samplers

// As in shared/samplers.h: the compiler says if they differ.
#define CLMAT_POISSON_TABLES 256

void sample_gamma(size_t begin, size_t end, uint32_t seed_low, uint32_t seed_high, uint32_t step_low,
                  uint32_t step_high, uint32_t stream, const float *shapes, float *ys);
void sample_poisson(size_t begin, size_t end, uint32_t seed_low, uint32_t seed_high, uint32_t step_low,
                    uint32_t step_high, uint32_t stream, const float *means, const uint32_t *tables, int *ys);
void sample_binomial(size_t begin, size_t end, uint32_t seed_low, uint32_t seed_high, uint32_t step_low,
                     uint32_t step_high, uint32_t stream, const int *trials, const float *chances, int *ys);

#endif
