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
struct closer_wants {
    float least;   /* response of a window, a logit */
    float overlap; /* see merge_windows */
};
/* windows[0 .. n), in pixels of `im`, scores from CLOSER_HINT on or less: merges them, drops those below `least`, and appends
 * the small ones that are found (and merged) around small ones; the new n, at most max. Allocates nothing. */
int closer_look(struct closer *c, struct image im, struct closer_wants wants, struct window *windows, int n, int max);

#endif
