/* SPDX-License-Identifier: MIT
 * Who is it: a face's marks to a canonical crop, the crop through DeepID2 to a code. papers.md sections 3 and 10. */
#ifndef FACETRAIL_RECOGNIZER_RECOGNIZER_H
#define FACETRAIL_RECOGNIZER_RECOGNIZER_H

#include <stdbool.h>

#include "base/face.h"
#include "base/image.h"
#include "base/option.h"
#include "base/status.h"

struct net;
/* NONE: codes only */
enum matcher_number { MATCH_NONE = -1, MATCH_JOINT_BAYES, MATCH_COSINE, MATCH_HAMMING, MATCH_BITS_JOINT_BAYES };
struct recognizer_options {
    const char *weights;    /* "": the shipped ones */
    int matcher;            /* enum matcher_number */
    float false_match_rate; /* how often a stranger may be given a name */
    bool mirror;            /* average the codes of the crop and its mirror image */
    bool half;              /* products of bfloat16 where that is faster */
    bool raw;               /* not a user's option: scores as the matcher gives them, not calibrated */
};
extern const struct option recognizer_option_table[];

enum { CROP_W = 47, CROP_H = 55 };
/* Where the five marks lie in the canonical 55x47 crop (the shared face packs' mean marks, scaled and shifted);
 * train/ and run time use this one function. */
extern const struct point align_canonical[FACE_MARKS];
struct warp align_warp(const struct point marks[FACE_MARKS]); /* crop coordinates -> picture coordinates */

struct recognizer;
enum status recognizer_open(struct recognizer **out, const struct recognizer_options *o);
const struct net *recognizer_net(const struct recognizer *r);
/* Codes for those faces whose index is in `which` (n of them), all in one batch; needs FACE_MARKED.
 * Fills code, n_code, bits, quality; sets FACE_CODED. `im` is the picture to cut from, times `scale` a face's
 * coordinate gives im's pixels. Cannot fail; allocates nothing after the first call of the largest n (32 a batch). */
void recognizer_describe(struct recognizer *r, struct image im, float scale, struct face *faces, const int *which,
                         int n);
/* The same for crops whose place is known: canonical crop coordinates -> pixels of `im`. Needs no marks; quality knows
 * nothing of the turn. */
struct recognizer_crop { struct image im; struct warp to_picture; };
void recognizer_describe_crops(struct recognizer *r, const struct recognizer_crop *crops, struct face *faces, int n);
int recognizer_code_size(const struct recognizer *r); /* numbers in a code */
/* What galleries hold: "deepid2 <checksum of the net's weights>". */
const char *recognizer_codes(const struct recognizer *r);
const char *recognizer_matcher(const struct recognizer *r); /* its name, or "none" */
/* The log likelihood ratio that two codes are of one person (calibrated on the validation people). */
float recognizer_score(const struct recognizer *r, const struct face *a, const struct face *b);
/* The same in two steps, for one against many: prepared codes are rows of so many floats (at most RECOGNIZER_ROW), each
 * on 64 bytes. */
enum { RECOGNIZER_ROW = FACE_CODE + 16 };
int recognizer_row(const struct recognizer *r);
void recognizer_prepare(const struct recognizer *r, const struct face *face, float *row);
float recognizer_compare(const struct recognizer *r, const float *a, const float *b);
/* Least score at which a face may be named. The false match rate is what a stranger's face may cost in all: with n
 * comparisons (gallery_comparisons) each has an n-th of it, as if they were independent, which errs on the safe side.
 * Rates below those that were measured (1e-6) go on along the last slope, which errs on the same side: real tails fall
 * faster. */
float recognizer_threshold(const struct recognizer *r, int n_comparisons);
/* What part of strangers' comparisons exceeds this score: 1e-15 to 1; 1 when the matcher is not calibrated. */
double recognizer_false_match_rate(const struct recognizer *r, float score);
void recognizer_close(struct recognizer **r);

/* What Joint Bayesian sees of one number of a code: with a power below 1 rare large numbers count less. For train/. */
float joint_bayes_number(float x, float power);

#endif
