/* SPDX-License-Identifier: MIT
 * The table of followers of one target, and its simplest entries: one that never moves (what any other must beat) and
 * what the many-face tracker follows between detections. */
#include "tracker/single.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
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

/* One target of the many: the patch and the head of look.c, with nobody else about and no detections. */
struct alone { struct arena *memory; struct tracker tracker; struct target target; int frame; };

static void alone_close(void **tracker)
{
    struct alone *a = *tracker;
    struct arena *memory = a->memory;
    *tracker = NULL;
    arena_free(&memory);
}

static enum status alone_open(void **out, const void *options)
{
    struct arena *memory = arena_create();
    struct alone *a = arena_alloc(memory, 1, sizeof *a);
    (void)options;
    if (a) {
        a->memory = memory;
        a->tracker.heads = heads_open(memory, 1);
    }
    enum status s = arena_seal(memory);
    if (s)
        arena_free(&memory);
    *out = s ? NULL : a;
    return s;
}

static enum status alone_start(void *tracker, struct image im, struct box box)
{
    struct alone *a = tracker;
    a->target.follow.known = false;
    follow_learn(&a->target.follow, im, box, 1);
    if (!a->target.follow.known)
        return fail(BAD_USAGE, "faces: the box holds nothing to follow");
    heads_give(a->tracker.heads, a->frame ? 0 : -1);
    a->target.head = heads_take(a->tracker.heads);
    a->frame = 1;
    heads_learn(a->tracker.heads, a->target.head, im, box);
    return OK;
}

static float alone_update(void *tracker, struct image im, struct box *box)
{
    static const float alike = 0.7f, share = 0.05f;
    enum { EVERY = 4 };
    struct alone *a = tracker;
    float likeness = look_search(&a->tracker, &a->target, im, box);
    if (likeness > alike)
        follow_learn(&a->target.follow, im, *box, share);
    if (likeness > alike && a->frame++ % EVERY == 0)
        heads_learn(a->tracker.heads, a->target.head, im, *box);
    return likeness;
}

static const struct single_kind still = {
    .name = "still", .about = "never moves: the baseline",
    .open = simple_open, .start = still_start, .update = still_update, .close = simple_close,
};
static const struct single_kind pixels = {
    .name = "pixels", .about = "normalised correlation of a small grey patch, as between detections",
    .open = simple_open, .start = pixels_start, .update = pixels_update, .close = simple_close,
};

static const struct single_kind faces = {
    .name = "faces", .about = "a small head and the patch, as between detections with track.follow = fcnt",
    .open = alone_open, .start = alone_start, .update = alone_update, .close = alone_close,
};

static const struct single_kind *const kinds[] = {&still, &pixels, &faces, &single_fcnt, &single_fcnt_paper};

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

enum status single_choose(const struct single_kind **out, void *values, const char *name)
{
    char names[256] = "";
    *out = single_find(name);
    if (*out) {
        CHECK((*out)->options_size <= SINGLE_OPTIONS);
        if ((*out)->options)
            option_defaults((*out)->options, values);
        return OK;
    }
    for (int i = 0; i < single_count(); i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", kinds[i]->name);
    return fail(BAD_USAGE, "there is no tracker \"%s\"; there are %s", name, names);
}
