/* SPDX-License-Identifier: MIT
 * The verdict on a window that LNet found: what is around it says whether it is a face, as shoulders and hair do where a
 * face has few pixels, and where the face ends (LNet_s on the head-shoulder crop, papers.md section 8, grown to a judge). */
#include "nets/models/models.h"

#include <stddef.h>

#include "nets/layers/layers.h"

static const struct option verdict_option_table[] = {
    { "maps", OPTION_INT, offsetof(struct verdict_options, maps), "16", 1, 256, NULL,
      "maps of the first layer; the others have 2, 4, 4 and 6 times as many" },
    { "units", OPTION_INT, offsetof(struct verdict_options, units), "128", 1, 1024, NULL, "units of the full layer" },
    { "normalize", OPTION_BOOL, offsetof(struct verdict_options, normalize), "yes", 0, 0, NULL,
      "batch normalisation; no in folded nets" },
    { "face_weight", OPTION_FLOAT, offsetof(struct verdict_options, face_weight), "1", 0, 100, NULL,
      "weight of face or no face in the loss" },
    { "box_weight", OPTION_FLOAT, offsetof(struct verdict_options, box_weight), "2", 0, 100, NULL,
      "weight of the box in the loss" },
    { 0 },
};

/* Most of the work is done where maps are small: it is more layers that tell edges better, not more pixels. */
static int trunk(struct net_builder *b, const struct verdict_options *o, int from)
{
    const bool norm = o->normalize;
    int x = net_rectified(b, norm, "conv1", net_conv(b, "conv1", from, .maps = o->maps, .kernel = 5, .stride = 2)); /* 22x22 */
    x = net_conv(b, "conv2", x, .maps = 2 * o->maps, .kernel = 3);
    x = net_pool(b, "pool2", net_rectified(b, norm, "conv2", x), .kernel = 2); /* 10x10 */
    x = net_rectified(b, norm, "conv3", net_conv(b, "conv3", x, .maps = 4 * o->maps, .kernel = 3, .pad = 1));
    x = net_conv(b, "conv4", x, .maps = 4 * o->maps, .kernel = 3);
    x = net_pool(b, "pool4", net_rectified(b, norm, "conv4", x), .kernel = 2); /* 4x4 */
    x = net_rectified(b, norm, "conv5", net_conv(b, "conv5", x, .maps = 6 * o->maps, .kernel = 3, .pad = 1));
    return net_rectified(b, norm, "full", net_full(b, "full", x, .units = o->units));
}

static void build_verdict(struct net_builder *b, const void *options)
{
    const struct verdict_options *o = options;
    const struct shape one = { 1, 1, 1, 1 };
    const int around = net_input(b, "around", (struct shape){ 1, 3, VERDICT_CROP, VERDICT_CROP });
    const int x = trunk(b, o, around);
    const int box = net_full(b, "box", x, .units = 4);
    const int face = net_full(b, "face", x, .units = 1);
    net_keep(b, box);
    net_keep(b, face);
    net_box_loss(b, "box_loss", box, net_input(b, "edges", (struct shape){ 1, 4, 1, 1 }), net_input(b, "boxed", one),
                 .weight = o->box_weight);
    net_logistic_loss(b, "face_loss", face, net_input(b, "is", one), net_input(b, "known", one), .weight = o->face_weight);
}

const struct model model_verdict = {
    .name = "verdict",
    .paper = "Liu, Luo, Wang, Tang: Deep Learning Face Attributes in the Wild, ICCV 2015",
    .options = verdict_option_table,
    .options_size = sizeof(struct verdict_options),
    .build = build_verdict,
};
