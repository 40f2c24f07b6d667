/* SPDX-License-Identifier: MIT
 * What is a face like: 40 probabilities from ANet (papers.md section 8), CelebA's attributes in CelebA's order
 * (face_attribute_names in base/face.h). ANet sees the canonical crop with more around it: hair, hats and neckties. */
#ifndef FACETRAIL_RECOGNIZER_ATTRIBUTES_H
#define FACETRAIL_RECOGNIZER_ATTRIBUTES_H

#include "recognizer/recognizer.h"

/* Canonical pixels a pixel of ANet's crop; both crops have one size and one middle. */
#define ATTRIBUTES_ZOOM 1.28F
struct warp attributes_warp(void); /* ANet's crop -> canonical crop */

/* How a logit is read; measured on people the net did not learn from (train/attributes_score.h) and kept in the weights
 * file as the array ATTRIBUTES_ARRAY [40, 3]. */
#define ATTRIBUTES_ARRAY "attributes.scale"
struct attributes_scale {
    float factor, shift; /* log likelihood ratio = factor * logit + shift */
    float rate;          /* how many faces have the attribute, 0 to 1 */
};
float attributes_probability(const struct attributes_scale *s, float logit);
/* How much more we know than without looking: the log likelihood ratio that leads from `rate` to `probability`. */
float attributes_evidence(float probability, float rate);

struct attributes_options {
    const char *weights; /* "": the shipped ones */
    bool mirror;         /* average over the crop and its mirror image */
    int patches;         /* along an axis: average over so many squared, 8 pixels of ANet's crop apart, in one pass */
    bool raw;            /* not a user's option: face.attributes are logits */
};
extern const struct option attributes_option_table[];

struct attributes;
enum status attributes_open(struct attributes **out, const struct attributes_options *o);
void attributes_close(struct attributes **a);
const struct net *attributes_net(const struct attributes *a);
/* How many faces have attribute i, 0 to 1. The likeliest answer is yes when the probability exceeds 1/2; to be right as
 * often on those that have it as on those that have not, ask whether it exceeds this rate. */
float attributes_rate(const struct attributes *a, int i);
/* Fills face.attributes and sets FACE_DESCRIBED, for those faces whose index is in `which`: see recognizer_describe,
 * recognizer_describe_crops. Cannot fail, allocates nothing. */
void attributes_describe(struct attributes *a, struct image im, float scale, struct face *faces, const int *which,
                         int n);
void attributes_describe_crops(struct attributes *a, const struct recognizer_crop *crops, struct face *faces, int n);

#endif
