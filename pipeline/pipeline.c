/* SPDX-License-Identifier: MIT
 * Threads, queues and the pool. A frame goes round: empty queue, capture, analysis, sinks, empty queue. */
#include "pipeline/pipeline.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/queue.h"
#include "capture/capture.h"
#include "pipeline/report.h"

enum {
    QUEUE_ROOM = 2,                    /* frames from analysis to sinks: enough to smooth, few for a low delay */
    HANDS = 3,                         /* capture, analysis, sinks */
    IDLE_US = 30000,
    MESSAGE_SIZE = 1024,
};

struct stage {
    const struct stage_kind *kind;
    void *state;
    int number; /* in frame->spent_us */
    bool open, failed;
};

/* How one thread ended. */
struct outcome { enum status status; char message[MESSAGE_SIZE]; };

struct pipeline {
    struct arena *arena;
    struct pipeline_plan plan;
    struct stage *stages, *sinks;
    struct frame_pool *pool;
    struct frame **frames;
    int n_frames;
    struct queue *empty, *analysed;
    struct ahead *captured;
    struct outcome capturing, analysing, sinking;
    atomic_bool quit; /* a sink has had enough, or something failed: capture ends too */
    int64_t done;
};

static void keep(struct outcome *o, enum status s)
{
    if (o->status != OK || s >= 0)
        return;
    o->status = s;
    fail_copy(o->message, sizeof o->message);
}

static enum status open_stages(struct pipeline *p, struct stage *to, const struct pipeline_stage *from, int n, int number)
{
    for (int i = 0; i < n; i++) {
        to[i].open = true; /* close copes with half-opened states */
        to[i].number = number + i;
        enum status s = from[i].kind->open(to[i].state, p->plan.context, from[i].options);
        if (s)
            return s;
    }
    return OK;
}

static struct stage *make_stages(struct arena *a, const struct pipeline_stage *from, int n)
{
    struct stage *stages = arena_alloc(a, (size_t)n + 1, sizeof *stages);
    for (int i = 0; stages && i < n; i++) {
        stages[i].kind = from[i].kind;
        stages[i].state = arena_alloc(a, 1, from[i].kind->state_size + 1);
    }
    return stages;
}

static enum status make_queues(struct pipeline *p)
{
    bool live = p->plan.context->info->kind == CAPTURE_LIVE;
    enum status s;
    if (p->plan.threads == 0)
        return OK;
    if ((s = queue_create(&p->empty, p->n_frames, QUEUE_WAIT)) ||
        (s = ahead_create(&p->captured, &p->plan.ahead, live ? QUEUE_DROP_OLDEST : QUEUE_WAIT)) ||
        (s = queue_create(&p->analysed, QUEUE_ROOM, QUEUE_WAIT)))
        return s;
    for (int i = 0; i < p->n_frames; i++)
        if ((s = queue_push(p->empty, p->frames[i], NULL)))
            return s;
    return OK;
}

enum status pipeline_create(struct pipeline **out, const struct pipeline_plan *plan)
{
    *out = NULL;
    CHECK(1 + plan->n_stages + plan->n_sinks <= FRAME_STAGES);
    struct arena *a = arena_create();
    struct pipeline *p = arena_alloc(a, 1, sizeof *p);
    if (!p) {
        arena_free(&a);
        return fail(NO_RESOURCE, "no memory for the pipeline");
    }
    p->arena = a;
    p->plan = *plan;
    p->stages = make_stages(a, plan->stages, plan->n_stages);
    p->sinks = make_stages(a, plan->sinks, plan->n_sinks);
    p->n_frames = plan->threads == 0 ? 1 : QUEUE_ROOM + HANDS + ahead_frames(&plan->ahead);
    p->frames = arena_alloc(a, (size_t)p->n_frames, sizeof *p->frames);

    enum status s;
    if ((s = arena_seal(a)) || (s = frame_pool_create(&p->pool, p->n_frames, plan->max_faces)))
        goto failed;
    for (int i = 0; i < p->n_frames; i++)
        CHECK((p->frames[i] = frame_get(p->pool)) != NULL);
    if ((s = make_queues(p)) || (s = open_stages(p, p->stages, plan->stages, plan->n_stages, 1)) ||
        (s = open_stages(p, p->sinks, plan->sinks, plan->n_sinks, 1 + plan->n_stages)))
        goto failed;
    *out = p;
    return OK;
failed:
    pipeline_free(&p);
    return s;
}

static bool stopped(struct pipeline *p)
{
    return atomic_load(p->plan.stop) || atomic_load(&p->quit);
}

static enum status capture_frame(struct pipeline *p, struct frame *f)
{
    f->n_faces = 0;
    f->searched = false;
    memset(f->spent_us, 0, sizeof f->spent_us);
    if (stopped(p))
        return END;
    int64_t from = clock_us();
    enum status s = capture_read(p->plan.capture, f);
    f->spent_us[0] = clock_us() - from;
    return s;
}

static enum status run_stages(struct stage *stages, int n, struct frame *f)
{
    for (int i = 0; i < n; i++) {
        int64_t from = clock_us();
        enum status s = stages[i].kind->run(stages[i].state, f);
        f->spent_us[stages[i].number] += clock_us() - from;
        if (s) {
            stages[i].failed = s < 0;
            return s;
        }
    }
    return OK;
}

static enum status sink_frame(struct pipeline *p, struct frame *f)
{
    enum status s = run_stages(p->sinks, p->plan.n_sinks, f);
    if (s < 0)
        return s;
    p->done++;
    if (p->plan.report)
        report_frame(p->plan.report, f);
    return s;
}

