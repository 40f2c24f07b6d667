/* SPDX-License-Identifier: MIT
 * Single neurons against single LBP bins, over many classes. */
#include "train/neurons_classes.h"

#include <stdlib.h>

#include "base/memory.h"

struct working {
    struct neurons_ranking *rank[2]; /* code, LBP */
    struct neurons_single *all[2];
    const struct neurons *x[2];
    double *sorted;
    bool *is;
};

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static void add_curve(double *curve, double *sorted, const struct neurons_single *all, int d, int n_classes)
{
    for (int k = 0; k < d; k++)
        sorted[k] = all[k].tested;
    qsort(sorted, (size_t)d, sizeof *sorted, descending);
    for (int i = 0; i < CLASSES_POINTS; i++)
        curve[i] += sorted[(size_t)i * (size_t)(d - 1) / (CLASSES_POINTS - 1)] / n_classes;
}

static void measure_one(struct classes *out, struct class_result *r, struct working *w)
{
    int d = w->x[0]->d;
    for (int i = 0; i < 2; i++)
        neurons_fit(w->all[i], w->rank[i], w->is);
    for (int i = 0; i < w->x[0]->n; i++)
        r->n += w->is[i];
    r->code = neurons_best(w->all[0], d);
    r->lbp = neurons_best(w->all[1], w->x[1]->d);
    for (int k = 0; k < d; k++) {
        const struct neurons_single *s = &w->all[0][k];
        out->sides[s->excitatory][out->n_sides[s->excitatory]++] = s->tested;
        r->excitatory += s->tested >= CLASSES_TELLS && s->excitatory;
        r->inhibitory += s->tested >= CLASSES_TELLS && !s->excitatory;
    }
    out->code += r->code.tested / out->n;
    out->lbp += r->lbp.tested / out->n;
    out->excitatory += (double)r->excitatory / out->n;
    out->inhibitory += (double)r->inhibitory / out->n;
    for (int i = 0; i < 2; i++)
        add_curve(out->curve[i], w->sorted, w->all[i], w->x[i]->d, out->n);
}

static enum status prepare(struct working *w, struct classes *out, const bool *learn)
{
    int most = w->x[0]->d > w->x[1]->d ? w->x[0]->d : w->x[1]->d;
    w->sorted = memory_alloc((size_t)most, sizeof *w->sorted);
    w->is = memory_alloc((size_t)w->x[0]->n + 1, sizeof *w->is);
    out->results = memory_alloc((size_t)out->n + 1, sizeof *out->results);
    bool enough = w->sorted && w->is && out->results;
    for (int i = 0; i < 2; i++) {
        w->all[i] = memory_alloc((size_t)w->x[i]->d, sizeof *w->all[i]);
        out->sides[i] = memory_alloc((size_t)(out->n + 1) * (size_t)w->x[0]->d, sizeof *out->sides[i]);
        enough = enough && w->all[i] && out->sides[i];
        enum status s = enough ? neurons_rank(&w->rank[i], w->x[i], learn) : OK;
        if (s)
            return s;
    }
    return enough ? OK : fail(NO_RESOURCE, "neurons: no memory");
}

enum status classes_measure(struct classes *out, const struct neurons *code, const struct neurons *lbp, const bool *learn,
                            const struct classes_of *of)
{
    struct working w = { .x = { code, lbp } };
    *out = (struct classes){ .n = of->n_classes };
    enum status s = prepare(&w, out, learn);
    for (int c = 0; !s && c < of->n_classes; c++) {
        int label = of->which[c];
        for (int i = 0; i < code->n; i++)
            w.is[i] = of->label ? of->label[i] == label : of->bits[i] >> label & 1;
        out->results[c].label = label;
        measure_one(out, &out->results[c], &w);
    }
    for (int i = 0; i < 2; i++) {
        neurons_ranking_free(&w.rank[i]);
        memory_free(&w.all[i]);
    }
    memory_free(&w.sorted);
    memory_free(&w.is);
    return s;
}

void classes_free(struct classes *c)
{
    memory_free(&c->results);
    memory_free(&c->sides[0]);
    memory_free(&c->sides[1]);
}
