/* SPDX-License-Identifier: MIT
 * Momentum steps. The gradients of several runs are summed in fixed order, so the same seed and number of workers
 * give the same weights bit for bit. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/workers.h"
#include "nets/internal.h"

enum { PART = 1 << 16 }; /* weights whose step is one worker's: they fit in its caches */

struct part {
    const struct param *param;
    size_t at, n;   /* weights */
    double squares; /* of their gradient */
};

struct solver {
    struct arena *arena;
    struct part *parts;
    int n_parts;
    struct net *net;
    struct solver_options options;
    float *velocity, *shadow;
    bool swapped;
    double norm;
};

enum status solver_create(struct solver **out, struct net *n, const struct solver_options *o)
{
    struct arena *a = arena_create();
    struct solver *s = arena_alloc(a, 1, sizeof *s);
    if (!s) {
        arena_free(&a);
        return fail(NO_RESOURCE, "solver: no memory");
    }
    s->arena = a;
    s->net = n;
    s->options = *o;
    for (int i = 0; i < n->n_params; i++)
        s->n_parts += (int)((n->params[i].n + PART - 1) / PART);
    s->parts = arena_alloc(a, (size_t)s->n_parts, sizeof *s->parts);
    s->velocity = arena_alloc(a, n->n_weights + 16, sizeof(float));
    s->shadow = o->average > 0 ? arena_alloc(a, n->n_weights + 16, sizeof(float)) : NULL;
    enum status sealed = arena_seal(a);
    if (sealed) {
        solver_free(&s);
        return fail_in(sealed, "solver");
    }
    if (s->shadow)
        memcpy(s->shadow, n->weights, n->n_weights * sizeof(float));
    struct part *part = s->parts;
    for (int i = 0; i < n->n_params; i++)
        for (size_t at = 0; at < n->params[i].n; at += PART, part++)
            *part = (struct part){ &n->params[i], n->params[i].at + at, n->params[i].n - at < PART ? n->params[i].n - at : PART, 0 };
    *out = s;
    return OK;
}

void solver_set_rate(struct solver *s, float rate)
{
    s->options.rate = rate;
}

void solver_reset(struct solver *s)
{
    memset(s->velocity, 0, s->net->n_weights * sizeof(float));
}

struct step {
    struct solver *solver;
    struct net_run *const *runs;
    int n_runs;
    float mean, shorten; /* the gradients' sum times this is their mean; what clipping leaves of that */
};

/* Gradients of all runs to the first one's. */
static void sum_part(void *context, int i, int worker)
{
    const struct step *t = context;
    struct part *p = &t->solver->parts[i];
    const struct kernels *k = t->runs[0]->kernels;
    float *grad = t->runs[0]->gradients + p->at;
    (void)worker;
    for (int r = 1; r < t->n_runs; r++) {
        k->add(grad, t->runs[r]->gradients + p->at, p->n);
        memset(t->runs[r]->gradients + p->at, 0, p->n * sizeof(float));
    }
    p->squares = p->param->as.role < PARAM_STATISTIC ? (double)k->dot(grad, grad, p->n) : 0;
}

static void step_part(void *context, int i, int worker)
{
    const struct step *t = context;
    struct solver *s = t->solver;
    const struct part *p = &s->parts[i];
    const struct solver_options *o = &s->options;
    const struct kernels *k = t->runs[0]->kernels;
    const enum param_role role = p->param->as.role;
    float *w = s->net->weights + p->at, *v = s->velocity + p->at, *grad = t->runs[0]->gradients + p->at;
    (void)worker;
    if (role == PARAM_WEIGHT || role == PARAM_BIAS)
        k->momentum_step(w, v, grad, p->n, o->rate, o->momentum, role == PARAM_WEIGHT ? o->decay : 0, t->mean * t->shorten);
    else if (role == PARAM_STATISTIC)
        k->momentum_step(w, v, grad, p->n, 0.1f, 0, 0, t->mean); /* a tenth of the way to what the batch says */
    else
        memset(grad, 0, p->n * sizeof(float));
    for (size_t j = 0; s->shadow && j < p->n; j++)
        s->shadow[p->at + j] += (1 - o->average) * (w[j] - s->shadow[p->at + j]);
}

static void each_part(const struct solver *s, struct workers *w, void (*body)(void *context, int i, int worker), struct step *t)
{
    if (w) {
        workers_run(w, s->n_parts, body, t);
        return;
    }
    for (int i = 0; i < s->n_parts; i++)
        body(t, i, 0);
}

void solver_step(struct solver *s, struct net_run *const *runs, int n_runs, struct workers *w)
{
    struct step t = { s, runs, n_runs, 1.0f / (float)n_runs, 1 };
    CHECK(!s->swapped);
    each_part(s, w, sum_part, &t);
    double squares = 0;
    for (int i = 0; i < s->n_parts; i++)
        squares += s->parts[i].squares;
    s->norm = sqrt(squares) * t.mean;
    if (s->options.clip > 0 && s->norm > s->options.clip)
        t.shorten = (float)(s->options.clip / s->norm);
    each_part(s, w, step_part, &t);
}

double solver_gradient_norm(const struct solver *s)
{
    return s->norm;
}

struct solver_state solver_state(const struct solver *s)
{
    return (struct solver_state){ s->velocity, s->shadow, s->options };
}

void solver_set_norm(struct solver *s, double norm)
{
    s->norm = norm;
}

void solver_swap_average(struct solver *s)
{
    if (!s->shadow)
        return;
    for (size_t i = 0; i < s->net->n_weights; i++) {
        float w = s->net->weights[i];
        s->net->weights[i] = s->shadow[i];
        s->shadow[i] = w;
    }
    s->swapped = !s->swapped;
}

void solver_free(struct solver **s)
{
    if (!*s)
        return;
    struct arena *a = (*s)->arena;
    *s = NULL;
    arena_free(&a);
}

enum status solver_save(const struct solver *s, const char *path, const struct tensors_note *notes, int n_notes)
{
    CHECK(!s->swapped);
    struct tensors_array more[2] = {
        { "solver/velocity", TENSORS_F32, 1, { (int64_t)s->net->n_weights }, s->net->n_weights, s->velocity },
        { "solver/average", TENSORS_F32, 1, { (int64_t)s->net->n_weights }, s->net->n_weights, s->shadow },
    };
    return net_write(s->net, path, more, s->shadow ? 2 : 1, notes, n_notes);
}

static enum status load_block(float *to, const struct tensors *file, const char *name, size_t n, const char *path)
{
    const struct tensors_array *a = tensors_find(file, name);
    if (!a || a->type != TENSORS_F32 || a->n != n)
        return fail(BAD_MATCH, "%s: %s is missing or of another size: not a checkpoint of this net", path, name);
    memcpy(to, a->at, n * sizeof(float));
    return OK;
}

enum status solver_load(struct solver *s, const char *path, struct tensors **file)
{
    struct tensors *f = NULL;
    int taken = 0;
    enum status e = tensors_open(&f, path);
    if (!e)
        e = net_borrow(s->net, path, &taken);
    if (!e && taken != s->net->n_params)
        e = fail(BAD_MATCH, "%s: holds %d of the %d arrays of this net", path, taken, s->net->n_params);
    if (!e)
        e = load_block(s->velocity, f, "solver/velocity", s->net->n_weights, path);
    if (!e && s->shadow)
        e = load_block(s->shadow, f, "solver/average", s->net->n_weights, path);
    if (e || !file)
        tensors_close(&f);
    if (!e && file)
        *file = f;
    return e;
}
