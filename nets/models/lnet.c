/* SPDX-License-Identifier: MIT
 * LNet (papers.md section 8), small enough for every frame: a fully convolutional trunk, read at strides 8, 16 and
 * 32. At each stride 40 attribute-selective maps; the face response is their mean, times a learnt factor. Where we
 * deviate: depthwise convolutions instead of AlexNet, boxes and marks by regression instead of EdgeBox proposals. */
#include "nets/models/lnet.h"

#include <stddef.h>
#include <stdio.h>

#include "base/face.h"
#include "nets/layers/layers.h"
#include "nets/models/models.h"

static const struct option lnet_option_table[] = {
    { "maps", OPTION_INT, offsetof(struct lnet_options, maps), "16", 4, 64, NULL,
      "half the maps of the first layer; the others grow with it" },
    { "size", OPTION_INT, offsetof(struct lnet_options, size), "256", 32, 4096, NULL,
      "side of the training picture, a multiple of 32" },
    { "deeper", OPTION_INT, offsetof(struct lnet_options, deeper), "0", 0, 8, NULL,
      "pairs of layers at stride 16, and as many at stride 32, whose output is added to their input" },
    { "finer", OPTION_INT, offsetof(struct lnet_options, finer), "0", 0, 8, NULL,
      "such pairs at stride 8" },
    { "normalize", OPTION_BOOL, offsetof(struct lnet_options, normalize), "yes", 0, 0, NULL,
      "batch normalisation; no in folded nets" },
    { "tag_weight", OPTION_FLOAT, offsetof(struct lnet_options, tag_weight), "0.1", 0, 100, NULL,
      "weight of the 40 attributes in the loss" },
    { "marks_weight", OPTION_FLOAT, offsetof(struct lnet_options, marks_weight), "1", 0, 100, NULL,
      "weight of the five marks in the loss" },
    { 0 },
};

struct making { /* what all the small functions below need */
    struct net_builder *b;
    const struct lnet_options *o;
};

/* conv -> normalize -> relu; without normalisation the convolution has the bias. */
static int conv(const struct making *m, const char *name, int from, struct conv options)
{
    options.no_bias = m->o->normalize;
    const int x = net_add(m->b, &layer_conv, name, &options, 1, &from);
    return net_rectified(m->b, m->o->normalize, name, x);
}

/* A depthwise 3x3 and a pointwise convolution. */
static int pair(const struct making *m, const char *name, int from, int from_maps, int maps, int stride)
{
    char part[64];
    snprintf(part, sizeof part, "%s.deep", name);
    int x = conv(m, part, from,
                 (struct conv){ .maps = from_maps, .kernel = 3, .stride = stride, .pad = 1, .groups = -1 });
    snprintf(part, sizeof part, "%s.point", name);
    return conv(m, part, x, (struct conv){ .maps = maps, .kernel = 1 });
}

/* Pairs that begin as next to nothing and are added to what they are given (He et al., CVPR 2016), so that a net can
 * grow by them without forgetting. */
static int more(const struct making *m, const char *name, int x, int maps, int pairs)
{
    char part[64];
    for (int i = 1; i <= pairs; i++) {
        snprintf(part, sizeof part, "%s.more%d.deep", name, i);
        int y = conv(m, part, x, (struct conv){ .maps = maps, .kernel = 3, .stride = 1, .pad = 1, .groups = -1 });
        snprintf(part, sizeof part, "%s.more%d.point", name, i);
        y = net_conv(m->b, part, y, .maps = maps, .kernel = 1, .no_bias = m->o->normalize);
        y = net_normalized(m->b, m->o->normalize, part, 0.001f, y);
        x = net_relu(m->b, net_sum(m->b, x, y));
    }
    return x;
}

static int side(const struct making *m, const char *name, int from, int maps)
{
    return conv(m, name, from, (struct conv){ .maps = maps, .kernel = 1 });
}

