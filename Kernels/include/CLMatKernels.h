// What Swift calls of the C in this folder. The kernels themselves are found by name: see clmat/registry.h.
#ifndef CLMAT_KERNELS_H
#define CLMAT_KERNELS_H

#include <stddef.h>
#include <stdint.h>
#include "clmat/registry.h"

// MARK: - random

typedef struct { uint32_t words[4]; } clmat_philox_block;
/// The four words of Philox4x32-10 at a counter and a key: what the kernels draw from.
clmat_philox_block clmat_philox_words(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1);

// MARK: - product

/// C <- alpha op(A) op(B) + beta C, row-major, on one thread.
typedef void (*clmat_sgemm)(int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                            const float *b, int ldb, float beta, float *c, int ldc);

/// The same in tiles for AVX-512, for alpha = 1 and beta = 0 or 1. Returns 0, and does nothing, where it cannot: without
/// AVX-512, for other factors, for few columns, for k = 0, or if there is no memory for the copies of the operands' blocks.
int clmat_product(int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                  const float *b, int ldb, float beta, float *c, int ldc);

// MARK: - convolution

/// The geometry of one group of a convolution; the groups of an image, its weights and its output lie one after another.
typedef struct {
    int groups, channels, filters;
    int height, width, kh, kw, stride_y, stride_x, top, left, dilation_y, dilation_x, oh, ow;
    int is_one_pixel;           ///< 1 x 1 weights that meet each pixel once: the image is the matrix of its patches
} clmat_convolution;

// Whole convolutions, image by image. They return 0 if there is no memory for the patches of one image. Biases may be null.
int convolution_forward(size_t begin, size_t end, const clmat_convolution *g, clmat_sgemm sgemm, const float *xs,
                        const float *weights, const float *biases, float *ys);
int convolution_backward_input(size_t begin, size_t end, const clmat_convolution *g, clmat_sgemm sgemm,
                               const float *gradients, const float *weights, float *xs);
int convolution_backward_weights(size_t begin, size_t end, int images, int blocks, const clmat_convolution *g,
                                 clmat_sgemm sgemm, const float *xs, const float *gradients, float *partials);

/// Whether images are better taken side by side, by the functions below, which return 0 if there is no memory for what they copy. A
/// convolution's items are shared by threads; each writes results of its own.
int convolution_has_lanes(int images, const clmat_convolution *g, int is_to_weights);
size_t convolution_lane_items(int images, const clmat_convolution *g, int is_backward);
int convolution_forward_lanes(size_t begin, size_t end, int images, const clmat_convolution *g, const float *xs,
                              const float *weights, const float *biases, float *ys);
int convolution_backward_input_lanes(size_t begin, size_t end, int images, const clmat_convolution *g,
                                     const float *gradients, const float *weights, float *xs);
/// Weights' gradient, from images with their channels last: so many floats, each image turned by itself.
size_t convolution_turned_count(int images, const clmat_convolution *g);
void convolution_turn(size_t begin, size_t end, int images, const clmat_convolution *g, const float *xs, float *turned);
size_t convolution_weight_items(const clmat_convolution *g);
int convolution_backward_weights_lanes(size_t begin, size_t end, int images, const clmat_convolution *g,
                                       const float *turned, const float *gradients, float *weights);

// MARK: - loss

/// Columns of the words of a tile, as they lie in the embedding.
typedef struct {
    size_t start;               ///< where the first word's first element lies
    int column, columns;        ///< the first column, and how many
    int pitch;                  ///< elements from one word to the next
} clmat_loss_piece;

/// Words one after another that have the same columns.
typedef struct {
    int first, words;
    int piece, pieces;          ///< which pieces are theirs
    int kept;                   ///< the number among tiles whose terms are kept between the sweeps; -1: they are computed again
    size_t place;               ///< words that are kept of the tiles before
} clmat_loss_tile;

/// Loss and gradient of a softmax of the logits top E^T + biases, in two sweeps (cpu/loss.c).
typedef struct {
    int rows, units, block_rows, tile_count;
    size_t next_block, next_tile; ///< what is begun next, of each sweep
    const clmat_loss_tile *tiles;
    const clmat_loss_piece *pieces;
    float scale;                ///< of the gradient
    int accumulates;            ///< whether the gradients of embedding and biases are added to what is there
    size_t top_pitch;
    const float *top, *embedding, *biases;
    const int *labels;
    float *losses, *top_gradient, *embedding_gradient, *bias_gradient;  ///< the gradients are null where the loss alone is asked for
    // Between the sweeps, of rows filled up to whole blocks of 32:
    float *transposed, *strips; ///< the rows packed: units for each of them, and units filled up to 32
    float *maxima, *shares;     ///< of each row: its largest logit, and scale / sum of exp(x - maximum)
    float *kept, *kept_maxima;  ///< terms that are kept, and by tile the maxima that they were counted from
} clmat_loss;

/// Words of a tile at most: whole register tiles.
#define CLMAT_LOSS_WORDS 96

// The sweeps: threads call them at once, each with scratch of its own, so many floats, and they return when no block of rows, no tile of
// words is left to begin.
void clmat_loss_rows(clmat_loss *loss, float *scratch);
void clmat_loss_words(clmat_loss *loss, float *scratch);
size_t clmat_loss_scratch(const clmat_loss *loss);
/// Whether there are products in tiles for this processor, which both need.
int clmat_has_tiles(void);

// MARK: - processor

/// The name of the instruction set that the vectorised loops use here.
const char *clmat_instruction_set(void);

// MARK: - segments

// As in shared/segments.h: the compiler says if they differ.
#define CLMAT_SEGMENT_BLOCK 64
#define CLMAT_SEGMENT_CHUNK 256
#define CLMAT_SEGMENT_STRIP 8

// MARK: - channels

// As in shared/channels.h: the compiler says if they differ.
#define CLMAT_CHANNEL_PART 4096

// MARK: - samplers

// As in clmat/samplers.h: the compiler says if they differ.
#define CLMAT_POISSON_TABLES 256

#endif
