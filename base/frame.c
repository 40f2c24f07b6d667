/* SPDX-License-Identifier: MIT
 * The pool: faces of all frames from one arena at the start; pictures get their room when the source's size is known. */
#include "base/frame.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

enum { ROW_ALIGNMENT = 64, BEHIND = 64 }; /* scalers write whole vectors: a little room behind the last row */

struct room { uint8_t *at; size_t bytes; };

/* A frame as the pool sees it; `frame` comes first, so a frame's address is its slot's. */
struct slot {
    struct frame frame;
    struct room source, work;
    bool out;
};

struct frame_pool {
    pthread_mutex_t lock;
    struct arena *arena;
    struct slot *slots;
    int n;
};

static enum status pool_fill(struct frame_pool *p, int n_frames, int max_faces)
{
    p->slots = arena_alloc(p->arena, (size_t)n_frames, sizeof *p->slots);
    struct face *faces = arena_alloc(p->arena, (size_t)n_frames * (size_t)max_faces, sizeof *faces);
    enum status s = arena_seal(p->arena);
    if (s)
        return s;
    p->n = n_frames;
    for (int i = 0; i < n_frames; i++) {
        p->slots[i].frame.faces = faces + (size_t)i * (size_t)max_faces;
        p->slots[i].frame.max_faces = max_faces;
    }
    return OK;
}

enum status frame_pool_create(struct frame_pool **out, int n_frames, int max_faces)
{
    CHECK(n_frames > 0 && max_faces >= 0);
    *out = NULL;
    struct arena *arena = arena_create();
    struct frame_pool *p = arena_alloc(arena, 1, sizeof *p);
    if (!p || pthread_mutex_init(&p->lock, NULL) != 0) {
        arena_free(&arena);
        return fail(NO_RESOURCE, "no memory for %d frames", n_frames);
    }
    p->arena = arena;
    enum status s = pool_fill(p, n_frames, max_faces);
    if (s)
        frame_pool_free(&p);
    *out = p;
    return s ? fail_in(s, "%d frames of %d faces", n_frames, max_faces) : OK;
}

void frame_pool_free(struct frame_pool **pool)
{
    struct frame_pool *p = *pool;
    if (!p)
        return;
    for (int i = 0; i < p->n; i++) {
        memory_free(&p->slots[i].source.at);
        memory_free(&p->slots[i].work.at);
    }
    pthread_mutex_destroy(&p->lock);
    struct arena *arena = p->arena;
    arena_free(&arena);
    *pool = NULL;
}

/* Nothing of an earlier use may be seen, but face records are not wiped: n_faces says how many count. */
static void begin(struct frame *f)
{
    struct face *faces = f->faces;
    int max_faces = f->max_faces;
    memset(f, 0, sizeof *f);
    f->faces = faces;
    f->max_faces = max_faces;
    f->to_source = 1;
}

struct frame *frame_get(struct frame_pool *pool)
{
    struct slot *found = NULL;
    pthread_mutex_lock(&pool->lock);
    for (int i = 0; i < pool->n && !found; i++)
        if (!pool->slots[i].out)
            found = &pool->slots[i];
    if (found)
        found->out = true;
    pthread_mutex_unlock(&pool->lock);
    if (!found)
        return NULL;
    begin(&found->frame);
    return &found->frame;
}

void frame_put(struct frame_pool *pool, struct frame *frame)
{
    struct slot *slot = (struct slot *)(void *)frame;
    CHECK(slot >= pool->slots && slot < pool->slots + pool->n);
    pthread_mutex_lock(&pool->lock);
    CHECK(slot->out);
    slot->out = false;
    pthread_mutex_unlock(&pool->lock);
}

/* Points `out` at room for a picture of w x h; takes more memory when there was never such a large one. */
static enum status fit(struct image *out, struct room *room, int w, int h)
{
    if (w <= 0 || h <= 0 || w > (INT_MAX - ROW_ALIGNMENT) / IMAGE_PIXEL)
        return fail(BAD_USAGE, "a picture of %d x %d", w, h);
    int stride = (w * IMAGE_PIXEL + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT;
    size_t bytes = (size_t)stride * (size_t)h + BEHIND;
    if (bytes > room->bytes) {
        uint8_t *at = memory_alloc(bytes, 1);
        if (!at)
            return fail(NO_RESOURCE, "no memory for a picture of %d x %d", w, h);
        memory_free(&room->at);
        *room = (struct room){at, bytes};
    }
    *out = (struct image){room->at, w, h, stride};
    return OK;
}

enum status frame_fit(struct frame *frame, int source_w, int source_h, int work_w, int work_h)
{
    struct slot *slot = (struct slot *)(void *)frame;
    enum status s = fit(&frame->source, &slot->source, source_w, source_h);
    if (s)
        return s;
    if (work_w == source_w && work_h == source_h)
        frame->image = frame->source;
    else if ((s = fit(&frame->image, &slot->work, work_w, work_h)))
        return s;
    frame->to_source = (float)source_w / (float)work_w;
    return OK;
}
