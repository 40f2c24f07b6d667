/* SPDX-License-Identifier: MIT
 * One loop for all tasks. Every random number follows from seed, step and worker, so that a resumed run needs to know
 * only the step. Saving is in loop_save.c. */
#include "train/loop.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "train/loop_internal.h"

uint64_t loop_random(const struct loop *l, int64_t step, int part)
{
    uint64_t state = (uint64_t)l->r->train.seed * 0x9e3779b97f4a7c15u + (uint64_t)step * 0xd1342543de82ef95u +
                     (uint64_t)part * 0x2545f4914f6cdd1du;
    random_next(&state);
    return state;
}

static void learn_part(void *context, int part, int worker)
{
    (void)worker;
    struct loop *l = context;
    uint64_t random = loop_random(l, l->step, part);
    l->r->task->batch(l->state, l->runs[part], part, &random);
    net_run_set_random(l->runs[part], random_next(&random));
    net_run_learn(l->runs[part]);
}

double loop_rate(const struct schedule_options *o, double progress)
{
    double w = (double)o->warm_up;
    if (progress < w)
        return (double)o->rate * progress / w;
    double p = w < 1 ? (progress - w) / (1 - w) : 1;
    p = p > 1 ? 1 : p;
    switch ((enum schedule_kind)o->schedule) {
    case SCHEDULE_COSINE:
        return (double)o->rate * 0.5 * (1 + cos(3.14159265358979323846 * p));
    case SCHEDULE_LINEAR:
        return (double)o->rate * (1 - p);
    case SCHEDULE_CONSTANT:
        break;
    }
    return (double)o->rate;
}

/* Part of the run that is behind us, 0 to 1. */
static double progress(const struct loop *l)
{
    const struct train_options *t = &l->r->train;
    if (t->minutes > 0)
        return l->seconds / (60 * (double)t->minutes);
    return (double)l->step / (double)l->total;
}

static void log_line(struct loop *l, double rate)
{
    char words[256] = "";
    double spent = l->seconds - l->log_seconds;
    int64_t steps = l->step - l->log_step;
    l->result.loss = l->loss_sum / (double)steps;
    l->result.rate = spent > 0 ? (double)(steps * l->r->train.batch) / spent : 0;
    if (l->r->task->log)
        l->r->task->log(l->state, words, sizeof words);
    log_say(LOG_INFO, NULL,
            "step=%" PRId64 " epoch=%.2f loss=%.4f learning_rate=%.5f gradient=%.3f samples_s=%.0f seconds=%.0f%s%s",
            l->step, (double)(l->step * l->r->train.batch) / (double)l->setting.epoch, l->result.loss, rate,
            solver_gradient_norm(l->solver), l->result.rate, l->seconds, words[0] ? " " : "", words);
    l->log_seconds = l->seconds;
    l->log_step = l->step;
    l->loss_sum = 0;
}

static enum status one_step(struct loop *l, double *rate)
{
    const struct task *t = l->r->task;
    int n = l->r->train.workers;
    struct net_run *const *runs = l->runs;
    enum status s = OK;
    *rate = loop_rate(&l->r->solver, progress(l));
    solver_set_rate(l->solver, (float)*rate);
    if (l->learner)
        s = loop_device_step(l, &runs);
    else
        workers_run(l->workers, n, learn_part, l);
    if (s)
        return s;
    double loss = 0;
    for (int i = 0; i < n; i++)
        loss += net_run_total_loss(runs[i]) / n;
    if (!isfinite(loss))
        return fail(BAD_DATA, "%s: the loss is not a number at step %" PRId64 ": lower solver.rate or set solver.clip",
                    l->r->path, l->step);
    if (!l->learner)
        solver_step(l->solver, l->runs, n, l->workers);
    l->step++;
    l->loss_sum += loss;
    if (t->stepped)
        t->stepped(l->state, l->net, runs, n, l->step);
    return OK;
}

static bool due(double *last, double now, double interval)
{
    if (interval <= 0 || now - *last < interval)
        return false;
    *last = now;
    return true;
}

static enum status run_steps(struct loop *l, const atomic_bool *stop)
{
    const struct train_options *t = &l->r->train;
    int64_t began = clock_us();
    double before = l->seconds, saved = l->seconds, scored = l->seconds;
    l->log_seconds = l->seconds;
    l->log_step = l->step;
    while (progress(l) < 1 && !(stop && atomic_load(stop))) {
        double rate;
        enum status s = one_step(l, &rate);
        if (s)
            return s;
        l->seconds = before + (double)(clock_us() - began) / 1e6;
        if (t->log_seconds <= 0 || l->seconds - l->log_seconds >= (double)t->log_seconds)
            log_line(l, rate);
        if ((due(&saved, l->seconds, 60 * (double)t->save_minutes) && (s = loop_checkpoint(l))) ||
            (due(&scored, l->seconds, 60 * (double)t->score_minutes) && (s = loop_score(l))))
            return s;
    }
    if (l->step > l->log_step)
        log_line(l, 0);
    return loop_checkpoint(l);
}

