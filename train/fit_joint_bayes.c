/* SPDX-License-Identifier: MIT
 * Joint Bayesian by EM (papers.md section 10). With P = inverse(m S_mu + S_eps), the posterior means are
 * E[mu] = S_mu P s (s: sum of a person's m codes) and E[eps_j] = x_j - E[mu]; both M-steps are linear in the scatter
 * of the sums s, so the codes are read once and a step costs only as many products as there are different m. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "nets/gemm.h"
#include "train/fit.h"
#include "train/matrix.h"

enum { GATHER = 128 }; /* codes whose scatter is added at once */

struct group { int m, people; double *sums; }; /* persons with m codes; scatter of their sums */

struct em {
    int d, n_groups;
    size_t n, people, square; /* codes, persons, d x d */
    int *order;               /* codes, sorted by person */
    struct group *groups;
    double *block, *all;      /* all: scatter of the codes */
    double *p, *k, *t, *u, *between, *within;
};

struct numbered { int person, index; };

static int by_person(const void *a, const void *b)
{
    const struct numbered *x = a;
    const struct numbered *y = b;
    return x->person != y->person ? (x->person < y->person ? -1 : 1) : (x->index > y->index) - (x->index < y->index);
}

/* Codes of each person one after the other, at most `most` of each: order[0 .. n - 1]; `start` gets persons' begins. */
static enum status sort_codes(struct em *e, const int *person, size_t n, int most, int **start)
{
    struct numbered *all = memory_alloc(n + 1, sizeof *all);
    e->order = memory_alloc(n + 1, sizeof *e->order);
    *start = memory_alloc(n + 1, sizeof **start);
    if (!all || !e->order || !*start) {
        memory_free(&all);
        return fail(NO_RESOURCE, "joint bayesian: no memory");
    }
    for (size_t i = 0; i < n; i++)
        all[i] = (struct numbered){person[i], (int)i};
    qsort(all, n, sizeof *all, by_person);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || all[i].person != all[i - 1].person)
            (*start)[e->people++] = (int)e->n;
        if (most == 0 || (int)e->n - (*start)[e->people - 1] < most)
            e->order[e->n++] = all[i].index;
    }
    (*start)[e->people] = (int)e->n;
    memory_free(&all);
    return OK;
}

static void outer_add(double *out, const double *x, int d)
{
    for (int i = 0; i < d; i++)
        for (int k = 0; k < d; k++)
            out[(size_t)i * (size_t)d + (size_t)k] += x[i] * x[k];
}

static struct group *group_of(struct em *e, int m)
{
    int i = 0;
    while (i < e->n_groups && e->groups[i].m != m)
        i++;
    if (i == e->n_groups) {
        e->groups[i].m = m;
        e->n_groups++;
    }
    return &e->groups[i];
}

static int count_groups(const struct em *e, const int *start)
{
    int n = 0;
    bool seen[4096] = {false};
    for (size_t p = 0; p < e->people; p++) {
        int m = start[p + 1] - start[p];
        m = m < 4096 ? m : 4095;
        n += !seen[m];
        seen[m] = true;
    }
    return n;
}

static void take_mean(double *mean, const struct em *e, const float *codes)
{
    for (size_t i = 0; i < e->n; i++)
        for (int k = 0; k < e->d; k++)
            mean[k] += (double)codes[(size_t)e->order[i] * (size_t)e->d + (size_t)k] / (double)e->n;
}

/* Adds the scatter of n rows. */
static void scatter_add(double *out, const double *rows, int n, int d)
{
    gemm_double(true, false, d, d, n, 1, rows, d, rows, d, 1, out, d);
}

/* The scatters. sum: d numbers, rows: GATHER times d. */
static void gather(struct em *e, const float *codes, const int *start, const double *mean, double *sum, double *rows)
{
    int n = 0;
    for (size_t p = 0; p < e->people; p++) {
        memset(sum, 0, (size_t)e->d * sizeof *sum);
        for (int i = start[p]; i < start[p + 1]; i++) {
            const float *code = codes + (size_t)e->order[i] * (size_t)e->d;
            double *x = rows + (size_t)n * (size_t)e->d;
            for (int k = 0; k < e->d; k++) {
                x[k] = (double)code[k] - mean[k];
                sum[k] += x[k];
            }
            if (++n == GATHER) {
                scatter_add(e->all, rows, n, e->d);
                n = 0;
            }
        }
        struct group *g = group_of(e, start[p + 1] - start[p]);
        g->people++;
        outer_add(g->sums, sum, e->d);
    }
    scatter_add(e->all, rows, n, e->d);
}

/* All in one block; the groups' scatters first. */
static enum status make_room(struct em *e, int n_groups)
{
    e->square = (size_t)e->d * (size_t)e->d;
    e->block = memory_alloc(((size_t)n_groups + 7) * e->square, sizeof *e->block);
    e->groups = memory_alloc((size_t)n_groups, sizeof *e->groups);
    if (!e->block || !e->groups)
        return fail(NO_RESOURCE, "joint bayesian: no memory");
    double *at = e->block;
    for (int i = 0; i < n_groups; i++, at += e->square)
        e->groups[i].sums = at;
    double **const others[] = {&e->all, &e->p, &e->k, &e->t, &e->u, &e->between, &e->within};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++, at += e->square)
        *others[i] = at;
    return OK;
}

