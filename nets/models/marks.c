/* SPDX-License-Identifier: MIT
 * The second look at a face: a crop to five marks, and one more unit that says whether it is a face at all. */
#include "nets/models/models.h"

#include <stddef.h>

#include "base/face.h"
#include "nets/layers/layers.h"
#include "nets/models/look.h"

static const struct option marks_option_table[] = {
    { "maps", OPTION_INT, offsetof(struct marks_options, maps), "16", 1, 256, NULL,
      "maps of the first layer; the others have 2, 3 and 4 times as many" },
    { "units", OPTION_INT, offsetof(struct marks_options, units), "96", 1, 1024, NULL, "units of the full layer" },
    { "deeper", OPTION_INT, offsetof(struct marks_options, deeper), "0", 0, 8, NULL,
      "so many more convolutions of 10x10 places, and of 8x8, added to what went in" },
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
    int x = net_input(b, "crop", (struct shape){ 1, 3, MARKS_CROP, MARKS_CROP });
    x = look_trunk(b, (struct look_trunk){ o->maps, o->units, o->deeper, o->normalize }, x);
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
