/* SPDX-License-Identifier: MIT
 * The table of followers of one target, and its two simplest entries: one that never moves (what any other must beat)
 * and the pixels that the many-face tracker follows between detections. */
#include "tracker/single.h"

#include <string.h>

#include "base/memory.h"
#include "tracker/internal.h"
#include "tracker/single_kinds.h"

struct simple { struct follow follow; };

static enum status simple_open(void **out, const void *options)
{
    (void)options;
    *out = memory_alloc(1, sizeof(struct simple));
    return *out ? OK : fail(NO_RESOURCE, "tracker: no memory");
}

static void simple_close(void **tracker)
{
    memory_free(tracker);
}

static enum status still_start(void *tracker, struct image im, struct box box)
{
    (void)tracker;
    (void)im;
    (void)box;
    return OK;
}

static float still_update(void *tracker, struct image im, struct box *box)
{
    (void)tracker;
    (void)im;
    (void)box;
    return 1;
}

static enum status pixels_start(void *tracker, struct image im, struct box box)
{
    struct simple *t = tracker;
    t->follow.known = false;
    follow_learn(&t->follow, im, box, 1);
    return t->follow.known ? OK : fail(BAD_USAGE, "pixels: the box holds nothing to follow");
}

/* There is no detection to learn from: what looks alike is learnt a little. */
static float pixels_update(void *tracker, struct image im, struct box *box)
{
    static const float alike = 0.7f, share = 0.05f;
    struct simple *t = tracker;
    float likeness = follow_search(&t->follow, im, box);
    if (likeness > alike)
        follow_learn(&t->follow, im, *box, share);
    return likeness > 0 ? likeness : 0;
}

static const struct single_kind still = {
    .name = "still", .about = "never moves: the baseline",
    .open = simple_open, .start = still_start, .update = still_update, .close = simple_close,
};
static const struct single_kind pixels = {
    .name = "pixels", .about = "normalised correlation of a small grey patch, as between detections",
    .open = simple_open, .start = pixels_start, .update = pixels_update, .close = simple_close,
};

static const struct single_kind *const kinds[] = {&still, &pixels, &single_fcnt, &single_fcnt_paper};

int single_count(void)
{
    return (int)(sizeof kinds / sizeof kinds[0]);
}

const struct single_kind *single_at(int i)
{
    return kinds[i];
}

const struct single_kind *single_find(const char *name)
{
    for (int i = 0; i < single_count(); i++)
        if (!strcmp(kinds[i]->name, name))
            return kinds[i];
    return NULL;
}
