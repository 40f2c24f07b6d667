/* SPDX-License-Identifier: MIT
 * A lane a thread; frame i goes through lane i modulo their number, so nobody has to sort. */
#include "pipeline/ahead.h"

#include <pthread.h>
#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"

enum { HAND_ON_ROOM = 2, LANE_ROOM = 1, MESSAGE_SIZE = 1024 };

struct lane {
    const struct ahead_work *work;
    void *state;
    struct queue *in, *out; /* out NULL: no thread, in is where frames come out */
    pthread_t thread;
    bool started;
    enum status status;
    char message[MESSAGE_SIZE];
};

struct ahead {
    struct ahead_work work;
    struct lane lanes[AHEAD_MOST];
    int n_lanes;
    unsigned pushed, popped;
};

int ahead_frames(const struct ahead_work *work)
{
    return work->n > 0 ? work->n * (2 * LANE_ROOM + 1) : HAND_ON_ROOM;
}

enum status ahead_create(struct ahead **out, const struct ahead_work *work, enum queue_full when_full)
{
    CHECK(work->n >= 0 && work->n <= AHEAD_MOST && (work->n <= 1 || when_full == QUEUE_WAIT));
    struct ahead *a = memory_alloc(1, sizeof *a);
    *out = a;
    if (!a)
        return fail(NO_RESOURCE, "no memory for threads ahead");
    a->work = *work;
    a->n_lanes = work->n > 0 ? work->n : 1;
    enum status s = OK;
    for (int i = 0; i < a->n_lanes && !s; i++) {
        struct lane *l = &a->lanes[i];
        l->work = &a->work;
        l->state = work->states[i];
        s = queue_create(&l->in, work->n > 0 ? LANE_ROOM : HAND_ON_ROOM, when_full);
        if (!s && work->n > 0)
            s = queue_create(&l->out, LANE_ROOM, QUEUE_WAIT);
    }
    return s;
}

void ahead_free(struct ahead **a)
{
    for (int i = 0; *a && i < (*a)->n_lanes; i++) {
        queue_free(&(*a)->lanes[i].in);
        queue_free(&(*a)->lanes[i].out);
    }
    memory_free(a);
}

enum status ahead_push(struct ahead *a, struct frame *f, void **dropped)
{
    return queue_push(a->lanes[a->pushed++ % (unsigned)a->n_lanes].in, f, dropped);
}

void ahead_finish(struct ahead *a)
{
    for (int i = 0; i < a->n_lanes; i++)
        queue_finish(a->lanes[i].in);
}

enum status ahead_pop(struct ahead *a, void **frame)
{
    const struct lane *l = &a->lanes[a->popped++ % (unsigned)a->n_lanes];
    return queue_pop(l->out ? l->out : l->in, frame);
}

void ahead_leave(struct ahead *a)
{
    for (int i = 0; i < a->n_lanes; i++) {
        struct lane *l = &a->lanes[i];
        if (l->out)
            queue_leave(l->out);
        if (!l->started)
            queue_leave(l->in); /* or else its thread does */
    }
}

static void *lane_main(void *given)
{
    struct lane *l = given;
    void *item;
    while (queue_pop(l->in, &item) == OK) {
        struct frame *f = item;
        const int64_t from = clock_us();
        l->status = l->work->run(l->state, f);
        f->spent_us[l->work->number] += clock_us() - from;
        if (l->status) {
            fail_copy(l->message, sizeof l->message);
            break;
        }
        if (queue_push(l->out, f, NULL))
            break;
    }
    queue_leave(l->in);
    queue_finish(l->out);
    return NULL;
}

enum status ahead_start(struct ahead *a)
{
    for (int i = 0; i < a->work.n; i++) {
        struct lane *l = &a->lanes[i];
        if (pthread_create(&l->thread, NULL, lane_main, l) != 0)
            return fail(NO_RESOURCE, "the system gives no thread");
        l->started = true;
    }
    return OK;
}

enum status ahead_join(struct ahead *a)
{
    const struct lane *bad = NULL;
    for (int i = 0; i < a->work.n; i++) {
        struct lane *l = &a->lanes[i];
        if (l->started)
            pthread_join(l->thread, NULL);
        bad = !bad && l->status ? l : bad;
    }
    return bad ? fail(bad->status, "%s", bad->message) : OK;
}
