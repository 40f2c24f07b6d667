/* SPDX-License-Identifier: MIT
 * Tracking sequences as the OTB benchmark lays them out: a folder each, with the pictures in img/ or in frames.mkv, and
 * groundtruth_rect.txt, or groundtruth_rect.1.txt, .2.txt ... when there are several targets; or as the TLD set does:
 * gt.txt with x1,y1,x2,y2. What makes a sequence hard stands in attrs.txt beside it, or is known by its OTB name. */
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
    unsigned attributes;     /* bit i: sequence_attribute(i) */
};
struct sequences { struct arena *arena; struct sequence *all; size_t n, room; };

/* All sequences below `folder` in natural order of their names, or the one that `folder` is. `only`: NULL, or names
 * separated by commas. Every first box must be there. */
enum status sequences_read(struct sequences *out, const char *folder, const char *only);
void sequences_free(struct sequences *s);

/* sequence_attributes.c */
enum { SEQUENCE_ATTRIBUTES = 11 };
const char *sequence_attribute(int i); /* "IV" */
/* Of "IV, SV": its bits; words that are no attribute are passed over. */
unsigned sequence_attributes_parse(const char *text);
unsigned sequence_attributes_known(const char *name); /* by the benchmark's table; 0: not there */

#endif