/* Begin: scatter of the persons' means, scatter around them. */
static void begin(struct em *e, double *between, double *within)
{
    memcpy(within, e->all, e->square * sizeof *within);
    memset(between, 0, e->square * sizeof *between);
    for (int i = 0; i < e->n_groups; i++) {
        const struct group *g = &e->groups[i];
        matrix_add(within, -1.0 / g->m, g->sums, e->d);
        matrix_add(between, 1.0 / ((double)g->m * g->m * (double)e->people), g->sums, e->d);
    }
    double free_codes = e->n > e->people ? (double)(e->n - e->people) : 1;
    for (size_t i = 0; i < e->square; i++)
        within[i] /= free_codes;
    joint_bayes_lift(between, e->d);
    joint_bayes_lift(within, e->d);
}

/* Adds what the persons with g->m codes say; k = S_mu P. */
static bool add_group(struct em *e, const struct group *g, const double *between, const double *within, bool exact)
{
    int d = e->d;
    double m = g->m;
    memcpy(e->t, within, e->square * sizeof *e->t);
    matrix_add(e->t, m, between, d);
    if (!matrix_inverse(e->p, e->t, e->u, d))
        return false;
    matrix_product(e->k, between, e->p, d);
    matrix_product(e->t, e->k, g->sums, d);        /* sum of E[mu] s' */
    matrix_product_turned(e->u, e->t, e->k, d);    /* sum of E[mu] E[mu]' */
    matrix_add(e->between, 1, e->u, d);
    matrix_add(e->within, m, e->u, d);
    matrix_symmetric(e->t, d);
    matrix_add(e->within, -2, e->t, d);
    if (!exact)
        return true;
    /* posterior covariance of mu (and of each eps): S_mu - m S_mu P S_mu */
    matrix_product(e->u, e->k, between, d);
    matrix_add(e->between, g->people, between, d);
    matrix_add(e->between, -m * g->people, e->u, d);
    matrix_add(e->within, m * g->people, between, d);
    matrix_add(e->within, -m * m * g->people, e->u, d);
    return true;
}

static bool step(struct em *e, struct joint_bayes *j, bool exact)
{
    memset(e->between, 0, e->square * sizeof *e->between);
    memcpy(e->within, e->all, e->square * sizeof *e->within);
    for (int i = 0; i < e->n_groups; i++)
        if (!add_group(e, &e->groups[i], j->between, j->within, exact))
            return false;
    for (size_t i = 0; i < e->square; i++) {
        e->between[i] /= (double)e->people;
        e->within[i] /= (double)e->n;
    }
    matrix_symmetric(e->between, e->d);
    matrix_symmetric(e->within, e->d);
    joint_bayes_lift(e->within, e->d);
    matrix_add(j->within, -1, e->within, e->d);
    j->change = matrix_norm(j->within, e->d) / matrix_norm(e->within, e->d);
    memcpy(j->between, e->between, e->square * sizeof *e->between);
    memcpy(j->within, e->within, e->square * sizeof *e->within);
    return true;
}

static enum status learn(struct em *e, struct joint_bayes *j, const struct joint_bayes_options *o)
{
    bool good = true;
    begin(e, j->between, j->within);
    j->change = 1;
    for (j->steps = 0; good && j->steps < o->steps && j->change > o->tolerance; j->steps++) {
        good = step(e, j, o->exact);
        log_say(LOG_DEBUG, NULL, "joint bayesian: step %d, change %.2e", j->steps + 1, j->change);
    }
    return good ? joint_bayes_derive(j) : fail(BAD_DATA, "joint bayesian: the codes have no proper covariance");
}

enum status joint_bayes_fit(struct joint_bayes *out, const float *codes, const int *person, size_t n, int d,
                            const struct joint_bayes_options *o)
{
    struct em e = {.d = d};
    int *start = NULL;
    double *sum = memory_alloc((1 + GATHER) * (size_t)d, sizeof *sum);
    enum status s = joint_bayes_make(out, d);
    if (!s && !sum)
        s = fail(NO_RESOURCE, "joint bayesian: no memory");
    if (!s)
        s = sort_codes(&e, person, n, o->most ? o->most : 4000, &start);
    if (!s && e.people < 2)
        s = fail(BAD_DATA, "joint bayesian: codes of %zu persons", e.people);
    if (!s && !(s = make_room(&e, count_groups(&e, start)))) {
        take_mean(out->mean, &e, codes);
        gather(&e, codes, start, out->mean, sum, sum + d);
        s = learn(&e, out, o);
    }
    memory_free(&sum);
    memory_free(&start);
    memory_free(&e.order);
    memory_free(&e.block);
    memory_free(&e.groups);
    if (s)
        joint_bayes_free(out);
    return s;
}
