/* SPDX-License-Identifier: MIT
 * nets/solver.c's momentum step, with weights, gradients, momentum and average on an accelerator. */
#ifndef FACETRAIL_NETS_GPU_STEP_H
#define FACETRAIL_NETS_GPU_STEP_H

#include "nets/gpu/device.h"
#include "nets/internal.h"

struct gpu_step {
    float *weights, *gradients, *velocity, *shadow; /* shadow NULL: no average */
    float *norm; /* three floats: sum of squares, length of the gradient, what it is multiplied by */
};
/* Gradients are zero afterwards. */
void gpu_step(struct device *d, const struct net *n, const struct gpu_step *s, const struct solver_options *o);

#endif
