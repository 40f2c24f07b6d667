/* SPDX-License-Identifier: MIT
 * A picture of what a tracker's heads see: the search region, and the heat of each head over it (FCNT's figures 3 and 7:
 * GNet fires on similar things nearby, SNet tells them apart). */
#ifndef FACETRAIL_TRAIN_TRACKING_HEAT_H
#define FACETRAIL_TRAIN_TRACKING_HEAT_H

#include "tracker/single.h"

/* A PNG: the region with the box found in it, GNet's heat, SNet's. BAD_USAGE when the kind has no such heads. */
enum status tracking_heat(const char *path, const struct single_kind *kind, void *tracker, struct image im, struct box found);

#endif
