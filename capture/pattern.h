/* SPDX-License-Identifier: MIT
 * The synthetic source: persons drawn plainly by us, moving, crossing, leaving and coming back, with the truth known.
 * `pattern:faces=3,frames=100,size=640x360,seed=1,rate=25,live=0`; each part may be left out, frames=0 never ends.
 * The same URL gives the same pixels everywhere; live=1 keeps real time and counts as a camera. */
#ifndef FACETRAIL_CAPTURE_PATTERN_H
#define FACETRAIL_CAPTURE_PATTERN_H

#include <stdbool.h>

#include "base/face.h"
#include "base/status.h"

enum { PATTERN_FACES = 32 };
struct pattern {
    int faces;
    int64_t frames;
    int width, height;
    uint64_t seed;
    int rate_num, rate_den;
    bool live;
};

/* `url` with or without "pattern:". */
enum status pattern_parse(struct pattern *out, const char *url);
/* The faces that can be seen in frame n, in source pixels, nearest last: box and marks, and the person's number
 * (0 to faces - 1, the same in every frame) in `track`; `score` is the part of the face that is seen.
 * Faces less than half in the picture or more than half hidden are left out. Returns how many. */
int pattern_truth(const struct pattern *p, int64_t n, struct face *faces, int max);

#endif
