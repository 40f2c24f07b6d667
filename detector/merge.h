/* SPDX-License-Identifier: MIT
 * Many windows to one face. */
#ifndef FACETRAIL_DETECTOR_MERGE_H
#define FACETRAIL_DETECTOR_MERGE_H

#include "detector/window.h"

/* Non-maximum suppression in place: the best window takes those that overlap it more than `overlap` (IoU) with it, and
 * its box and marks become their mean, weighted by score; its score stays. Returns how many are left, best first. */
int merge_windows(struct window *windows, int n, float overlap);

#endif
