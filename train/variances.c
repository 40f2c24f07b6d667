/* SPDX-License-Identifier: MIT
 * The pairs of the validation people, scored as recognizer/match_joint_bayes.c does but all at once: -2 x'Gy is a product of
 * matrices. */
#include "train/variances.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "nets/gemm.h"
#include "recognizer/recognizer.h"

static const double steeps[] = {1, 1.5, 2}, withins[] = {0, 0.1, 0.3, 1, 3};
enum { STEEPS = 3, WITHINS = 5, BISECTIONS = 40 };

struct scores { float *same, *different; size_t n_same, n_different; };

static void take_matrix(float *out, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)from[i];
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* x [n, d]: codes less the mean, brought to their length; y = U x, c = x'Ax. work [n, d], m [d, d] */
static void prepare(float *x, float *y, float *c, float *work, float *m, const struct joint_bayes *j,
                    struct variances_codes v)
{
    int d = j->d, n = (int)v.n;
    size_t size = (size_t)d;
    for (size_t i = 0; i < v.n * size; i++)
        x[i] = v.codes[i] - (float)j->mean[i % size];
    take_matrix(m, j->length, size * size);
    gemm(false, true, n, d, d, 1, x, d, m, d, 0, work, d);
    for (size_t i = 0; i < v.n; i++) {
        double sum = dot(work + i * size, work + i * size, size);
        float by = sum > 0 ? (float)sqrt((double)d / sum) : 0;
        for (size_t k = 0; k < size; k++)
            x[i * size + k] *= by;
    }
    take_matrix(m, j->form, size * size);
    gemm(false, false, n, d, d, 1, x, d, m, d, 0, work, d);
    for (size_t i = 0; i < v.n; i++)
        c[i] = (float)dot(work + i * size, x + i * size, size);
    take_matrix(m, j->root, size * size);
    gemm(false, true, n, d, d, 1, x, d, m, d, 0, y, d);
}

static void take_pairs(struct scores *s, const float *products, const float *c, struct variances_codes v, int most)
{
    s->n_same = s->n_different = 0;
    for (size_t i = 0; i < v.n; i++) {
        int of_person = 0;
        for (size_t k = 0; k < i; k++) {
            float score = c[i] + c[k] + products[i * v.n + k];
            if (v.person[i] != v.person[k])
                s->different[s->n_different++] = score;
            else if (of_person++ < most)
                s->same[s->n_same++] = score;
        }
    }
}

static double share_above(const float *x, size_t n, float limit)
{
    size_t above = 0;
    for (size_t i = 0; i < n; i++)
        above += x[i] > limit;
    return (double)above / (double)n;
}

/* The limit between the kinds is bisected: no sort of ten million scores. */
static double equal_error(const struct scores *s)
{
    if (!s->n_same || !s->n_different)
        return 1;
    float low = s->same[0], high = s->same[0];
    for (size_t i = 0; i < s->n_same; i++) {
        low = fminf(low, s->same[i]);
        high = fmaxf(high, s->same[i]);
    }
    double missed = 0, matched = 1;
    for (int i = 0; i < BISECTIONS; i++) {
        float limit = 0.5F * (low + high);
        missed = 1 - share_above(s->same, s->n_same, limit);
        matched = share_above(s->different, s->n_different, limit);
        *(matched > missed ? &low : &high) = limit;
    }
    return 0.5 * (missed + matched);
}

enum status variances_error(double *eer, const struct joint_bayes *j, struct variances_codes v, int most)
{
    size_t d = (size_t)j->d, codes = v.n * d, pairs = v.n * (v.n - 1) / 2;
    float *x = memory_alloc(3 * codes + v.n + d * d, sizeof *x), *products = memory_alloc(v.n * v.n, sizeof *products);
    struct scores s = {.same = memory_alloc(v.n * (size_t)most + 1, sizeof(float)),
                       .different = memory_alloc(pairs + 1, sizeof(float))};
    enum status result = x && products && s.same && s.different ? OK : fail(NO_RESOURCE, "matchers: no memory");
    if (!result) {
        float *y = x + codes, *work = y + codes, *c = work + codes, *m = c + v.n;
        prepare(x, y, c, work, m, j, v);
        gemm(false, true, (int)v.n, (int)v.n, (int)d, 2, y, (int)d, y, (int)d, 0, products, (int)v.n);
        take_pairs(&s, products, c, v, most);
        *eer = equal_error(&s);
    }
    memory_free(&x);
    memory_free(&products);
    memory_free(&s.same);
    memory_free(&s.different);
    return result;
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
            if (!(s = joint_bayes_copy(&j, &steep)) && !(s = joint_bayes_shrink(&j, withins[i])))
                s = variances_error(&now.eer, &j, val, most);
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
