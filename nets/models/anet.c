/* SPDX-License-Identifier: MIT
 * ANet (papers.md section 8): four convolutions and a full layer, learnt to tell identities first, then one logit an
 * attribute. Its layers are DeepID2's (locally shared, then unshared; pool3 and conv4 joined) under the same names, so
 * that `train.from` takes a DeepID2 checkpoint. */
#include "nets/layers/layers.h"
#include "nets/models/identity.h"

#define AT(field) offsetof(struct anet_options, field)
static const struct option anet_option_table[] = {
    { "maps", OPTION_INT, AT(maps), "20", 1, 256, NULL,
      "maps of the first layer; the others have 2, 3 and 4 times as many" },
    { "code", OPTION_INT, AT(code), "160", 1, 4096, NULL, "units of the full layer" },
    { "attributes", OPTION_INT, AT(attributes), "40", 1, 256, NULL, "attributes of a face" },
    { "normalize", OPTION_BOOL, AT(normalize), "no", 0, 0, NULL, "batch normalisation; no in folded nets" },
    { "drop", OPTION_FLOAT, AT(drop), "0", 0, 0.9, NULL, "part of the full layer that the attributes do not see" },
    { "weight", OPTION_FLOAT, AT(weight), "8", 0, 1000, NULL,
      "of the loss, a mean over the attributes: with 1 each is learnt slowly" },
    { 0 },
};
#undef AT

static void build_anet(struct net_builder *b, const void *options)
{
    const struct anet_options *o = options;
    const struct deepid2_options trunk = { .maps = o->maps, .normalize = o->normalize };
    int x = net_full(b, "feature", identity_trunk(b, &trunk), .units = o->code);
    x = identity_relu(b, &trunk, "feature", x);
    x = o->drop > 0 ? net_dropout(b, x, .rate = o->drop) : x;
    int said = net_full(b, "attributes", x, .units = o->attributes);
    net_keep(b, said);
    const struct shape one_each = { 1, o->attributes, 1, 1 };
    net_logistic_loss(b, "attributes_loss", said, net_input(b, "truth", one_each), net_input(b, "counts", one_each),
                      .weight = o->weight);
}

const struct model model_anet = {
    .name = "anet",
    .paper = "Liu, Luo, Wang, Tang: Deep Learning Face Attributes in the Wild, ICCV 2015",
    .options = anet_option_table,
    .options_size = sizeof(struct anet_options),
    .build = build_anet,
};
