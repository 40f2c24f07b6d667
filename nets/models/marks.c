/* SPDX-License-Identifier: MIT
 * The second look at a face: a crop to five marks, and one more unit that says whether it is a face at all; level 1 of the
 * cascade (39x39 there, 48x48 here), its last convolution unshared as in the DeepID family. */
#include "nets/models/models.h"

#include <stddef.h>

#include "base/face.h"
#include "nets/layers/layers.h"

static const struct option marks_option_table[] = {
    { "maps", OPTION_INT, offsetof(struct marks_options, maps), "16", 1, 256, NULL,
      "maps of the first layer; the others have 2, 4 and 4 times as many" },
    { "units", OPTION_INT, offsetof(struct marks_options, units), "96", 1, 1024, NULL, "units of the full layer" },
    { "normalize", OPTION_BOOL, offsetof(struct marks_options, normalize), "yes", 0, 0, NULL,
      "batch normalisation; no in folded nets" },
    { "face_weight", OPTION_FLOAT, offsetof(struct marks_options, face_weight), "1", 0, 100, NULL,
      "weight of face or no face in the loss" },
    { "marks_weight", OPTION_FLOAT, offsetof(struct marks_options, marks_weight), "10", 0, 100, NULL,
      "weight of the marks in the loss" },
    { 0 },
};

static void build_marks(struct net_builder *b, const void *options)
{
    const struct marks_options *o = options;
    const bool norm = o->normalize;
    int x = net_input(b, "crop", (struct shape){ 1, 3, MARKS_CROP, MARKS_CROP });
    x = net_rectified(b, norm, "conv1", net_conv(b, "conv1", x, .maps = o->maps, .kernel = 5, .stride = 2)); /* 22x22 */
    x = net_conv(b, "conv2", x, .maps = 2 * o->maps, .kernel = 3);
    x = net_pool(b, "pool2", net_rectified(b, norm, "conv2", x), .kernel = 2); /* 10x10 */
    x = net_conv(b, "conv3", x, .maps = 4 * o->maps, .kernel = 3);
    x = net_pool(b, "pool3", net_rectified(b, norm, "conv3", x), .kernel = 2); /* 4x4 */
    x = net_rectified(b, norm, "conv4", net_conv(b, "conv4", x, .maps = 4 * o->maps, .kernel = 2, .grid = -1)); /* 3x3 */
    x = net_rectified(b, norm, "full", net_full(b, "full", x, .units = o->units));
    int marks = net_full(b, "marks", x, .units = 2 * FACE_MARKS);
    int face = net_full(b, "face", x, .units = 1);
    net_keep(b, marks);
    net_keep(b, face);
    const struct shape one = { 1, 1, 1, 1 };
    const struct shape ten = { 1, 2 * FACE_MARKS, 1, 1 };
    net_square_loss(b, "marks_loss", marks, net_input(b, "where", ten), net_input(b, "marked", ten),
                    .weight = o->marks_weight, .huber = true);
    net_logistic_loss(b, "face_loss", face, net_input(b, "is", one), net_input(b, "known", one), .weight = o->face_weight);
}

const struct model model_marks = {
    .name = "marks",
    .paper = "Sun, Wang, Tang: Deep Convolutional Network Cascade for Facial Point Detection, CVPR 2013",
    .options = marks_option_table,
    .options_size = sizeof(struct marks_options),
    .build = build_marks,
};
