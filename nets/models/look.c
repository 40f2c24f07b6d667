/* SPDX-License-Identifier: MIT
 * The trunk of the nets that look at one crop: level 1 of the cascade of Sun, Wang and Tang (39x39 there, 48x48 here). */
#include "nets/models/look.h"

#include <stdio.h>

#include "nets/layers/layers.h"

static int step(struct net_builder *b, bool normalize, const char *name, int from)
{
    char norm[32];
    snprintf(norm, sizeof norm, "%s.norm", name);
    return net_relu(b, normalize ? net_normalize(b, norm, from) : from);
}

/* A convolution is added to what went in and begins as nearly nothing, so that a trained net can grow by it without
 * forgetting. */
static int deeper(struct net_builder *b, struct look_trunk o, const char *name, int maps, int x)
{
    char part[32];
    char norm[48];
    for (int i = 1; i <= o.deeper; i++) {
        snprintf(part, sizeof part, "%s.more%d", name, i);
        snprintf(norm, sizeof norm, "%s.norm", part);
        int y = net_conv(b, part, x, .maps = maps, .kernel = 3, .pad = 1);
        if (o.normalize) {
            y = net_add(b, &layer_normalize, norm, &(struct normalize){ .scale = 0.001f }, 1, (int[]){ y });
        }
        x = net_relu(b, net_sum(b, x, y));
    }
    return x;
}

int look_trunk(struct net_builder *b, struct look_trunk o, int from)
{
    int x = net_conv(b, "conv1", from, .maps = o.maps, .kernel = 5, .stride = 2);
    x = step(b, o.normalize, "conv1", x);                                   /* 22x22 */
    x = net_conv(b, "conv2", x, .maps = 2 * o.maps, .kernel = 3);
    x = net_pool(b, "pool2", step(b, o.normalize, "conv2", x), .kernel = 2); /* 10x10 */
    x = deeper(b, o, "conv2", 2 * o.maps, x);
    x = net_conv(b, "conv3", x, .maps = 4 * o.maps, .kernel = 3);
    x = deeper(b, o, "conv3", 4 * o.maps, step(b, o.normalize, "conv3", x)); /* 8x8 */
    x = net_pool(b, "pool3", x, .kernel = 2);                               /* 4x4 */
    x = net_conv(b, "conv4", x, .maps = 4 * o.maps, .kernel = 2, .grid = -1);
    x = step(b, o.normalize, "conv4", x);                                   /* 3x3 */
    return step(b, o.normalize, "full", net_full(b, "full", x, .units = o.units));
}
