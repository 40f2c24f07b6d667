/* SPDX-License-Identifier: MIT
 * DeepID2 (papers.md section 3): shared, locally shared and unshared convolutions; 160 numbers from pool3 and conv4;
 * learnt by identification and verification together. Where we deviate, each by an option: batch normalisation
 * (folded away in the finished net), and codes and class weights of length 1 before the softmax. */
#include "nets/models/models.h"

#include <stddef.h>
#include <stdio.h>

#include "nets/layers/layers.h"

static const struct option deepid2_option_table[] = {
    { "maps", OPTION_INT, offsetof(struct deepid2_options, maps), "20", 1, 256, NULL,
      "maps of the first layer; the others have 2, 3 and 4 times as many" },
    { "code", OPTION_INT, offsetof(struct deepid2_options, code), "160", 1, 512, NULL, "features of a face" },
    { "people", OPTION_INT, offsetof(struct deepid2_options, people), "0", 0, 1000000, NULL,
      "persons to tell apart while learning; set by the training task; 0: a net for running only" },
    { "normalize", OPTION_BOOL, offsetof(struct deepid2_options, normalize), "no", 0, 0, NULL,
      "batch normalisation; no in folded nets" },
    { "rectify", OPTION_BOOL, offsetof(struct deepid2_options, rectify), "yes", 0, 0, NULL,
      "features below zero are zero, as in the paper" },
    { "unit", OPTION_BOOL, offsetof(struct deepid2_options, unit), "no", 0, 0, NULL,
      "softmax and verification see codes of length 1" },
    { "margin", OPTION_FLOAT, offsetof(struct deepid2_options, margin), "0", 0, 1, NULL,
      "with unit: margin of the cosine softmax" },
    { "scale", OPTION_FLOAT, offsetof(struct deepid2_options, scale), "24", 1, 128, NULL,
      "with unit: factor of the cosine softmax" },
    { "pair_weight", OPTION_FLOAT, offsetof(struct deepid2_options, pair_weight), "0.05", 0, 100, NULL,
      "weight of the verification signal" },
    { "pair_margin", OPTION_FLOAT, offsetof(struct deepid2_options, pair_margin), "1", 0, 1000, NULL,
      "first margin of the verification signal; the task resets it" },
    { "drop", OPTION_FLOAT, offsetof(struct deepid2_options, drop), "0", 0, 0.9, NULL,
      "part of the features that the softmax does not see" },
    { 0 },
};

static int normalize(struct net_builder *b, const struct deepid2_options *o, const char *name, int from)
{
    char norm[32];
    snprintf(norm, sizeof norm, "%s.norm", name);
    return o->normalize ? net_normalize(b, norm, from) : from;
}

static void signals(struct net_builder *b, const struct deepid2_options *o, int code, int who)
{
    int seen = o->unit ? net_unit(b, code, .scale = 1) : code;
    int x = o->drop > 0 ? net_dropout(b, seen, .rate = o->drop) : seen;
    int people = net_full(b, "people", x, .units = o->people, .no_bias = o->unit, .unit_rows = o->unit);
    net_softmax_loss(b, "identify", people, who, .weight = 1, .margin = o->unit ? o->margin : 0,
                     .scale = o->unit ? o->scale : 0);
    net_pair_loss(b, "verify", seen, who, .weight = o->pair_weight, .margin = o->pair_margin);
}

static void build_deepid2(struct net_builder *b, const void *options)
{
    const struct deepid2_options *o = options;
    int face = net_input(b, "face", (struct shape){ 1, 3, 55, 47 });
    int x = net_conv(b, "conv1", face, .maps = o->maps, .kernel = 4);
    x = net_pool(b, "pool1", net_relu(b, normalize(b, o, "conv1", x)), .kernel = 2);
    x = net_conv(b, "conv2", x, .maps = 2 * o->maps, .kernel = 3);
    x = net_pool(b, "pool2", net_relu(b, normalize(b, o, "conv2", x)), .kernel = 2);
    x = net_conv(b, "conv3", x, .maps = 3 * o->maps, .kernel = 3, .grid = 2);
    int p = net_pool(b, "pool3", net_relu(b, normalize(b, o, "conv3", x)), .kernel = 2);
    x = net_conv(b, "conv4", p, .maps = 4 * o->maps, .kernel = 2, .grid = -1);
    int c = net_relu(b, normalize(b, o, "conv4", x));

    int code = normalize(b, o, "feature", net_full(b, "feature", net_join(b, p, c), .units = o->code));
    /* without relu the code is a copy: a layer of that name that all users can find */
    code = o->rectify ? net_add(b, &layer_relu, "code", NULL, 1, &code)
                      : net_add(b, &layer_join, "code", NULL, 1, &code);
    net_keep(b, code);
    if (o->people > 0)
        signals(b, o, code, net_input(b, "who", (struct shape){ 1, 1, 1, 1 }));
}

const struct model model_deepid2 = {
    .name = "deepid2",
    .paper = "Sun, Chen, Wang, Tang: Deep Learning Face Representation by Joint Identification-Verification, NIPS 2014",
    .options = deepid2_option_table,
    .options_size = sizeof(struct deepid2_options),
    .build = build_deepid2,
};
