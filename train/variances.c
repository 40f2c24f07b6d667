/* SPDX-License-Identifier: MIT
 * The pairs of the validation people, scored as recognizer/match_joint_bayes.c does but all at once: -2 x'Gy is a product of
 * matrices. */
#include "train/variances.h"

#include "base/kernels.h"
#include "base/log.h"
#include "base/memory.h"
#include "nets/gemm.h"
#include "recognizer/recognizer.h"
#include "train/matrix.h"

static const double steeps[] = {1, 1.5, 2}, withins[] = {0, 0.1, 0.3, 1, 3};
#define STRANGERS_RATE 1e-3
enum { STEEPS = 3, WITHINS = 5 };

/* 2 y1'y2 of all pairs, and c of each code */
struct prepared { float *products, *c; size_t n; };

/* x [n, d]: codes less the mean, brought to their length; y = U x, c = x'Ax. work [n, d], m [d, d] */
static void prepare(float *x, float *y, float *c, float *work, float *m, const struct joint_bayes *j,
                    struct variances_codes v)
{
    int d = j->d, n = (int)v.n;
    size_t size = (size_t)d;
    const struct kernels *k = kernels_best();
    for (size_t i = 0; i < v.n * size; i++)
        x[i] = v.codes[i] - (float)j->mean[i % size];
    matrix_floats(m, j->length, size * size);
    joint_bayes_bring(x, work, m, n, d);
    matrix_floats(m, j->form, size * size);
    gemm(false, false, n, d, d, 1, x, d, m, d, 0, work, d);
    for (size_t i = 0; i < v.n; i++)
        c[i] = k->dot(work + i * size, x + i * size, size);
    matrix_floats(m, j->root, size * size);
    gemm(false, true, n, d, d, 1, x, d, m, d, 0, y, d);
}

static enum status prepare_all(struct prepared *out, const struct joint_bayes *j, struct variances_codes v)
{
    size_t d = (size_t)j->d, codes = v.n * d;
    float *x = memory_alloc(3 * codes + d * d, sizeof *x);
    *out = (struct prepared){memory_alloc(v.n * v.n + 1, sizeof *out->products), memory_alloc(v.n + 1, sizeof *out->c), v.n};
    bool room = x && out->products && out->c;
    if (room) {
        float *y = x + codes, *work = y + codes;
        prepare(x, y, out->c, work, work + codes, j, v);
        gemm(false, true, (int)v.n, (int)v.n, (int)d, 2, y, (int)d, y, (int)d, 0, out->products, (int)v.n);
    }
    memory_free(&x);
    return room ? OK : fail(NO_RESOURCE, "matchers: no memory");
}

static void free_prepared(struct prepared *p)
{
    memory_free(&p->products);
    memory_free(&p->c);
}

static float score(const void *context, size_t i, size_t k)
{
    const struct prepared *p = context;
    return p->c[i] + p->c[k] + p->products[i * p->n + k];
}

/* What one in 1,000 pairs of strangers of one group exceeds. */
static enum status strangers_limit(float *limit, const struct joint_bayes *j, struct variances_codes strangers)
{
    struct prepared p;
    enum status s = prepare_all(&p, j, strangers);
    size_t n = 0;
    float *scores = s ? NULL : memory_alloc(strangers.n * strangers.n / 2 + 1, sizeof *scores);
    if (!s && !scores)
        s = fail(NO_RESOURCE, "matchers: no memory");
    for (size_t i = 0; !s && i < strangers.n; i++)
        for (size_t k = 0; k < i; k++)
            if (strangers.person[i] == strangers.person[k])
                scores[n++] = score(&p, i, k);
    if (!s)
        *limit = fit_exceeded(scores, n, STRANGERS_RATE);
    memory_free(&scores);
    free_prepared(&p);
    return s;
}

