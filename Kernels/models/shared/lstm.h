// lstm.h: one step of one unit of an LSTM layer, forward and backward, each formula once.
//
//     i, f, o = logistic(z_i, z_f, z_o),   g = tanh(z_g)        input, forget and output gate, and the candidate
//     c = f c' + i g,   h = o tanh(c)                           c': the cell of the step before
//
// Source    S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9, 1997; F. Gers, J. Schmidhuber,
//           F. Cummins, "Learning to forget", 2000; in the form of W. Zaremba, I. Sutskever, O. Vinyals, "Recurrent neural
//           network regularization", arXiv:1409.2329, 2014, section 3.
#ifndef CLMAT_LSTM_H
#define CLMAT_LSTM_H

#include <clmat/elementary.h>

static inline float clmat_gate(float z) { return 1.0f / (1.0f + clmat_exp(-z)); }

static inline float clmat_cell(float i, float f, float g, float before) { return f * before + i * g; }

// What comes to the cell: from the loss by h, dh, and from the step after by c, dc.
static inline float clmat_cell_gradient(float o, float t, float dh, float dc) { return dc + dh * o * (1.0f - t * t); }

// Gradients of what the gates are formed from, where y is the gate and dy its gradient.
static inline float clmat_gate_gradient(float y, float dy) { return dy * y * (1.0f - y); }
static inline float clmat_candidate_gradient(float y, float dy) { return dy * (1.0f - y * y); }

#endif
