/* SPDX-License-Identifier: MIT
 * Tracking sequences as the OTB benchmark lays them out: a folder each, with the pictures in img/ or in frames.mkv, and
 * groundtruth_rect.txt, or groundtruth_rect.1.txt, .2.txt ... when there are several targets. */
#ifndef FACETRAIL_TRAIN_SEQUENCES_H
#define FACETRAIL_TRAIN_SEQUENCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/box.h"
#include "base/memory.h"

struct sequence {
    const char *name;   /* "Jogging", or "Jogging.2" for a further target */
    const char *pictures; /* what capture_open takes */
    const struct box *truth; /* [n]; corners from 0. w 0: absent or unknown in that frame, not to be counted */
    int n;
};
struct sequences { struct arena *arena; struct sequence *all; size_t n, room; };

/* All sequences below `folder` in natural order of their names, or the one that `folder` is. `only`: NULL, or names
 * separated by commas. Every first box must be there. */
enum status sequences_read(struct sequences *out, const char *folder, const char *only);
void sequences_free(struct sequences *s);

#endif
