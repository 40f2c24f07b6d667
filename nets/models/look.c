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

int look_trunk(struct net_builder *b, struct look_trunk o, int from)
{
    int x = net_conv(b, "conv1", from, .maps = o.maps, .kernel = 5, .stride = 2);
    x = step(b, o.normalize, "conv1", x);                                   /* 22x22 */
    x = net_conv(b, "conv2", x, .maps = 2 * o.maps, .kernel = 3);
    x = net_pool(b, "pool2", step(b, o.normalize, "conv2", x), .kernel = 2); /* 10x10 */
    x = net_conv(b, "conv3", x, .maps = 4 * o.maps, .kernel = 3);
    x = net_pool(b, "pool3", step(b, o.normalize, "conv3", x), .kernel = 2); /* 4x4 */
    x = net_conv(b, "conv4", x, .maps = 4 * o.maps, .kernel = 2, .grid = -1);
    x = step(b, o.normalize, "conv4", x);                                   /* 3x3 */
    return step(b, o.normalize, "full", net_full(b, "full", x, .units = o.units));
}
