/* SPDX-License-Identifier: MIT
 * What `eval tracking` prints and draws beside its last line. */
#ifndef FACETRAIL_TRAIN_TRACKING_REPORT_H
#define FACETRAIL_TRAIN_TRACKING_REPORT_H

#include "base/status.h"
#include "train/sequences.h"
#include "train/tracking_score.h"

/* A row for each attribute that a sequence has: means over its targets. scores [s->n]. */
void tracking_print_attributes(const struct sequences *s, const struct tracking_score *scores);
/* One line, when a target was ever absent. */
void tracking_print_returns(const struct tracking_returns *r);
/* FOLDER/NAME.txt: a line a frame, x,y,width,height from 1 as OTB counts, and the tracker's confidence. */
enum status tracking_write(const char *folder, const char *name, const struct box *found, const float *sure, int n);
/* Success over n targets into `out`, precision into the PNG beside it. */
enum status tracking_draw(const char *out, const char *tracker, const struct tracking_score *mean, int n);

#endif
