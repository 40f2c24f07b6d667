/* SPDX-License-Identifier: MIT
 * One stored crop (train/data.h) to one net input, varied as our detector, cameras and people vary. */
#ifndef FACETRAIL_TRAIN_AUGMENT_FACE_H
#define FACETRAIL_TRAIN_AUGMENT_FACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/image.h"
#include "recognizer/patch.h"

struct augment_options {
    float shift, scale, turn;             /* deviation, cut at twice: canonical pixels, part, degrees */
    float mirror;                         /* how often */
    float brightness, contrast, saturation; /* up to so much, part of the range */
    float tint, light;                    /* up to so much: a channel's gain; what is added from one edge to the other */
    float grey, blur, occlude;            /* how often */
    float blur_least;                     /* smallest part of the resolution that blur leaves */
};

/* Rows of an option table over a task's options, a `type` whose member `member` is a struct augment_options. */
#define AUGMENT_OPTIONS(type, member)                                                                                  \
    { "shift", OPTION_FLOAT, offsetof(type, member.shift), "1", 0, 6, NULL,                                          \
      "deviation of the shift in crop pixels" },                                                                       \
    { "scale", OPTION_FLOAT, offsetof(type, member.scale), "0.04", 0, 0.3, NULL, "deviation of the size" },          \
    { "turn", OPTION_FLOAT, offsetof(type, member.turn), "3", 0, 45, NULL, "deviation of the turn in degrees" },     \
    { "mirror", OPTION_FLOAT, offsetof(type, member.mirror), "0.5", 0, 1, NULL, "how often faces are mirrored" },    \
    { "brightness", OPTION_FLOAT, offsetof(type, member.brightness), "0.2", 0, 1, NULL, "most that is added" },      \
    { "contrast", OPTION_FLOAT, offsetof(type, member.contrast), "0.2", 0, 1, NULL, "most that contrast changes" },  \
    { "saturation", OPTION_FLOAT, offsetof(type, member.saturation), "0.3", 0, 1, NULL,                              \
      "most that saturation changes" },                                                                                \
    { "tint", OPTION_FLOAT, offsetof(type, member.tint), "0", 0, 0.9, NULL, "most that each colour is made stronger or weaker" }, \
    { "light", OPTION_FLOAT, offsetof(type, member.light), "0", 0, 2, NULL, "most that is added from one edge to the other" }, \
    { "grey", OPTION_FLOAT, offsetof(type, member.grey), "0.05", 0, 1, NULL, "how often faces lose colour" },        \
    { "blur", OPTION_FLOAT, offsetof(type, member.blur), "0.2", 0, 1, NULL, "how often faces lose resolution" },     \
    { "blur_least", OPTION_FLOAT, offsetof(type, member.blur_least), "0.3", 0.1, 1, NULL,                            \
      "least resolution that is left" },                                                                               \
    { "occlude", OPTION_FLOAT, offsetof(type, member.occlude), "0.1", 0, 1, NULL, "how often a block is covered" }

/* out: the patch [3, CROP_H, CROP_W], (value - 127.5) / 128. */
void augment_face(float *out, struct image stored, const struct patch *patch, const struct augment_options *o,
                  uint64_t *random);
/* The patch of the face as it is, or of its mirror image. */
void augment_nothing(float *out, struct image stored, const struct patch *patch, bool mirror);

#endif
