/* SPDX-License-Identifier: MIT
 * The published architectures, one file each. Options are set by name (recipes, weights files); the structs are here
 * for the few who must set one in C. */
#ifndef FACETRAIL_NETS_MODELS_MODELS_H
#define FACETRAIL_NETS_MODELS_MODELS_H

#include <stdbool.h>

#include "nets/net.h"

struct lnet_options {
    int maps, size, deeper, finer;
    bool normalize;
    float tag_weight, marks_weight;
};

/* Input "picture" [n, 3, 227, 227]; "response" [n, 1, 13, 13]: the mean of the last maps, cell (y, x) of which has its
 * centre at pixel (17 + 16 y, 17 + 16 x). */
enum { LNET_TAGS_SIDE = 227, LNET_TAGS_CELLS = 13, LNET_TAGS_STRIDE = 16, LNET_TAGS_FIRST = 17 };
struct lnet_tags_options {
    int maps, units, people;
    bool strongest, learns, normalize;
};

/* The second look: input "crop" [n, 3, 48, 48], cut where detector/marks.h says; "marks" [n, 10]: x and y of the five
 * marks from their usual places, in tens of crop pixels; "face" [n, 1]: a logit. */
enum { MARKS_CROP = 48 };
struct marks_options {
    int maps, units;
    bool normalize;
    float face_weight, marks_weight;
};

/* The verdict: input "around" [n, 3, 48, 48], cut where detector/verdict.h says, the window in its middle; "face" [n, 1]: a
 * logit; "box" [n, 4]: logarithms of the distances from the window's middle to the face's left, top, right and bottom edge, in
 * half widths and half heights of the window. */
enum { VERDICT_CROP = 48 };
struct verdict_options {
    int maps, units;
    bool normalize;
    float face_weight, box_weight;
};

enum verify_signal { VERIFY_L2, VERIFY_L2_SAME, VERIFY_L2_DIFFERENT, VERIFY_L1, VERIFY_COSINE, VERIFY_NONE };

/* Left and right as the viewer sees them. */
enum patch_place {
    PATCH_FACE, PATCH_EYES, PATCH_MIDDLE, PATCH_MOUTH, PATCH_LEFT_EYE, PATCH_RIGHT_EYE, PATCH_LEFT_MOUTH,
    PATCH_RIGHT_MOUTH
};

struct deepid2_options { /* and deepid2plus */
    int maps, code;     /* maps of conv1 (deepid2plus: of every conv); units of the code */
    int people;         /* classes of the identification signal; 0: neither signal, for running only */
    bool normalize;     /* batch normalisation after each convolution and the code; no in folded nets */
    bool rectify;       /* the code is a relu, as in the paper */
    bool unit;          /* codes and class weights of length 1: the normalised softmax */
    float margin, scale; /* of the normalised softmax */
    bool identify;      /* the softmax signal */
    int verify;         /* enum verify_signal */
    float pair_weight, pair_margin;
    float drop;         /* dropout before the softmax */
    bool branches;      /* deepid2plus: a code and its signals at every depth, "code1" .. "code3" */
    int at;             /* enum patch_place: what of the face the net is shown; recognizer/patch.h cuts it */
    float zoom;         /* 1: as large as the whole face's crop shows it */
    bool grey;          /* shown without colour: three equal planes */
};

struct anet_options {
    int maps, code, attributes; /* maps of conv1; units of the full layer; what is told of a face */
    bool normalize;
    float drop, weight;
};

/* "scores" [n, inputs] to "answer" [n, 1]: above 0 is yes. "same" [n, 1], while it learns: 1 or -1. */
struct svm_options { int inputs; };

extern const struct model model_lnet, model_lnet_tags, model_marks, model_verdict, model_deepid2, model_deepid2plus,
    model_anet, model_svm;

#endif
