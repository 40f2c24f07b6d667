/* SPDX-License-Identifier: MIT
 * Checkpoints, scores and the finished net of a training run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "train/loop_internal.h"

enum { MEMORY_TEXT = 16 * 1024 * 1024, RECIPE_TEXT = 2048 };

enum status loop_checkpoint(struct loop *l)
{
    const char *path = l->r->train.checkpoint;
    if (!path || !path[0])
        return OK;
    enum status s = loop_device_fetch(l);
    if (s)
        return s;
    char *kept = memory_alloc(1, MEMORY_TEXT);
    if (!kept)
        return fail(NO_RESOURCE, "%s: no memory", path);
    char step[32], seconds[32], recipe[RECIPE_TEXT];
    snprintf(step, sizeof step, "%" PRId64, l->step);
    snprintf(seconds, sizeof seconds, "%.3f", l->seconds);
    recipe_format(l->r, recipe, sizeof recipe);
    if (l->r->task->remember)
        l->r->task->remember(l->state, kept, MEMORY_TEXT);
    struct tensors_note notes[] = { { "train.step", step }, { "train.seconds", seconds },
                                    { "train.recipe", recipe }, { TASK_STATE_NOTE, kept } };
    s = file_make_folders_above(path);
    if (!s)
        s = solver_save(l->solver, path, notes, sizeof notes / sizeof notes[0]);
    memory_free(&kept);
    return s;
}

enum status loop_resume(struct loop *l)
{
    const char *path = l->r->train.checkpoint;
    if (!path || !path[0])
        return fail(BAD_USAGE, "%s: --resume wants train.checkpoint", l->r->path);
    struct tensors *file = NULL;
    enum status s = solver_load(l->solver, path, &file);
    if (s)
        return s;
    const char *step = tensors_note(file, "train.step"), *seconds = tensors_note(file, "train.seconds");
    const char *kept = tensors_note(file, TASK_STATE_NOTE);
    if (!step || !seconds)
        s = fail(BAD_DATA, "%s: no checkpoint of a training run", path);
    else {
        l->step = strtoll(step, NULL, 10);
        l->seconds = strtod(seconds, NULL);
        if (kept && l->r->task->recall)
            s = l->r->task->recall(l->state, kept);
    }
    tensors_close(&file);
    return s ? s : loop_device_send(l);
}

/* Leaves the averaged weights in the net when there are any. */
static enum status score(struct loop *l, bool *swapped)
{
    char more[512] = "";
    enum status s = loop_device_fetch(l);
    *swapped = !s && l->r->solver.average > 0;
    if (s)
        return s;
    if (*swapped)
        solver_swap_average(l->solver);
    if (!l->r->task->score)
        return OK;
    s = l->r->task->score(l->state, l->net, &l->result.score, more, sizeof more);
    if (!s)
        log_say(LOG_INFO, NULL, "score step=%" PRId64 " %s=%.4f%s%s", l->step, l->r->task->score_name,
                l->result.score, more[0] ? " " : "", more);
    return s;
}

enum status loop_score(struct loop *l)
{
    bool swapped;
    enum status s = score(l, &swapped);
    if (swapped)
        solver_swap_average(l->solver);
    return s;
}

static enum status save(struct loop *l, const struct net *n, const char *path)
{
    char recipe[RECIPE_TEXT], value[32], date[32], step[32];
    time_t now = time(NULL);
    struct tm day;
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &day));
    snprintf(value, sizeof value, "%.4f", l->result.score);
    snprintf(step, sizeof step, "%" PRId64, l->step);
    recipe_format(l->r, recipe, sizeof recipe);
    const char *slash = strrchr(l->r->path, '/');
    struct tensors_note notes[] = { { "recipe", slash ? slash + 1 : l->r->path }, { "options", recipe }, { "steps", step },
                                    { "score", value }, { "score_name", l->r->task->score_name }, { "date", date } };
    return net_save(n, path, notes, sizeof notes / sizeof notes[0]);
}

/* The net that goes into the world: folded, without the layers that only learning needs. */
static enum status finished_net(struct loop *l, const char *path, struct net **out)
{
    struct net *folded = NULL;
    enum status s;
    if ((s = net_fold(&folded, l->net)) || !l->r->task->ship) {
        *out = folded;
        return s;
    }
    void *options = memory_alloc(1, l->r->model->options_size);
    if (!options)
        s = fail(NO_RESOURCE, "%s: no memory", path);
    else {
        int taken;
        memcpy(options, net_options(folded), l->r->model->options_size);
        l->r->task->ship(options);
        if (!(s = save(l, folded, path)) && !(s = net_create(out, l->r->model, options, 0)))
            s = net_borrow(*out, path, &taken);
    }
    memory_free(&options);
    net_free(&folded);
    return s;
}

enum status loop_finish(struct loop *l)
{
    const char *path = l->r->train.weights;
    bool swapped;
    enum status s = score(l, &swapped);
    if (!s && path && path[0]) {
        struct net *out = NULL;
        s = file_make_folders_above(path);
        if (!s && l->r->train.fold)
            s = finished_net(l, path, &out);
        if (!s)
            s = save(l, out ? out : l->net, path);
        net_free(&out);
        if (!s && l->r->task->finish)
            s = l->r->task->finish(l->state, path);
    }
    if (swapped)
        solver_swap_average(l->solver);
    return s;
}
