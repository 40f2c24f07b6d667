/* SPDX-License-Identifier: MIT
 * Codes and their signals, for DeepID2 (one code) and DeepID2+ (four while it learns): papers.md sections 3 and 6. */
#include "nets/models/identity.h"

#include <stdio.h>

#include "nets/layers/layers.h"

enum { NAME = 32 };

int identity_relu(struct net_builder *b, const struct deepid2_options *o, const char *name, int from)
{
    return net_rectified(b, o->normalize, name, from);
}

int identity_trunk(struct net_builder *b, const struct deepid2_options *o)
{
    int face = net_input(b, "face", (struct shape){ 1, 3, 55, 47 });
    int x = net_conv(b, "conv1", face, .maps = o->maps, .kernel = 4);
    x = net_pool(b, "pool1", identity_relu(b, o, "conv1", x), .kernel = 2);
    x = net_conv(b, "conv2", x, .maps = 2 * o->maps, .kernel = 3);
    x = net_pool(b, "pool2", identity_relu(b, o, "conv2", x), .kernel = 2);
    x = net_conv(b, "conv3", x, .maps = 3 * o->maps, .kernel = 3, .grid = 2);
    int p = net_pool(b, "pool3", identity_relu(b, o, "conv3", x), .kernel = 2);
    x = net_conv(b, "conv4", p, .maps = 4 * o->maps, .kernel = 2, .grid = -1);
    int c = identity_relu(b, o, "conv4", x);
    return net_join(b, p, c);
}

static const char *named(char *name, const char *what, const char *at)
{
    snprintf(name, NAME, "%s%s", what, at);
    return name;
}

static struct pair_loss pair_loss_of(const struct deepid2_options *o)
{
    struct pair_loss p = { .weight = o->pair_weight, .margin = o->pair_margin };
    switch ((enum verify_signal)o->verify) {
    case VERIFY_L2_SAME:
        p.side = PAIR_SAME;
        break;
    case VERIFY_L2_DIFFERENT:
        p.side = PAIR_DIFFERENT;
        break;
    case VERIFY_L1:
        p.form = PAIR_L1;
        break;
    case VERIFY_COSINE:
        p.form = PAIR_COSINE;
        break;
    case VERIFY_L2:
    case VERIFY_NONE:
        break;
    }
    return p;
}

static void add_signals(struct net_builder *b, const struct deepid2_options *o, const char *at, int code, int who)
{
    char name[NAME];
    int seen = o->unit ? net_unit(b, code, .scale = 1) : code;
    if (o->identify) {
        int x = o->drop > 0 ? net_dropout(b, seen, .rate = o->drop) : seen;
        int people = net_full(b, named(name, "people", at), x, .units = o->people, .no_bias = o->unit,
                              .unit_rows = o->unit);
        net_softmax_loss(b, named(name, "identify", at), people, who, .weight = 1, .margin = o->unit ? o->margin : 0,
                         .scale = o->unit ? o->scale : 0);
    }
    if (o->verify != VERIFY_NONE) {
        struct pair_loss p = pair_loss_of(o);
        net_add(b, &layer_pair_loss, named(name, "verify", at), &p, 2, (int[]){ seen, who });
    }
}

void identity_code(struct net_builder *b, const struct deepid2_options *o, const char *at, int from, int who)
{
    char name[NAME];
    int x = net_full(b, named(name, "feature", at), from, .units = o->code);
    x = net_normalized(b, o->normalize, name, 0, x);
    /* without relu the code is a copy: a layer of that name that all users can find */
    int code = net_add(b, o->rectify ? &layer_relu : &layer_join, named(name, "code", at), NULL, 1, &x);
    net_keep(b, code);
    if (o->people > 0)
        add_signals(b, o, at, code, who);
}

int identity_who(struct net_builder *b, const struct deepid2_options *o)
{
    return o->people > 0 ? net_input(b, "who", (struct shape){ 1, 1, 1, 1 }) : 0;
}
