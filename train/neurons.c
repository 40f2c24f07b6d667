/* SPDX-License-Identifier: MIT
 * Activity of neurons and what a single one tells. */
#include "train/neurons.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

struct value { float at; int row; };

struct neurons_ranking {
    const struct neurons *x;
    const bool *learn;
    int n; /* learning pictures */
    struct value *values; /* [d, n] */
};

static double deviation(const double *v, int n, double mean)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (v[i] - mean) * (v[i] - mean);
    return sqrt(sum / n);
}

void neurons_activity(struct neurons_activity *out, double *by_neuron, double *by_image, const struct neurons *x)
{
    *out = (struct neurons_activity){ 0 };
    for (int k = 0; k < x->d; k++)
        by_neuron[k] = 0;
    for (int i = 0; i < x->n; i++) {
        int active = 0;
        for (int k = 0; k < x->d; k++) {
            bool on = x->at[(size_t)i * (size_t)x->d + (size_t)k] > 0;
            active += on;
            by_neuron[k] += on ? 1.0 / x->n : 0;
        }
        by_image[i] = (double)active / x->d;
        out->mean += by_image[i] / x->n;
    }
    out->neuron_deviation = deviation(by_neuron, x->d, out->mean);
    out->image_deviation = deviation(by_image, x->n, out->mean);
}

static int ascending(const void *a, const void *b)
{
    const struct value *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->row > y->row) - (x->row < y->row);
}

enum status neurons_rank(struct neurons_ranking **out, const struct neurons *x, const bool *learn)
{
    struct neurons_ranking *r = memory_alloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return fail(NO_RESOURCE, "neurons: no memory");
    *r = (struct neurons_ranking){ .x = x, .learn = learn };
    for (int i = 0; i < x->n; i++)
        r->n += learn[i];
    r->values = memory_alloc((size_t)r->n * (size_t)x->d + 1, sizeof *r->values);
    if (!r->values) {
        neurons_ranking_free(&r);
        return fail(NO_RESOURCE, "neurons: no memory");
    }
    for (int k = 0; k < x->d; k++) {
        struct value *to = r->values + (size_t)k * (size_t)r->n;
        int m = 0;
        for (int i = 0; i < x->n; i++)
            if (learn[i])
                to[m++] = (struct value){ x->at[(size_t)i * (size_t)x->d + (size_t)k], i };
        qsort(to, (size_t)m, sizeof *to, ascending);
    }
    *out = r;
    return OK;
}

void neurons_ranking_free(struct neurons_ranking **r)
{
    if (!*r)
        return;
    memory_free(&(*r)->values);
    memory_free(r);
}

/* class, others: how many of each are among the learning pictures. */
static void learn_one(struct neurons_single *s, const struct value *v, int n, const bool *is, int class, int others)
{
    int class_below = 0, others_below = 0;
    for (int k = 1; k < n; k++) {
        *(is[v[k - 1].row] ? &class_below : &others_below) += 1;
        if (v[k].at <= v[k - 1].at)
            continue; /* equal values get one answer */
        double above = 0.5 * (1 - (double)class_below / class + (double)others_below / others);
        double right = above >= 0.5 ? above : 1 - above;
        if (right <= s->learnt)
            continue;
        s->learnt = right;
        s->excitatory = above >= 0.5;
        s->threshold = 0.5f * (v[k - 1].at + v[k].at);
    }
}

static double test_one(const struct neurons_single *s, const struct neurons *x, const bool *learn, const bool *is)
{
    int n[2] = { 0, 0 }, right[2] = { 0, 0 };
    for (int i = 0; i < x->n; i++) {
        if (learn[i])
            continue;
        bool above = x->at[(size_t)i * (size_t)x->d + (size_t)s->neuron] > s->threshold;
        n[is[i]]++;
        right[is[i]] += (above == s->excitatory) == is[i];
    }
    return n[0] && n[1] ? 0.5 * ((double)right[0] / n[0] + (double)right[1] / n[1]) : 0.5;
}

void neurons_fit(struct neurons_single *all, const struct neurons_ranking *r, const bool *is)
{
    const struct neurons *x = r->x;
    int class = 0;
    for (int i = 0; i < x->n; i++)
        class += r->learn[i] && is[i];
    int others = r->n - class;
    for (int k = 0; k < x->d; k++) {
        all[k] = (struct neurons_single){ .neuron = k, .excitatory = true, .learnt = 0.5, .tested = 0.5,
                                          .threshold = INFINITY };
        if (!class || !others)
            continue;
        learn_one(&all[k], r->values + (size_t)k * (size_t)r->n, r->n, is, class, others);
        all[k].tested = test_one(&all[k], x, r->learn, is);
    }
}

struct neurons_single neurons_best(const struct neurons_single *all, int d)
{
    int best = 0;
    for (int k = 1; k < d; k++)
        if (all[k].learnt > all[best].learnt)
            best = k;
    return all[best];
}
