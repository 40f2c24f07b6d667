/* SPDX-License-Identifier: MIT
 * LNet's options and how its maps are read: what the detector and the training task must agree on. */
#ifndef FACETRAIL_NETS_MODELS_LNET_H
#define FACETRAIL_NETS_MODELS_LNET_H

#include "nets/models/models.h" /* struct lnet_options */

/* Kept layers at each stride s: responseS [n, 1, h, w], a logit; boxesS [n, 4, h, w], logarithms of the distances
 * from the cell's centre to the left, top, right and bottom edge, in strides; pointsS [n, 10, h, w], x and y of the five
 * marks from the cell's centre, in strides. */
enum { LNET_STRIDES = 3, LNET_FIRST_STRIDE = 8, LNET_MULTIPLE = 32 };

#endif
