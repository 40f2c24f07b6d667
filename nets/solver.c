/* SPDX-License-Identifier: MIT
 * Momentum steps. The gradients of several runs are summed in fixed order, so the same seed and number of workers
 * give the same weights bit for bit. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "nets/internal.h"

struct solver {
    struct arena *arena;
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
    s->velocity = arena_alloc(a, n->n_weights + 16, sizeof(float));
    s->shadow = o->average > 0 ? arena_alloc(a, n->n_weights + 16, sizeof(float)) : NULL;
    enum status sealed = arena_seal(a);
    if (sealed) {
        solver_free(&s);
        return fail_in(sealed, "solver");
    }
    if (s->shadow)
        memcpy(s->shadow, n->weights, n->n_weights * sizeof(float));
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

static void step_param(struct solver *s, const struct kernels *k, const struct param *p, float *grad, float scale)
{
    float *w = s->net->weights + p->at, *v = s->velocity + p->at;
    const struct solver_options *o = &s->options;
    if (p->as.role == PARAM_WEIGHT || p->as.role == PARAM_BIAS)
        k->momentum_step(w, v, grad, p->n, o->rate, o->momentum, p->as.role == PARAM_WEIGHT ? o->decay : 0, scale);
    else if (p->as.role == PARAM_STATISTIC)
        k->momentum_step(w, v, grad, p->n, 0.1f, 0, 0, scale); /* a tenth of the way to what the batch says */
    else
        memset(grad, 0, p->n * sizeof(float));
}

void solver_step(struct solver *s, struct net_run *const *runs, int n_runs)
{
    struct net *n = s->net;
    float *grad = runs[0]->gradients, scale = 1.0f / (float)n_runs;
    const struct kernels *k = runs[0]->kernels;
    CHECK(!s->swapped);
    for (int i = 1; i < n_runs; i++) {
        k->add(grad, runs[i]->gradients, n->n_weights);
        memset(runs[i]->gradients, 0, n->n_weights * sizeof(float));
    }
    double squares = 0;
    for (int i = 0; i < n->n_params; i++)
        if (n->params[i].as.role < PARAM_STATISTIC)
            squares += (double)k->dot(grad + n->params[i].at, grad + n->params[i].at, n->params[i].n);
    s->norm = sqrt(squares) * scale;
    float shorten = s->options.clip > 0 && s->norm > s->options.clip ? (float)(s->options.clip / s->norm) : 1;
    for (int i = 0; i < n->n_params; i++) {
        const struct param *p = &n->params[i];
        step_param(s, k, p, grad + p->at, p->as.role == PARAM_STATISTIC ? scale : scale * shorten);
    }
    if (s->shadow)
        for (size_t i = 0; i < n->n_weights; i++)
            s->shadow[i] += (1 - s->options.average) * (n->weights[i] - s->shadow[i]);
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
