/* SPDX-License-Identifier: MIT
 * The pairs of the validation people, scored as recognizer/match_joint_bayes.c does but all at once: -2 x'Gy is a product of
 * matrices. */
#include "train/variances.h"

#include "base/check.h"
#include "base/kernels.h"
#include "base/log.h"
#include "base/memory.h"
#include "nets/gemm.h"
#include "recognizer/recognizer.h"
#include "train/matrix.h"

static const double steeps[] = {1, 1.5, 2}, withins[] = {0, 0.1, 0.3, 1, 3, 10}, shares[] = {0, 0.3};
enum { STEEPS = 3, WITHINS = 6, SHARES = 2, TRIES = STEEPS * WITHINS * SHARES };
#define STRANGERS_RATE 1e-3

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
    float *scores = s ? NULL : memory_alloc(strangers.n * strangers.n / 2 + 1, sizeof *scores);
    if (!s && !scores)
        s = fail(NO_RESOURCE, "matchers: no memory");
    if (!s)
        *limit = fit_exceeded(scores, fit_scores_of_groups(scores, strangers.person, strangers.n, score, &p), STRANGERS_RATE);
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

/* Covariance of the groups' means, each group counting alike. */
static enum status groups_covariance(double *out, struct variances_codes strangers, int d)
{
    size_t size = (size_t)d;
    int top = 0, n_groups = 0;
    for (size_t i = 0; i < strangers.n; i++)
        top = strangers.person[i] > top ? strangers.person[i] : top;
    double *means = memory_alloc(((size_t)top + 2) * size, sizeof *means), *mean = means ? means + ((size_t)top + 1) * size : NULL;
    int *count = memory_alloc((size_t)top + 1, sizeof *count);
    bool room = means && count;
    for (size_t i = 0; room && i < strangers.n; i++) {
        n_groups += !count[strangers.person[i]]++;
        for (size_t k = 0; k < size; k++)
            means[(size_t)strangers.person[i] * size + k] += (double)strangers.codes[i * size + k];
    }
    for (int g = 0; room && g <= top; g++)
        for (size_t k = 0; count[g] && k < size; k++)
            mean[k] += (means[(size_t)g * size + k] /= count[g]) / n_groups;
    for (int g = 0; room && g <= top; g++)
        for (size_t k = 0; k < size; k++)
            means[(size_t)g * size + k] = count[g] ? means[(size_t)g * size + k] - mean[k] : 0;
    if (room)
        gemm_double(true, false, d, d, top + 1, 1.0 / n_groups, means, d, means, d, 0, out, d);
    memory_free(&means);
    memory_free(&count);
    return room ? OK : fail(NO_RESOURCE, "matchers: no memory");
}

static enum status steepened(struct joint_bayes *out, const struct joint_bayes *fit, double steep)
{
    enum status s = joint_bayes_copy(out, fit);
    return s || steep == 1 ? s : joint_bayes_steepen(out, steep);
}

/* shared: the groups' covariance, NULL: there are none */
static enum status widened(struct joint_bayes *out, const struct joint_bayes *steep, const struct variances *how, const double *shared)
{
    enum status s = joint_bayes_copy(out, steep);
    if (s)
        return s;
    joint_bayes_shrink(out, how->within);
    if (shared)
        matrix_add(out->within, how->shared, shared, out->d);
    return joint_bayes_derive(out);
}

static enum status try_one(struct variances *now, const struct joint_bayes *steep, const double *shared,
                           const struct variances_people *people, int most)
{
    struct joint_bayes j = {0};
    enum status s = widened(&j, steep, now, shared);
    if (!s)
        s = variances_measure(now, &j, people->val, people->strangers, most);
    joint_bayes_free(&j);
    log_say(LOG_INFO, NULL, "joint bayesian: power=%g steep=%g within=%g shared=%g eer=%.4f taken=%.4f", (double)now->power,
            now->steep, now->within, now->shared, now->eer, now->taken);
    return s;
}

