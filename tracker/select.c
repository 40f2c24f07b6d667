/* SPDX-License-Identifier: MIT
 * Which neurons tell this target from its surroundings: FCNT's sel-CNN (papers.md section 9) and the significance of
 * each map by a second-order expansion of its loss. */
#include <string.h>

#include "nets/models/fcnt.h"
#include "tracker/fcnt.h"

struct fcnt_select {
    struct fcnt_select_settings settings;
    int n, maps, target, mask, heat;
    struct net *net;
    struct net_run *run;
    struct solver *solver;
    float *weights, *bias;
    size_t n_weights;
};

enum status fcnt_select_open(struct fcnt_select **out, int n_maps, const struct fcnt_select_settings *settings)
{
    struct fcnt_select_options o = {n_maps, FCNT_GRID, settings->drop};
    struct fcnt_select *s = memory_alloc(1, sizeof *s);
    enum status e = s ? OK : fail(NO_RESOURCE, "sel-CNN: no memory");
    if (!e) {
        s->settings = *settings;
        s->n = n_maps;
        e = net_create(&s->net, &model_fcnt_select, &o, 1);
    }
    if (!e)
        e = net_run_create(&s->run, s->net, 1, NET_LEARN);
    if (!e && !(e = net_find(s->net, "maps", &s->maps)) && !(e = net_find(s->net, "target", &s->target)) &&
        !(e = net_find(s->net, "mask", &s->mask)))
        e = net_find(s->net, "heat", &s->heat);
    if (!e) {
        size_t one;
        const struct solver_options so = {settings->rate, settings->momentum, settings->decay, 0, 0};
        s->weights = net_weight(s->net, "heat.weight", &s->n_weights);
        s->bias = net_weight(s->net, "heat.bias", &one);
        e = solver_create(&s->solver, s->net, &so);
    }
    if (e && s)
        fcnt_select_close(&s);
    *out = s;
    return e;
}

void fcnt_select_close(struct fcnt_select **s)
{
    if (*s) {
        solver_free(&(*s)->solver);
        net_run_free(&(*s)->run);
        net_free(&(*s)->net);
    }
    memory_free(s);
}

/* Sums over the cells that one cell of a map reaches through the 3x3 kernel: of error times weight, of the weight's
 * square, of the weight. */
static void reach(double *slope, double *squares, double *plain, const float *w, const float *heat, const float *target,
                  int x, int y)
{
    *slope = *squares = *plain = 0;
    for (int k = 0; k < 9; k++) {
        int to_x = x - k % 3 + 1, to_y = y - k / 3 + 1;
        if (to_x < 0 || to_y < 0 || to_x >= FCNT_GRID || to_y >= FCNT_GRID)
            continue;
        int at = to_y * FCNT_GRID + to_x;
        *slope += ((double)heat[at] - target[at]) * w[k];
        *squares += (double)w[k] * w[k];
        *plain += w[k];
    }
}

void fcnt_saliency(float *significance, const float *maps, int n, const float *weights, const float *heat,
                   const float *target, int form)
{
    for (int i = 0; i < n; i++) {
        double sum = 0, slope, squares, plain;
        for (int k = 0; k < FCNT_CELLS; k++) {
            double f = maps[(size_t)i * FCNT_CELLS + (size_t)k];
            reach(&slope, &squares, &plain, weights + 9 * i, heat, target, k % FCNT_GRID, k / FCNT_GRID);
            double g = 2 * slope;
            sum += form == FCNT_RELEASED ? -(g * f + 0.5 * plain * f * f) : -g * f + 0.5 * 2 * squares * f * f;
        }
        significance[i] = (float)sum;
    }
}

static void fill(struct fcnt_select *s, const float *maps, const float *target)
{
    memcpy(net_run_at(s->run, s->maps).at, maps, (size_t)s->n * FCNT_CELLS * sizeof(float));
    memcpy(net_run_at(s->run, s->target).at, target, FCNT_CELLS * sizeof(float));
    for (int k = 0; k < FCNT_CELLS; k++)
        net_run_at(s->run, s->mask).at[k] = 1;
}

void fcnt_select_run(struct fcnt_select *s, const float *maps, const float *target, float *significance)
{
    memset(s->weights, 0, s->n_weights * sizeof(float)); /* the paper's 1e-7 is nearly nothing */
    *s->bias = 0;
    solver_reset(s->solver);
    net_run_set_random(s->run, 1);
    fill(s, maps, target);
    for (int i = 0; i < s->settings.iterations; i++) {
        net_run_learn(s->run);
        solver_step(s->solver, &s->run, 1, NULL);
    }
    net_run_forward(s->run, 0); /* without dropout */
    fcnt_saliency(significance, maps, s->n, s->weights, net_run_at(s->run, s->heat).at, target, s->settings.form);
}

/* How many maps come before map i. */
static int rank(const float *significance, int n, int i, bool worst)
{
    int before = 0;
    for (int k = 0; k < n; k++) {
        float difference = worst ? significance[i] - significance[k] : significance[k] - significance[i];
        before += difference > 0 || (difference == 0 && k < i);
    }
    return before;
}

void fcnt_select_best(int *out, int keep, const float *significance, int n, bool worst)
{
    for (int i = 0; i < n; i++)
        if (rank(significance, n, i, worst) < keep)
            *out++ = i;
}
