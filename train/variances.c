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
enum { STEEPS = 3, WITHINS = 5 };

/* 2 y1'y2 of all pairs, and c of each code */
struct prepared { const float *products, *c; size_t n; };

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

static float score(const void *context, size_t i, size_t k)
{
    const struct prepared *p = context;
    return p->c[i] + p->c[k] + p->products[i * p->n + k];
}

enum status variances_error(double *eer, const struct joint_bayes *j, struct variances_codes v, int most)
{
    size_t d = (size_t)j->d, codes = v.n * d;
    float *x = memory_alloc(3 * codes + v.n + d * d, sizeof *x), *products = memory_alloc(v.n * v.n, sizeof *products);
    struct fit_scores scores;
    enum status s = fit_scores_make(&scores, v.n, most);
    if (!s && !(x && products))
        s = fail(NO_RESOURCE, "matchers: no memory");
    if (!s) {
        float *y = x + codes, *work = y + codes, *c = work + codes, *m = c + v.n;
        prepare(x, y, c, work, m, j, v);
        gemm(false, true, (int)v.n, (int)v.n, (int)d, 2, y, (int)d, y, (int)d, 0, products, (int)v.n);
        fit_scores_take(&scores, v.person, v.n, most, score, &(struct prepared){products, c, v.n});
        *eer = fit_equal_error(scores.same, scores.n_same, scores.different, scores.n_different);
    }
    memory_free(&x);
    memory_free(&products);
    fit_scores_free(&scores);
    return s;
}

/* One fit, all changes of its covariances; *out is replaced where one is better than chosen->eer. */
static enum status try_changes(struct joint_bayes *out, struct variances *chosen, const struct joint_bayes *fit, float power,
                               struct variances_codes val, int most)
{
    enum status s = OK;
    for (int k = 0; !s && k < STEEPS; k++) {
        struct joint_bayes steep = {0};
        s = joint_bayes_copy(&steep, fit);
        if (!s && steeps[k] != 1)
            s = joint_bayes_steepen(&steep, steeps[k]);
        for (int i = 0; !s && i < WITHINS; i++) {
            struct variances now = {power, steeps[k], withins[i], 2};
            struct joint_bayes j = {0};
            if (!(s = joint_bayes_copy(&j, &steep))) {
                joint_bayes_shrink(&j, withins[i]);
                if (!(s = joint_bayes_derive(&j)))
                    s = variances_error(&now.eer, &j, val, most);
            }
            log_say(LOG_INFO, NULL, "joint bayesian: power=%g steep=%g within=%g eer=%.4f", (double)power, now.steep, now.within,
                    now.eer);
            if (!s && now.eer < chosen->eer) {
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

static void to_power(float *out, struct variances_codes v, int d, float power)
{
    for (size_t i = 0; i < v.n * (size_t)d; i++)
        out[i] = joint_bayes_number(v.codes[i], power);
}

enum status variances_choose(struct joint_bayes *out, struct variances *chosen, struct variances_codes train,
                             struct variances_codes val, int d, const float *powers, int n_powers, int most)
{
    static const struct joint_bayes_options options = {.steps = 60, .tolerance = 1e-4, .exact = true, .most = 60};
    float *learnt = memory_alloc(train.n * (size_t)d, sizeof *learnt), *apart = memory_alloc(val.n * (size_t)d, sizeof *apart);
    enum status s = learnt && apart ? OK : fail(NO_RESOURCE, "matchers: no memory");
    *out = (struct joint_bayes){0};
    *chosen = (struct variances){.eer = 2};
    for (int i = 0; !s && i < n_powers; i++) {
        struct joint_bayes fit = {0};
        to_power(learnt, train, d, powers[i]);
        to_power(apart, val, d, powers[i]);
        s = joint_bayes_fit(&fit, learnt, train.person, train.n, d, &options);
        if (!s)
            s = try_changes(out, chosen, &fit, powers[i], (struct variances_codes){apart, val.person, val.n}, most);
        joint_bayes_free(&fit);
    }
    memory_free(&learnt);
    memory_free(&apart);
    if (s)
        joint_bayes_free(out);
    return s;
}
