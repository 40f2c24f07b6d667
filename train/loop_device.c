/* SPDX-License-Identifier: MIT
 * Steps on an accelerator: the workers make the samples of the next step while it learns from this one's. */
#include "base/log.h"
#include "nets/gpu/learner.h"
#include "train/loop_internal.h"

enum status loop_device_open(struct loop *l)
{
    const struct train_options *t = &l->r->train;
    if (t->device == TRAIN_CPU)
        return OK;
    if (t->device == TRAIN_CUDA && learner_is_twin())
        return fail(BAD_USAGE, "%s: train.device = cuda wants a program built with `make CUDA=1`", l->r->path);
    if (t->device == TRAIN_TWIN && !learner_is_twin())
        return fail(BAD_USAGE, "%s: train.device = twin: this program is built for CUDA, which has no twin", l->r->path);
    enum status s = learner_create(&l->learner, l->net, l->solver, t->batch, t->workers);
    if (!s)
        log_say(LOG_INFO, NULL, "learns on %s", learner_name(l->learner));
    return s;
}

void loop_device_close(struct loop *l)
{
    learner_free(&l->learner);
}

struct filling { struct loop *l; struct net_run *const *feeds; int64_t step; };

static void fill_part(void *context, int part, int worker)
{
    const struct filling *f = context;
    uint64_t random = loop_random(f->l, f->step, part);
    (void)worker;
    f->l->r->task->batch(f->l->state, f->feeds[part], part, &random);
}

static void fill(struct loop *l, int set, int64_t step)
{
    struct filling f = { l, learner_feeds(l->learner, set), step };
    workers_run(l->workers, l->r->train.workers, fill_part, &f);
}

enum status loop_device_step(struct loop *l, struct net_run *const **runs)
{
    int set = l->set;
    enum status s;
    if (!l->filled)
        fill(l, set, l->step);
    l->filled = true;
    if ((s = learner_start(l->learner, set)))
        return s;
    l->set = (set + 1) % LEARNER_SETS;
    fill(l, l->set, l->step + 1);
    *runs = learner_feeds(l->learner, set);
    return learner_finish(l->learner, set);
}

enum status loop_device_fetch(struct loop *l)
{
    return l->learner ? learner_fetch(l->learner) : OK;
}

enum status loop_device_send(struct loop *l)
{
    return l->learner ? learner_send(l->learner) : OK;
}