static void losses(const struct making *m, int stride, int response, int box, int marks, int tags)
{
    struct net_builder *b = m->b;
    int n = m->o->size / stride;
    char name[6][32];
    static const char *const inputs[] = { "face", "care", "box", "inside", "marks", "marked" };
    static const int maps[] = { 1, 1, 4, 1, 2 * FACE_MARKS, 2 * FACE_MARKS };
    int in[6];
    for (int i = 0; i < 6; i++) {
        snprintf(name[i], sizeof name[i], "%s%d", inputs[i], stride);
        in[i] = net_input(b, name[i], (struct shape){ 1, maps[i], n, n });
    }
    char text[32];
    snprintf(text, sizeof text, "face_loss%d", stride);
    net_logistic_loss(b, text, response, in[0], in[1], .weight = 1, .focus = 2);
    snprintf(text, sizeof text, "box_loss%d", stride);
    net_box_loss(b, text, box, in[2], in[3], .weight = 1);
    snprintf(text, sizeof text, "marks_loss%d", stride);
    net_square_loss(b, text, marks, in[4], in[5], .weight = m->o->marks_weight, .huber = true);
    if (m->o->tag_weight > 0) {
        snprintf(text, sizeof text, "tags%d", stride);
        int target = net_input(b, text, (struct shape){ 1, FACE_ATTRIBUTES, n, n });
        snprintf(text, sizeof text, "tagged%d", stride);
        int mask = net_input(b, text, (struct shape){ 1, FACE_ATTRIBUTES, n, n });
        snprintf(text, sizeof text, "tags_loss%d", stride);
        net_logistic_loss(b, text, tags, target, mask, .weight = m->o->tag_weight);
    }
}

static void head(const struct making *m, int from, int stride)
{
    struct net_builder *b = m->b;
    char text[32];
    snprintf(text, sizeof text, "head%d", stride);
    int x = pair(m, text, from, 4 * m->o->maps, 4 * m->o->maps, 1);
    snprintf(text, sizeof text, "attributes%d", stride);
    int maps = net_relu(b, net_conv(b, text, x, .maps = FACE_ATTRIBUTES, .kernel = 1));
    snprintf(text, sizeof text, "mean%d", stride);
    int mean = net_average(b, text, maps);
    snprintf(text, sizeof text, "response%d", stride);
    /* a factor near the number of maps makes the mean learn as fast as any one map; most cells hold no face */
    int response = net_add(b, &layer_scale, text, &(struct scale){ .factor = 6, .shift = -6 }, 1, &mean);
    snprintf(text, sizeof text, "boxes%d", stride);
    int box = net_conv(b, text, x, .maps = 4, .kernel = 1);
    snprintf(text, sizeof text, "points%d", stride);
    int marks = net_conv(b, text, x, .maps = 2 * FACE_MARKS, .kernel = 1);
    snprintf(text, sizeof text, "says%d", stride);
    int tags = net_scale(b, text, maps);
    net_keep(b, response);
    net_keep_places(b, box);
    net_keep_places(b, marks);
    losses(m, stride, response, box, marks, tags);
}

static void build_lnet(struct net_builder *b, const void *options)
{
    const struct lnet_options *o = options;
    const struct making m = { b, o };
    const int w = o->maps;
    int x = net_input(b, "picture", (struct shape){ 1, 3, o->size, o->size });
    /* straight to stride 4: half the memory traffic of two steps, which is what a small net's time goes into */
    x = conv(&m, "first", x, (struct conv){ .maps = 2 * w, .kernel = 6, .stride = 4, .pad = 1 });
    x = pair(&m, "three", x, 2 * w, 2 * w, 1);
    x = pair(&m, "four", x, 2 * w, 4 * w, 2);     /* stride 8 */
    x = pair(&m, "five", x, 4 * w, 4 * w, 1);
    x = pair(&m, "six", x, 4 * w, 4 * w, 1);
    int at8 = more(&m, "seven", pair(&m, "seven", x, 4 * w, 4 * w, 1), 4 * w, o->finer);
    x = pair(&m, "eight", at8, 4 * w, 6 * w, 2);  /* stride 16 */
    x = pair(&m, "nine", x, 6 * w, 6 * w, 1);
    int at16 = more(&m, "ten", pair(&m, "ten", x, 6 * w, 6 * w, 1), 6 * w, o->deeper);
    x = pair(&m, "eleven", at16, 6 * w, 8 * w, 2); /* stride 32 */
    x = more(&m, "twelve", pair(&m, "twelve", x, 8 * w, 8 * w, 1), 8 * w, o->deeper);

    /* what the coarse maps know of the surroundings helps the fine ones with the small faces */
    int top = side(&m, "side32", x, 4 * w);
    int middle = net_sum(b, side(&m, "side16", at16, 4 * w), net_upsample(b, top, .factor = 2));
    int fine = net_sum(b, side(&m, "side8", at8, 4 * w), net_upsample(b, middle, .factor = 2));
    const int level[LNET_STRIDES] = { fine, middle, top };
    for (int i = 0; i < LNET_STRIDES; i++) {
        head(&m, level[i], LNET_FIRST_STRIDE << i);
    }
}

const struct model model_lnet = {
    .name = "lnet",
    .paper = "Liu, Luo, Wang, Tang: Deep Learning Face Attributes in the Wild, ICCV 2015",
    .options = lnet_option_table,
    .options_size = sizeof(struct lnet_options),
    .build = build_lnet,
};
