/* SPDX-License-Identifier: MIT
 * What DeepID2, DeepID2+ and ANet have in common: options, and the pieces that codes and their signals are made of. */
#ifndef FACETRAIL_NETS_MODELS_IDENTITY_H
#define FACETRAIL_NETS_MODELS_IDENTITY_H

#include <stddef.h>

#include "nets/models/models.h"

/* Rows of an option table over struct deepid2_options, after `maps`; `size`: the published width of a code. */
#define IDENTITY_AT(field) offsetof(struct deepid2_options, field)
#define IDENTITY_OPTIONS(size)                                                                                         \
    { "code", OPTION_INT, IDENTITY_AT(code), size, 1, 512, NULL, "features of a face" },                               \
    { "people", OPTION_INT, IDENTITY_AT(people), "0", 0, 1000000, NULL,                                                \
      "persons to tell apart while learning; set by the training task; 0: a net for running only" },                   \
    { "normalize", OPTION_BOOL, IDENTITY_AT(normalize), "no", 0, 0, NULL, "batch normalisation; no in folded nets" },  \
    { "rectify", OPTION_BOOL, IDENTITY_AT(rectify), "yes", 0, 0, NULL,                                                 \
      "features below zero are zero, as in the paper" },                                                               \
    { "unit", OPTION_BOOL, IDENTITY_AT(unit), "no", 0, 0, NULL, "softmax and verification see codes of length 1" },    \
    { "margin", OPTION_FLOAT, IDENTITY_AT(margin), "0", 0, 1, NULL, "with unit: margin of the cosine softmax" },       \
    { "scale", OPTION_FLOAT, IDENTITY_AT(scale), "24", 1, 128, NULL, "with unit: factor of the cosine softmax" },      \
    { "identify", OPTION_BOOL, IDENTITY_AT(identify), "yes", 0, 0, NULL,                                               \
      "the identification signal; no: verification alone" },                                                           \
    { "verify", OPTION_CHOICE, IDENTITY_AT(verify), "l2", 0, 0, "l2 l2+ l2- l1 cosine none",                           \
      "the verification signal: of both kinds of pairs, of same (+) or different (-) ones" },                          \
    { "pair_weight", OPTION_FLOAT, IDENTITY_AT(pair_weight), "0.05", 0, 100, NULL,                                     \
      "weight of the verification signal, the paper's lambda" },                                                       \
    { "pair_margin", OPTION_FLOAT, IDENTITY_AT(pair_margin), "1", 0, 1000, NULL,                                       \
      "first margin of the verification signal; the task resets it" },                                                 \
    { "drop", OPTION_FLOAT, IDENTITY_AT(drop), "0", 0, 0.9, NULL,                                                      \
      "part of the features that the softmax does not see" },                                                          \
    { "at", OPTION_CHOICE, IDENTITY_AT(at), "face", 0, 0,                                                              \
      "face eyes middle mouth left_eye right_eye left_mouth right_mouth",                                              \
      "the patch: where the crop that the net sees is centred" },                                                      \
    { "zoom", OPTION_FLOAT, IDENTITY_AT(zoom), "1", 0.5, 3, NULL,                                                      \
      "the patch: how much larger than in the crop of the whole face" },                                               \
    { "grey", OPTION_BOOL, IDENTITY_AT(grey), "no", 0, 0, NULL, "the patch: without colour" }

/* relu of the (normalised) layer `from`, which is called `name`. */
int identity_relu(struct net_builder *b, const struct deepid2_options *o, const char *name, int from);
/* DeepID2's four convolutions, shared, shared, locally shared and unshared, from the input "face": the joined maps of
 * pool3 and conv4. */
int identity_trunk(struct net_builder *b, const struct deepid2_options *o);
/* Full layer "feature" to a kept layer "code"; with people the losses "identify" and "verify" on it against the input
 * `who`. `at`: "", or what is put behind these names when there are several. */
void identity_code(struct net_builder *b, const struct deepid2_options *o, const char *at, int from, int who);
/* The input of persons' numbers, or 0 when nothing is to be learnt. */
int identity_who(struct net_builder *b, const struct deepid2_options *o);

#endif
