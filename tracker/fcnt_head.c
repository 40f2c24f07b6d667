/* SPDX-License-Identifier: MIT
 * SNet and GNet of FCNT (papers.md section 9): two convolutions that turn selected maps into a heat map, learnt by
 * gradient descent with momentum on the first frame, and later (SNet) on two samples at once. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "nets/models/fcnt.h"
#include "tracker/fcnt.h"

/* One way to run the net: alone, alone learning, two learning. */
struct way { struct net_run *run; struct tensor maps, target, mask; };
enum { WAYS = 3, ALONE = 0, LEARN_ONE = 1, LEARN_TWO = 2 };

struct fcnt_head {
    struct fcnt_head_settings settings;
    int n, heat;
    double loss;
    struct net *net;
    struct way ways[WAYS];
    struct solver *solver;
};

static enum status open_way(struct fcnt_head *h, int i)
{
    struct way *w = &h->ways[i];
    int maps, target, mask;
    enum status s = net_run_create(&w->run, h->net, i == LEARN_TWO ? 2 : 1, i == ALONE ? NET_INFER : NET_LEARN);
    if (s || (s = net_find(h->net, "maps", &maps)) || (s = net_find(h->net, "target", &target)) ||
        (s = net_find(h->net, "mask", &mask)))
        return s;
    w->maps = net_run_at(w->run, maps);
    if (i != ALONE) {
        w->target = net_run_at(w->run, target);
        w->mask = net_run_at(w->run, mask);
    }
    return OK;
}

enum status fcnt_head_open(struct fcnt_head **out, int n_maps, const struct fcnt_head_settings *settings)
{
    struct fcnt_head_options o = {n_maps, FCNT_GRID, settings->maps};
    const struct solver_options so = {settings->rate, settings->momentum, settings->decay, 1, 0};
    struct fcnt_head *h = memory_alloc(1, sizeof *h);
    enum status s = h ? OK : fail(NO_RESOURCE, "FCNT head: no memory");
    if (!s) {
        h->settings = *settings;
        h->n = n_maps;
        s = net_create(&h->net, &model_fcnt_head, &o, 1);
    }
    if (!s)
        s = net_find(h->net, "heat", &h->heat);
    for (int i = 0; !s && i < WAYS; i++)
        s = open_way(h, i);
    if (!s)
        s = solver_create(&h->solver, h->net, &so);
    if (s && h)
        fcnt_head_close(&h);
    *out = h;
    return s;
}

void fcnt_head_close(struct fcnt_head **h)
{
    if (*h) {
        solver_free(&(*h)->solver);
        for (int i = 0; i < WAYS; i++)
            net_run_free(&(*h)->ways[i].run);
        net_free(&(*h)->net);
    }
    memory_free(h);
}

/* He initialisation, the second layer ten times smaller: the heat map begins near nothing. */
static void draw(struct fcnt_head *h)
{
    static const char *const names[] = {"first.weight", "first.bias", "heat.weight", "heat.bias"};
    const float deviation[] = {sqrtf(2.0f / (81 * (float)h->n)), 0, 0.1f * sqrtf(2.0f / (25 * (float)h->settings.maps)), 0};
    const float initial[] = {0, 0.1f, 0, 0};
    uint64_t seed = 1;
    for (int i = 0; i < 4; i++) {
        size_t n;
        float *w = net_weight(h->net, names[i], &n);
        for (size_t k = 0; k < n; k++)
            w[k] = initial[i] + (deviation[i] > 0 ? deviation[i] * random_normal(&seed) : 0);
    }
}

static void fill(struct fcnt_head *h, struct way *w, int at, const struct fcnt_sample *s)
{
    memcpy(w->maps.at + (size_t)at * (size_t)h->n * FCNT_CELLS, s->maps, (size_t)h->n * FCNT_CELLS * sizeof(float));
    memcpy(w->target.at + (size_t)at * FCNT_CELLS, s->target, FCNT_CELLS * sizeof(float));
    for (int k = 0; k < FCNT_CELLS; k++)
        w->mask.at[at * FCNT_CELLS + k] = s->mask ? s->mask[k] : 1;
}

static void learn(struct fcnt_head *h, struct way *w, int steps)
{
    for (int i = 0; i < steps; i++) {
        net_run_learn(w->run);
        h->loss = net_run_total_loss(w->run);
        solver_step(h->solver, &w->run, 1, NULL);
    }
}

void fcnt_head_start(struct fcnt_head *h, const float *maps, const float *target, int steps)
{
    const struct fcnt_sample sample = {maps, target, NULL};
    draw(h);
    solver_reset(h->solver);
    fill(h, &h->ways[LEARN_ONE], 0, &sample);
    learn(h, &h->ways[LEARN_ONE], steps);
}

void fcnt_head_update(struct fcnt_head *h, const struct fcnt_sample *two, int steps)
{
    fill(h, &h->ways[LEARN_TWO], 0, &two[0]);
    fill(h, &h->ways[LEARN_TWO], 1, &two[1]);
    learn(h, &h->ways[LEARN_TWO], steps);
}

void fcnt_head_heat(struct fcnt_head *h, const float *maps, float *heat)
{
    struct way *w = &h->ways[ALONE];
    memcpy(w->maps.at, maps, (size_t)h->n * FCNT_CELLS * sizeof(float));
    net_run_forward(w->run, 0);
    memcpy(heat, net_run_at(w->run, h->heat).at, FCNT_CELLS * sizeof(float));
}

double fcnt_head_loss(const struct fcnt_head *h)
{
    return h->loss;
}
