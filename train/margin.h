/* SPDX-License-Identifier: MIT
 * The margin of a verification signal, reset now and then to the distance that told the last pairs apart best
 * (papers.md section 3: learnt by gradient it would collapse). */
#ifndef FACETRAIL_TRAIN_MARGIN_H
#define FACETRAIL_TRAIN_MARGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { MARGIN_BINS = 768 };

struct margin {
    float *value;                 /* the net's own */
    int64_t seen[2][MARGIN_BINS]; /* distances of different and same pairs since the last reset; bins of 2 % */
    int64_t n_seen;
    double error;                 /* of the last reset: part of its pairs that the margin calls wrongly */
};

enum margin_distance { DISTANCE_L2, DISTANCE_L1 };
/* Of codes as they are, or as if both had length 1. */
double margin_distance(const float *a, const float *b, int n, bool unit, enum margin_distance form);
void margin_see(struct margin *m, double distance, bool same);
/* The least error over the pairs seen, which are then forgotten. */
void margin_reset(struct margin *m);
/* As text for a checkpoint: "error n  bin different same ...", bins that are not empty. Returns its length. */
int margin_write(const struct margin *m, char *out, int size);
/* The same back; *text is moved behind it: to the end, or to " ;" when more follow. BAD_DATA. */
enum status margin_read(struct margin *m, const char **text);

#endif