static void *capture_main(void *given)
{
    struct pipeline *p = given;
    struct frame *f = NULL;
    for (;;) {
        void *item = NULL, *dropped = NULL;
        if (!f && queue_pop(p->empty, &item))
            break;
        f = f ? f : item;
        enum status s = capture_frame(p, f);
        if (s) {
            keep(&p->capturing, s);
            break;
        }
        if (ahead_push(p->captured, f, &dropped))
            break;
        f = dropped;
        if (dropped && p->plan.report)
            report_dropped(p->plan.report);
    }
    queue_leave(p->empty);
    ahead_finish(p->captured);
    return NULL;
}

static void *analysis_main(void *given)
{
    struct pipeline *p = given;
    void *item;
    while (ahead_pop(p->captured, &item) == OK) {
        enum status s = run_stages(p->stages, p->plan.n_stages, item);
        if (s) {
            keep(&p->analysing, s);
            break;
        }
        if (queue_push(p->analysed, item, NULL))
            break;
    }
    ahead_leave(p->captured);
    queue_finish(p->analysed);
    return NULL;
}

static enum status sinks_idle(struct pipeline *p)
{
    for (int i = 0; i < p->plan.n_sinks; i++) {
        const struct stage *k = &p->sinks[i];
        enum status s = k->kind->idle ? k->kind->idle(k->state) : OK;
        if (s)
            return s;
    }
    return OK;
}

static void sink_loop(struct pipeline *p)
{
    enum status s = OK;
    void *item;
    while (s == OK && queue_pop_within(p->analysed, &item, IDLE_US) == OK) {
        s = item ? sink_frame(p, item) : sinks_idle(p);
        if (item)
            queue_push(p->empty, item, NULL); /* END only when capture has ended: then nobody needs it */
    }
    keep(&p->sinking, s);
    atomic_store(&p->quit, true);
    queue_leave(p->analysed);
    queue_finish(p->empty);
}

static enum status run_threads(struct pipeline *p)
{
    pthread_t capture, analysis;
    if (pthread_create(&capture, NULL, capture_main, p) != 0)
        return fail(NO_RESOURCE, "the system gives no thread");
    enum status s = ahead_start(p->captured);
    const bool analyses = !s && pthread_create(&analysis, NULL, analysis_main, p) == 0;
    if (analyses) {
        sink_loop(p);
        pthread_join(analysis, NULL);
    } else {
        atomic_store(&p->quit, true);
        ahead_leave(p->captured);
        queue_finish(p->empty);
        s = s ? s : fail(NO_RESOURCE, "the system gives no thread");
    }
    pthread_join(capture, NULL);
    keep(&p->analysing, ahead_join(p->captured));
    return s;
}

static void run_loop(struct pipeline *p)
{
    struct frame *f = p->frames[0];
    for (;;) {
        enum status s = capture_frame(p, f);
        if (s) {
            keep(&p->capturing, s);
            return;
        }
        if ((s = run_stages(p->stages, p->plan.n_stages, f))) {
            keep(&p->analysing, s);
            return;
        }
        if ((s = sink_frame(p, f))) {
            keep(&p->sinking, s);
            return;
        }
    }
}

static const struct outcome *first_failure(const struct pipeline *p)
{
    if (p->sinking.status)
        return &p->sinking;
    return p->analysing.status ? &p->analysing : &p->capturing;
}

static void finish_stages(const struct stage *stages, int n, struct outcome *ending)
{
    for (int i = 0; i < n; i++)
        if (stages[i].kind->finish && !stages[i].failed)
            keep(ending, stages[i].kind->finish(stages[i].state));
}

/* Ends the outputs that did not fail themselves. When nothing was done and something failed, there is no output. */
static enum status finish(struct pipeline *p)
{
    const struct outcome *bad = first_failure(p);
    struct outcome ending = {OK, ""};
    if (!bad->status || p->done > 0) {
        finish_stages(p->stages, p->plan.n_stages, &ending);
        finish_stages(p->sinks, p->plan.n_sinks, &ending);
    }
    if (bad->status)
        return fail(bad->status, "%s", bad->message);
    return ending.status ? fail(ending.status, "%s", ending.message) : OK;
}

enum status pipeline_run(struct pipeline *p)
{
    if (p->plan.threads == 0)
        run_loop(p);
    else
        keep(&p->capturing, run_threads(p));
    return finish(p);
}

static void close_stages(struct stage *stages, int n)
{
    for (int i = 0; stages && i < n; i++)
        if (stages[i].open && stages[i].kind->close)
            stages[i].kind->close(stages[i].state);
}

void pipeline_free(struct pipeline **pipeline)
{
    struct pipeline *p = *pipeline;
    if (!p)
        return;
    close_stages(p->sinks, p->plan.n_sinks);
    close_stages(p->stages, p->plan.n_stages);
    for (int i = 0; p->frames && i < p->n_frames; i++)
        if (p->frames[i])
            frame_put(p->pool, p->frames[i]);
    frame_pool_free(&p->pool);
    queue_free(&p->empty);
    ahead_free(&p->captured);
    queue_free(&p->analysed);
    struct arena *a = p->arena;
    arena_free(&a);
    *pipeline = NULL;
}

int pipeline_names(const struct pipeline_plan *plan, const char **names, int max)
{
    int n = 0;
    names[n++] = "capture";
    for (int i = 0; i < plan->n_stages && n < max; i++)
        names[n++] = plan->stages[i].kind->name;
    for (int i = 0; i < plan->n_sinks && n < max; i++)
        names[n++] = plan->sinks[i].kind->name;
    return n;
}
