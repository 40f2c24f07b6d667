/* SPDX-License-Identifier: MIT
 * Followers of one target whose first box is given: the table behind `eval tracking`. */
#ifndef FACETRAIL_TRACKER_SINGLE_H
#define FACETRAIL_TRACKER_SINGLE_H

#include <stddef.h>

#include "base/image.h"
#include "base/option.h"
#include "base/status.h"

/* What the heads of the last frame saw: `grid` x `grid` cells over a square of the picture. */
struct single_heats { struct box region; int grid; const float *general, *specific; };

struct single_kind {
    const char *name, *about;
    const struct option *options; /* NULL: none */
    const char *group;            /* their name before the dot */
    size_t options_size;
    enum status (*open)(void **out, const void *options); /* takes all memory there will be */
    /* `box` frames the target in `im`, in pixels. May be called again for another target. Fails when there is nothing
     * to learn: an empty box, or one outside the picture. */
    enum status (*start)(void *tracker, struct image im, struct box box);
    /* Moves *box, which holds the last answer, to the target's place in the next picture (of the same size), and returns
     * how sure that is, 0 to 1. Allocates nothing, cannot fail. */
    float (*update)(void *tracker, struct image im, struct box *box);
    void (*heats)(void *tracker, struct single_heats *out); /* NULL: it has no such heads */
    void (*close)(void **tracker);
};

const struct single_kind *single_find(const char *name); /* NULL: none */
/* The same for a name that a user gave: BAD_USAGE lists those there are. `values` [SINGLE_OPTIONS bytes] get the defaults. */
enum { SINGLE_OPTIONS = 1024 };
enum status single_choose(const struct single_kind **out, void *values, const char *name);
int single_count(void);
const struct single_kind *single_at(int i);

#endif
