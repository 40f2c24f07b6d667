/* SPDX-License-Identifier: MIT
 * The verdict on a window that LNet found: what is around it says whether it is a face, as shoulders and hair do where a
 * face has few pixels, and where the face ends (LNet_s on the head-shoulder crop, papers.md section 8, grown to a judge). */
#include "nets/models/models.h"

#include <stddef.h>

#include "nets/layers/layers.h"
#include "nets/models/look.h"

static const struct option verdict_option_table[] = {
    { "maps", OPTION_INT, offsetof(struct verdict_options, maps), "16", 1, 256, NULL,
      "maps of the first layer; the others have 2, 4 and 4 times as many" },
    { "units", OPTION_INT, offsetof(struct verdict_options, units), "96", 1, 1024, NULL, "units of the full layer" },
    { "deeper", OPTION_INT, offsetof(struct verdict_options, deeper), "0", 0, 8, NULL,
      "so many more convolutions of 10x10 places, and of 8x8, added to what went in" },
    { "normalize", OPTION_BOOL, offsetof(struct verdict_options, normalize), "yes", 0, 0, NULL,
      "batch normalisation; no in folded nets" },
    { "face_weight", OPTION_FLOAT, offsetof(struct verdict_options, face_weight), "1", 0, 100, NULL,
      "weight of face or no face in the loss" },
    { "box_weight", OPTION_FLOAT, offsetof(struct verdict_options, box_weight), "2", 0, 100, NULL,
      "weight of the box in the loss" },
    { 0 },
};

static void build_verdict(struct net_builder *b, const void *options)
{
    const struct verdict_options *o = options;
    const struct shape one = { 1, 1, 1, 1 };
    const int around = net_input(b, "around", (struct shape){ 1, 3, VERDICT_CROP, VERDICT_CROP });
    const int x = look_trunk(b, (struct look_trunk){ o->maps, o->units, o->deeper, o->normalize }, around);
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
