/* SPDX-License-Identifier: MIT
 * FCNT (papers.md section 9). Maps: DeepID2's own convolutions in place of VGG-16's. sel-CNN: dropout and one 3x3
 * convolution. SNet and GNet: 9x9 to 36 maps, relu, 5x5 to one. Losses are squares against a heat map. */
#include "nets/models/fcnt.h"

#include "nets/layers/layers.h"

static const struct option none[] = {{0}};

static void build_maps(struct net_builder *b, const void *options)
{
    const struct fcnt_maps_options *o = options;
    int x = net_input(b, "picture", (struct shape){1, 3, o->side, o->side});
    x = net_pool(b, "pool1", net_relu(b, net_conv(b, "conv1", x, .maps = o->maps, .kernel = 4)), .kernel = 2);
    x = net_conv(b, "conv2", x, .maps = o->low, .kernel = o->halved ? 4 : 3, .stride = o->halved ? 2 : 1);
    int low = net_add(b, &layer_relu, "low", NULL, 1, &x);
    net_keep(b, low);
    if (o->high == 0)
        return;
    x = net_conv(b, "conv3", net_pool(b, "pool2", low, .kernel = 2), .maps = o->high, .kernel = 3);
    net_keep(b, net_add(b, &layer_relu, "high", NULL, 1, &x));
}

static void square(struct net_builder *b, int heat, int size)
{
    int target = net_input(b, "target", (struct shape){1, 1, size, size});
    int mask = net_input(b, "mask", (struct shape){1, 1, size, size});
    net_keep(b, heat);
    net_square_loss(b, "loss", heat, target, mask, .weight = 1.0f / (float)(size * size));
}

static void build_select(struct net_builder *b, const void *options)
{
    const struct fcnt_select_options *o = options;
    int x = net_input(b, "maps", (struct shape){1, o->from, o->size, o->size});
    x = net_dropout(b, x, .rate = o->drop);
    square(b, net_conv(b, "heat", x, .maps = 1, .kernel = 3, .pad = 1), o->size);
}

static void build_head(struct net_builder *b, const void *options)
{
    const struct fcnt_head_options *o = options;
    int x = net_input(b, "maps", (struct shape){1, o->from, o->size, o->size});
    x = net_relu(b, net_conv(b, "first", x, .maps = o->maps, .kernel = 9, .pad = 4));
    square(b, net_conv(b, "heat", x, .maps = 1, .kernel = 5, .pad = 2), o->size);
}

#define PAPER "Wang, Ouyang, Wang, Lu: Visual Tracking with Fully Convolutional Networks, ICCV 2015"
const struct model model_fcnt_maps = {"fcnt-maps", PAPER, none, sizeof(struct fcnt_maps_options), build_maps};
const struct model model_fcnt_select = {"fcnt-select", PAPER, none, sizeof(struct fcnt_select_options), build_select};
const struct model model_fcnt_head = {"fcnt-head", PAPER, none, sizeof(struct fcnt_head_options), build_head};
