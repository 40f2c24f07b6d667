/* SPDX-License-Identifier: MIT
 * Many windows to one face. */
#ifndef FACETRAIL_DETECTOR_MERGE_H
#define FACETRAIL_DETECTOR_MERGE_H

#include "detector/window.h"

/* Non-maximum suppression in place: the best window takes those that overlap it more than `overlap` (IoU) with it, and
 * those of which one lies nearly whole in the other; its box and marks become the mean of the near ones, weighted by
 * score; its score stays. Returns how many are left, best first. */
int merge_windows(struct window *windows, int n, float overlap);
/* Puts the best `most` of n windows first, best first; returns how many there are then. */
int merge_best(struct window *windows, int n, int most);

#endif
