/* SPDX-License-Identifier: MIT
 * The published architectures, one file each. Options are set by name (recipes, weights files); the structs are here
 * for the few who must set one in C. */
#ifndef FACETRAIL_NETS_MODELS_MODELS_H
#define FACETRAIL_NETS_MODELS_MODELS_H

#include <stdbool.h>

#include "nets/net.h"

struct lnet_options {
    int maps, size;
    bool normalize;
    float tag_weight;
};

/* The second look: input "crop" [n, 3, 48, 48], cut where detector/marks.h says; "marks" [n, 10]: x and y of the five
 * marks from their usual places, in tens of crop pixels; "face" [n, 1]: a logit. */
enum { MARKS_CROP = 48 };
struct marks_options {
    int maps, units;
    bool normalize;
    float face_weight, marks_weight;
};

struct deepid2_options {
    int maps, code;     /* maps of conv1; units of the code */
    int people;         /* classes of the identification signal; 0: neither signal, for running only */
    bool normalize;     /* batch normalisation after each convolution and the code; no in folded nets */
    bool rectify;       /* the code is a relu, as in the paper */
    bool unit;          /* codes and class weights of length 1: the normalised softmax */
    float margin, scale; /* of the normalised softmax */
    float pair_weight, pair_margin;
    float drop;         /* dropout before the softmax */
};

extern const struct model model_lnet, model_deepid2, model_marks;

#endif