enum status variances_measure(struct variances *out, const struct joint_bayes *j, struct variances_codes val,
                              struct variances_codes strangers, int most)
{
    struct prepared p;
    struct fit_scores scores;
    float limit = 0;
    enum status s = prepare_all(&p, j, val), room = fit_scores_make(&scores, val.n, most);
    out->taken = 0;
    if (!s && !(s = room) && strangers.n > 1)
        s = strangers_limit(&limit, j, strangers);
    if (!s) {
        fit_scores_take(&scores, val.person, val.n, most, score, &p);
        out->eer = fit_equal_error(scores.same, scores.n_same, scores.different, scores.n_different);
        if (strangers.n > 1 && scores.n_same)
            out->taken = fit_share_above(scores.same, scores.n_same, limit);
    }
    free_prepared(&p);
    fit_scores_free(&scores);
    return s;
}

static bool is_better(const struct variances *now, const struct variances *than, bool strangers)
{
    return strangers && than->eer <= 1 ? now->taken > than->taken : now->eer < than->eer;
}

/* One fit, all changes of its covariances; *out is replaced where one is better than chosen. */
static enum status try_changes(struct joint_bayes *out, struct variances *chosen, const struct joint_bayes *fit, float power,
                               const struct variances_people *people, int most)
{
    enum status s = OK;
    for (int k = 0; !s && k < STEEPS; k++) {
        struct joint_bayes steep = {0};
        s = joint_bayes_copy(&steep, fit);
        if (!s && steeps[k] != 1)
            s = joint_bayes_steepen(&steep, steeps[k]);
        for (int i = 0; !s && i < WITHINS; i++) {
            struct variances now = {power, steeps[k], withins[i], 2, 0};
            struct joint_bayes j = {0};
            if (!(s = joint_bayes_copy(&j, &steep))) {
                joint_bayes_shrink(&j, withins[i]);
                if (!(s = joint_bayes_derive(&j)))
                    s = variances_measure(&now, &j, people->val, people->strangers, most);
            }
            log_say(LOG_INFO, NULL, "joint bayesian: power=%g steep=%g within=%g eer=%.4f taken=%.4f", (double)power, now.steep,
                    now.within, now.eer, now.taken);
            if (!s && is_better(&now, chosen, people->strangers.n > 1)) {
                *chosen = now;
                joint_bayes_free(out);
                *out = j;
            } else {
                joint_bayes_free(&j);
            }
        }
        joint_bayes_free(&steep);
    }
    return s;
}

/* The same codes to a power, in numbers of their own. */
static struct variances_codes to_power(float *out, struct variances_codes v, int d, float power)
{
    for (size_t i = 0; i < v.n * (size_t)d; i++)
        out[i] = joint_bayes_number(v.codes[i], power);
    return (struct variances_codes){out, v.person, v.n};
}

enum status variances_choose(struct joint_bayes *out, struct variances *chosen, const struct variances_people *people, int d,
                             const float *powers, int n_powers, int most)
{
    static const struct joint_bayes_options options = {.steps = 60, .tolerance = 1e-4, .exact = true, .most = 60};
    size_t size = (size_t)d, n_train = people->train.n * size, n_val = people->val.n * size;
    float *numbers = memory_alloc(n_train + n_val + people->strangers.n * size + 1, sizeof *numbers);
    enum status s = numbers ? OK : fail(NO_RESOURCE, "matchers: no memory");
    *out = (struct joint_bayes){0};
    *chosen = (struct variances){.eer = 2};
    for (int i = 0; !s && i < n_powers; i++) {
        struct joint_bayes fit = {0};
        const struct variances_people now = {to_power(numbers, people->train, d, powers[i]),
                                             to_power(numbers + n_train, people->val, d, powers[i]),
                                             to_power(numbers + n_train + n_val, people->strangers, d, powers[i])};
        s = joint_bayes_fit(&fit, now.train.codes, now.train.person, now.train.n, d, &options);
        if (!s)
            s = try_changes(out, chosen, &fit, powers[i], &now, most);
        joint_bayes_free(&fit);
    }
    memory_free(&numbers);
    if (s)
        joint_bayes_free(out);
    return s;
}
