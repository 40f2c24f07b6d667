/* SPDX-License-Identifier: MIT
 * DeepID2 (papers.md section 3): shared, locally shared and unshared convolutions; 160 numbers from pool3 and conv4;
 * learnt by identification and verification together. Where we deviate, each by an option: batch normalisation
 * (folded away in the finished net), and codes and class weights of length 1 before the softmax. */
#include "nets/layers/layers.h"
#include "nets/models/identity.h"

static const struct option deepid2_option_table[] = {
    { "maps", OPTION_INT, offsetof(struct deepid2_options, maps), "20", 1, 256, NULL,
      "maps of the first layer; the others have 2, 3 and 4 times as many" },
    IDENTITY_OPTIONS("160"),
    { 0 },
};

static void build_deepid2(struct net_builder *b, const void *options)
{
    const struct deepid2_options *o = options;
    int joined = identity_trunk(b, o);
    identity_code(b, o, "", joined, identity_who(b, o));
}

const struct model model_deepid2 = {
    .name = "deepid2",
    .paper = "Sun, Chen, Wang, Tang: Deep Learning Face Representation by Joint Identification-Verification, NIPS 2014",
    .options = deepid2_option_table,
    .options_size = sizeof(struct deepid2_options),
    .build = build_deepid2,
};
