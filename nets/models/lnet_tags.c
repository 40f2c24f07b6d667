/* SPDX-License-Identifier: MIT
 * LNet as published (papers.md section 8): AlexNet's five convolutions over a whole picture, learnt from what is said of
 * the picture, never where. What the last maps answer on average is where faces are. The units on top are for learning
 * only: a finished net ends at the maps. Where we deviate: fewer maps (an option), batch normalisation, and the strongest
 * place of each map, not every place, for the units on top (an option). */
#include "nets/models/models.h"

#include <stddef.h>

#include "base/face.h"
#include "nets/layers/layers.h"

static const struct option lnet_tags_option_table[] = {
    { "maps", OPTION_INT, offsetof(struct lnet_tags_options, maps), "24", 3, 96, NULL,
      "maps of the first layer, a multiple of 3 (published: 96); the others have 8/3, 4, 4 and 8/3 times as many" },
    { "units", OPTION_INT, offsetof(struct lnet_tags_options, units), "128", 1, 4096, NULL, "units of the layer above the maps" },
    { "strongest", OPTION_BOOL, offsetof(struct lnet_tags_options, strongest), "yes", 0, 0, NULL,
      "the strongest place of each map speaks for the picture; no: all places, as in AlexNet" },
    { "people", OPTION_INT, offsetof(struct lnet_tags_options, people), "0", 0, 1000000, NULL,
      "0: attributes are learnt; else: persons, so many" },
    { "learns", OPTION_BOOL, offsetof(struct lnet_tags_options, learns), "yes", 0, 0, NULL,
      "the layers for learning are there; no in a finished net" },
    { "normalize", OPTION_BOOL, offsetof(struct lnet_tags_options, normalize), "yes", 0, 0, NULL,
      "batch normalisation; no in folded nets" },
    { 0 },
};

static int step(struct net_builder *b, const struct lnet_tags_options *o, const char *name, int from, struct conv conv)
{
    const int x = net_add(b, &layer_conv, name, &conv, 1, &from);
    return net_rectified(b, o->normalize, name, x);
}

static void build_lnet_tags(struct net_builder *b, const void *options)
{
    const struct lnet_tags_options *o = options;
    int w = o->maps;
    int x = net_input(b, "picture", (struct shape){ 1, 3, LNET_TAGS_SIDE, LNET_TAGS_SIDE });
    x = step(b, o, "conv1", x, (struct conv){ .maps = w, .kernel = 11, .stride = 4 });       /* 55 x 55 */
    x = net_pool(b, "pool1", x, .kernel = 3, .stride = 2);                                   /* 27 x 27 */
    x = step(b, o, "conv2", x, (struct conv){ .maps = 8 * w / 3, .kernel = 5, .pad = 2 });
    x = net_pool(b, "pool2", x, .kernel = 3, .stride = 2);                                   /* 13 x 13 */
    x = step(b, o, "conv3", x, (struct conv){ .maps = 4 * w, .kernel = 3, .pad = 1 });
    x = step(b, o, "conv4", x, (struct conv){ .maps = 4 * w, .kernel = 3, .pad = 1 });
    x = step(b, o, "conv5", x, (struct conv){ .maps = 8 * w / 3, .kernel = 3, .pad = 1 });
    net_keep(b, net_average(b, "response", x));
    if (!o->learns)
        return;
    /* all places: a map may as well be low on the face alone, and its mean then says where no face is */
    x = o->strongest ? net_pool(b, "pool5", x, .kernel = LNET_TAGS_CELLS) : net_pool(b, "pool5", x, .kernel = 3, .stride = 2);
    x = net_relu(b, net_full(b, "hidden", x, .units = o->units));
    if (o->people > 0) {
        int who = net_input(b, "who", (struct shape){ 1, 1, 1, 1 });
        x = net_full(b, "people", net_unit(b, x, .scale = 1), .units = o->people, .unit_rows = true, .no_bias = true);
        net_keep(b, x);
        net_softmax_loss(b, "identify", x, who, .weight = 1, .scale = 24);
        return;
    }
    const struct shape forty = { 1, FACE_ATTRIBUTES, 1, 1 };
    x = net_full(b, "attributes", x, .units = FACE_ATTRIBUTES);
    net_keep(b, x);
    net_logistic_loss(b, "tell", x, net_input(b, "truth", forty), net_input(b, "counts", forty), .weight = 1);
}

const struct model model_lnet_tags = {
    .name = "lnet-tags",
    .paper = "Liu, Luo, Wang, Tang: Deep Learning Face Attributes in the Wild, ICCV 2015",
    .options = lnet_tags_option_table,
    .options_size = sizeof(struct lnet_tags_options),
    .build = build_lnet_tags,
};
