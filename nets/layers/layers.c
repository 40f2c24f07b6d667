/* SPDX-License-Identifier: MIT
 * Every kind of layer there is. */
#include "nets/layers/layers.h"

#include <stdio.h>

#include "nets/internal.h"

const struct layer_kind *const layer_kinds[] = {
    &layer_conv,         &layer_pool,      &layer_relu,          &layer_sigmoid,     &layer_tanh,    &layer_full,
    &layer_join,         &layer_add,       &layer_normalize,     &layer_unit,        &layer_dropout, &layer_upsample,
    &layer_scale,        &layer_average,   &layer_softmax_loss,  &layer_pair_loss,   &layer_logistic_loss,
    &layer_square_loss,  &layer_box_loss,  &layer_hinge_loss,    NULL,
};

int net_normalized(struct net_builder *b, bool normalize, const char *name, float scale, int from)
{
    char norm[96];
    snprintf(norm, sizeof norm, "%s.norm", name);
    return normalize ? net_add(b, &layer_normalize, norm, &(struct normalize){ .scale = scale }, 1, &from) : from;
}

int net_rectified(struct net_builder *b, bool normalize, const char *name, int from)
{
    return net_relu(b, net_normalized(b, normalize, name, 0, from));
}