/* Weights of another file; a finished net has no normalisation, the one that goes on from it has. */
static enum status start_from(struct loop *l, const char *path)
{
    struct net_run *run = NULL;
    int taken = 0, unfolded = 0;
    enum status s = net_borrow(l->net, path, &taken);
    if (s || (s = l->r->task->begin ? l->r->task->begin(l->state, l->net) : OK) ||
        (s = net_run_create(&run, l->net, l->setting.batch, NET_LEARN)))
        return s;
    uint64_t random = loop_random(l, 0, 0);
    l->r->task->batch(l->state, run, 0, &random);
    s = net_unfold(l->net, run, path, &unfolded);
    net_run_free(&run);
    if (!s)
        log_say(LOG_INFO, NULL, "start from=%s weights=%d unfolded=%d", path, taken, unfolded);
    return s;
}

static enum status open_net(struct loop *l)
{
    const struct recipe *r = l->r;
    const struct train_options *t = &r->train;
    enum status s;
    if (t->batch % t->workers)
        return fail(BAD_USAGE, "%s: train.batch %d is no multiple of train.workers %d", r->path, t->batch, t->workers);
    l->setting = (struct task_setting){ .options = r->task_options, .model = r->model,
                                        .model_options = r->model_options, .batch = t->batch / t->workers,
                                        .workers = l->workers, .seed = (uint64_t)t->seed, .epoch = 1,
                                        .resumes = l->resumes, .from = t->from && !l->resumes ? t->from : "" };
    if ((s = r->task->open(l->state, &l->setting)) ||
        (s = net_create(&l->net, r->model, r->model_options, (uint64_t)t->seed)))
        return s;
    if (t->from && t->from[0] && !l->resumes)
        return start_from(l, t->from);
    return r->task->begin ? r->task->begin(l->state, l->net) : OK;
}

static enum status open_runs(struct loop *l)
{
    const struct train_options *t = &l->r->train;
    enum status s = loop_device_open(l);
    for (int i = 0; !s && !l->learner && i < t->workers; i++) {
        s = net_run_create(&l->runs[i], l->net, l->setting.batch, NET_LEARN);
        if (!s && t->half && !net_run_half(l->runs[i], true) && i == 0)
            log_say(LOG_INFO, NULL, "train.half: this processor does not multiply bfloat16; products stay floats");
    }
    return s;
}

static enum status open_loop(struct loop *l)
{
    const struct train_options *t = &l->r->train;
    const struct schedule_options *o = &l->r->solver;
    struct solver_options options = { .rate = o->rate, .momentum = o->momentum, .decay = o->decay, .clip = o->clip,
                                      .average = o->average };
    enum status s;
    nets_set_threads(1);
    if (!(l->arena = arena_create()))
        return fail(NO_RESOURCE, "train: no memory");
    l->state = arena_alloc(l->arena, 1, l->r->task->state_size);
    l->runs = arena_alloc(l->arena, (size_t)t->workers, sizeof(struct net_run *));
    if ((s = arena_seal(l->arena)) || (s = workers_create(&l->workers, t->workers)) || (s = open_net(l)) ||
        (s = solver_create(&l->solver, l->net, &options)) || (s = open_runs(l)))
        return s;
    l->total = t->epochs > 0 ? (int64_t)ceil((double)t->epochs * (double)l->setting.epoch / t->batch) : t->steps;
    return OK;
}

static void close_loop(struct loop *l)
{
    for (int i = 0; l->runs && i < l->r->train.workers; i++)
        net_run_free(&l->runs[i]);
    loop_device_close(l);
    solver_free(&l->solver);
    if (l->state && l->r->task->close)
        l->r->task->close(l->state);
    workers_free(&l->workers);
    net_free(&l->net);
    arena_free(&l->arena);
}

enum status loop_run(const struct recipe *r, bool resume, const atomic_bool *stop, struct loop_result *result)
{
    struct loop l = { .r = r, .resumes = resume };
    enum status s;
    if (!(s = open_loop(&l)) && (!resume || !(s = loop_resume(&l)))) {
        char text[2048];
        recipe_format(r, text, sizeof text);
        log_say(LOG_INFO, NULL, "train recipe=%s weights=%zu %s", r->path, net_weights(l.net), text);
        s = run_steps(&l, stop);
    }
    if (!s && !(stop && atomic_load(stop)))
        s = loop_finish(&l);
    l.result.steps = l.step;
    if (result)
        *result = l.result;
    close_loop(&l);
    return s ? fail_in(s, "train") : OK;
}
