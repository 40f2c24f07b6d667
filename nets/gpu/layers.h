/* SPDX-License-Identifier: MIT
 * The layers' twins on an accelerator: the same numbers from the same struct pass, whose tensors lie there. Losses are
 * taken to have the gradient 1, as nets/run.c gives them. */
#ifndef FACETRAIL_NETS_GPU_LAYERS_H
#define FACETRAIL_NETS_GPU_LAYERS_H

#include "nets/gpu/device.h"
#include "nets/internal.h"

struct gpu_layer {
    bool sets;                                                              /* backward honours pass.in_new */
    size_t (*scratch)(const void *options, struct shape in, struct shape out); /* floats; NULL: none */
    void (*forward)(struct device *d, const void *options, const struct pass *pass);
    void (*backward)(struct device *d, const void *options, const struct pass *pass);
};
/* NULL: that kind has no twin. */
const struct gpu_layer *gpu_layer_find(const struct layer_kind *kind);

extern const struct gpu_layer gpu_conv, gpu_depthwise, gpu_pool, gpu_relu, gpu_join, gpu_add, gpu_upsample, gpu_average,
    gpu_normalize, gpu_scale, gpu_full, gpu_unit, gpu_softmax_loss, gpu_pair_loss, gpu_logistic_loss, gpu_square_loss,
    gpu_box_loss;

#endif
