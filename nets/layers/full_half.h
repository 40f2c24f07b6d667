/* SPDX-License-Identifier: MIT
 * The three products of a full layer with factors rounded to bfloat16, for learning; sums are floats. Row-major throughout:
 * in [n, d], w [units, d], out and grad [n, units]. */
#ifndef FACETRAIL_NETS_LAYERS_FULL_HALF_H
#define FACETRAIL_NETS_LAYERS_FULL_HALF_H

#include "nets/internal.h"

struct full_half {
    const struct kernels *kernels;
    int n, units, d;
    float *scratch; /* full_half_scratch floats */
};

size_t full_half_scratch(int n, int units);
/* out = in w' */
void full_half_forward(const struct full_half *f, float *out, const float *in, const float *w);
/* in_grad = grad w, or += */
void full_half_inputs(const struct full_half *f, float *in_grad, const float *grad, const float *w, bool add);
/* w_grad += grad' in */
void full_half_weights(const struct full_half *f, float *w_grad, const float *grad, const float *in);

#endif
