/* SPDX-License-Identifier: MIT
 * DeepID2+ (papers.md section 6): DeepID2 with 128 maps in every convolution and 512 numbers, supervised at every
 * depth while it learns: FC-1, FC-2 and FC-3 hang on pool1, pool2 and pool3, each with identification, verification
 * and margin of its own. FC-4, the code, sees pool3 and conv4 and keeps DeepID2's names, so that all users of codes
 * run either net. */
#include "nets/layers/layers.h"
#include "nets/models/identity.h"

static const struct option deepid2plus_option_table[] = {
    { "maps", OPTION_INT, offsetof(struct deepid2_options, maps), "128", 1, 256, NULL, "maps of every layer" },
    IDENTITY_OPTIONS("512"),
    { "branches", OPTION_BOOL, offsetof(struct deepid2_options, branches), "no", 0, 0, NULL,
      "FC-1 to FC-3 too: to learn as in the paper, and to look at each layer's code; no in finished nets" },
    { 0 },
};

static void build_deepid2plus(struct net_builder *b, const void *options)
{
    const struct deepid2_options *o = options;
    int face = net_input(b, "face", (struct shape){ 1, 3, 55, 47 }), who = identity_who(b, o);
    int x = net_conv(b, "conv1", face, .maps = o->maps, .kernel = 4);
    int p1 = net_pool(b, "pool1", identity_relu(b, o, "conv1", x), .kernel = 2);
    x = net_conv(b, "conv2", p1, .maps = o->maps, .kernel = 3);
    int p2 = net_pool(b, "pool2", identity_relu(b, o, "conv2", x), .kernel = 2);
    x = net_conv(b, "conv3", p2, .maps = o->maps, .kernel = 3, .grid = 2);
    int p3 = net_pool(b, "pool3", identity_relu(b, o, "conv3", x), .kernel = 2);
    x = net_conv(b, "conv4", p3, .maps = o->maps, .kernel = 2, .grid = -1);
    int c = identity_relu(b, o, "conv4", x);
    if (o->branches) {
        identity_code(b, o, "1", p1, who);
        identity_code(b, o, "2", p2, who);
        identity_code(b, o, "3", p3, who);
    }
    identity_code(b, o, "", net_join(b, p3, c), who);
}

const struct model model_deepid2plus = {
    .name = "deepid2plus",
    .paper = "Sun, Wang, Tang: Deeply Learned Face Representations Are Sparse, Selective, and Robust, CVPR 2015",
    .options = deepid2plus_option_table,
    .options_size = sizeof(struct deepid2_options),
    .build = build_deepid2plus,
};