/* All changes of one fit, measured, behind the *n before. */
static enum status try_changes(struct variances *tried, int *n, const struct joint_bayes *fit, const double *shared, float power,
                               const struct variances_people *people, int most)
{
    enum status s = OK;
    for (int k = 0; !s && k < STEEPS; k++) {
        struct joint_bayes steep = {0};
        s = steepened(&steep, fit, steeps[k]);
        for (int i = 0; !s && i < WITHINS * (shared ? SHARES : 1); i++) {
            tried[*n] = (struct variances){power, steeps[k], withins[i % WITHINS], shares[i / WITHINS], 2, 0};
            s = try_one(&tried[(*n)++], &steep, shared, people, most);
        }
        joint_bayes_free(&steep);
    }
    return s;
}

/* The least error; where that may be traded, the most of the same pairs, of all whose error is not much larger than that. */
static int best_of(const struct variances *tried, int n, double trade)
{
    int least = 0, best;
    for (int i = 1; i < n; i++)
        least = tried[i].eer < tried[least].eer ? i : least;
    best = least;
    for (int i = 0; trade > 0 && i < n; i++)
        if (tried[i].eer <= (1 + trade) * tried[least].eer && tried[i].taken > tried[best].taken)
            best = i;
    return best;
}

/* The same codes to a power, in numbers of their own. */
static struct variances_codes to_power(float *out, struct variances_codes v, int d, float power)
{
    for (size_t i = 0; i < v.n * (size_t)d; i++)
        out[i] = joint_bayes_number(v.codes[i], power);
    return (struct variances_codes){out, v.person, v.n};
}

/* The people's codes to a power, in `numbers`. */
static struct variances_people powered(float *numbers, const struct variances_people *people, int d, float power)
{
    size_t n_train = people->train.n * (size_t)d, n_val = people->val.n * (size_t)d;
    return (struct variances_people){to_power(numbers, people->train, d, power), to_power(numbers + n_train, people->val, d, power),
                                     to_power(numbers + n_train + n_val, people->strangers, d, power), people->trade};
}

enum status variances_choose(struct joint_bayes *out, struct variances *chosen, const struct variances_people *people, int d,
                             const float *powers, int n_powers, int most)
{
    static const struct joint_bayes_options options = {.steps = 60, .tolerance = 1e-4, .exact = true, .most = 60};
    bool strangers = people->strangers.n > 1;
    size_t square = strangers ? (size_t)d * (size_t)d : 0;
    struct joint_bayes fits[VARIANCES_POWERS] = {{0}};
    struct variances tried[VARIANCES_POWERS * TRIES];
    int n = 0;
    float *numbers = memory_alloc((people->train.n + people->val.n + people->strangers.n) * (size_t)d + 1, sizeof *numbers);
    double *shared = memory_alloc(VARIANCES_POWERS * square + 1, sizeof *shared);
    enum status s = numbers && shared ? OK : fail(NO_RESOURCE, "matchers: no memory");
    CHECK(n_powers > 0 && n_powers <= VARIANCES_POWERS);
    for (int i = 0; !s && i < n_powers; i++) {
        const struct variances_people now = powered(numbers, people, d, powers[i]);
        double *of_groups = strangers ? shared + (size_t)i * square : NULL;
        if (strangers)
            s = groups_covariance(of_groups, now.strangers, d);
        if (!s && !(s = joint_bayes_fit(&fits[i], now.train.codes, now.train.person, now.train.n, d, &options)))
            s = try_changes(tried, &n, &fits[i], of_groups, powers[i], &now, most);
    }
    struct joint_bayes steep = {0};
    *out = steep;
    if (!s) {
        int best = best_of(tried, n, strangers ? people->trade : 0), power = best / (n / n_powers);
        *chosen = tried[best];
        if (!(s = steepened(&steep, &fits[power], chosen->steep)))
            s = widened(out, &steep, chosen, strangers ? shared + (size_t)power * square : NULL);
    }
    joint_bayes_free(&steep);
    for (int i = 0; i < n_powers; i++)
        joint_bayes_free(&fits[i]);
    memory_free(&numbers);
    memory_free(&shared);
    if (s)
        joint_bayes_free(out);
    return s;
}
