/* SPDX-License-Identifier: MIT
 * Changes to small crops that nets learn from. */
#ifndef FACETRAIL_TRAIN_CROP_H
#define FACETRAIL_TRAIN_CROP_H

#include <stdint.h>

#include "base/image.h"

/* Normal with deviation `by`, cut off at 2.2 deviations. */
float crop_wobble(float by, uint64_t *random);
/* What image_warp_planes draws of a patch of at most CROP_PATCH_MOST pixels a side, which has lost resolution before: `blur`
 * of its side is left (1: all). */
enum { CROP_PATCH_MOST = 96 };
void crop_draw(float *out, int side, struct image patch, struct warp to_patch, float blur);
/* Other light, and no colour in `grey` of the cases, in three planes of `plane` values from -1 to 1. */
void crop_colour(float *crop, int plane, float grey, uint64_t *random);

#endif
