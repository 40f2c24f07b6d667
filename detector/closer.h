/* SPDX-License-Identifier: MIT
 * A closer look where small faces seem to be: LNet over the doubled picture, but only around what its first look took
 * for one. A face of ten pixels is little more than one of LNet's cells; doubled it is four. */
#ifndef FACETRAIL_DETECTOR_CLOSER_H
#define FACETRAIL_DETECTOR_CLOSER_H

#include <stdbool.h>

#include "base/image.h"
#include "base/status.h"
#include "detector/locate.h"

/* Who wants no face lower than this, in pixels, needs no closer look. */
#define CLOSER_BELOW 20
/* Least score of a small window that is worth one: less than a face needs, it may be a face seen badly. */
#define CLOSER_HINT 0.3f

struct closer;
/* half, int8: see net_run_half. `net` must outlive it. */
enum status closer_open(struct closer **out, const struct net *net, const struct locate *locate, bool half, bool int8);
void closer_close(struct closer **c);
/* Memory for pictures of w x h. */
enum status closer_plan(struct closer *c, int w, int h);
/* windows[0 .. n), in pixels of `im`, all with scores from CLOSER_HINT on: drops those with a response below `least` (a
 * logit) and appends the small ones with at least that found around small ones; the new n, at most max: where more pass, the
 * best of the first stay. Allocates nothing. */
int closer_look(struct closer *c, struct image im, float least, struct window *windows, int n, int max);

#endif
