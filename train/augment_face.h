/* SPDX-License-Identifier: MIT
 * One stored crop (train/data.h) to one net input, varied as our detector, cameras and people vary. */
#ifndef FACETRAIL_TRAIN_AUGMENT_FACE_H
#define FACETRAIL_TRAIN_AUGMENT_FACE_H

#include <stdint.h>

#include "base/image.h"
#include "recognizer/patch.h"

struct augment_options {
    float shift, scale, turn;             /* deviation, cut at twice: canonical pixels, part, degrees */
    float mirror;                         /* how often */
    float brightness, contrast, saturation; /* up to so much, part of the range */
    float grey, blur, occlude;            /* how often */
    float blur_least;                     /* smallest part of the resolution that blur leaves */
};

/* out: the patch [3, CROP_H, CROP_W], (value - 127.5) / 128. */
void augment_face(float *out, struct image stored, const struct patch *patch, const struct augment_options *o,
                  uint64_t *random);
/* The patch of the face as it is, or of its mirror image. */
void augment_nothing(float *out, struct image stored, const struct patch *patch, bool mirror);

#endif
