/* SPDX-License-Identifier: MIT
 * Joint Bayesian: planted covariances come back, the score is the likelihood ratio it claims to be, and it beats the
 * cosine where it should; calibration measures what it says. */
#include "tests/kit.h"
#include "tests/kit_codes.h"

#include "base/memory.h"
#include "base/random.h"
#include "train/fit.h"
#include "train/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 10, PEOPLE = 1500, MOST = 6, ROOM = PEOPLE * MOST };

struct planted {
    double mix[2][D * D];   /* mu = mix[0] z, eps = mix[1] z */
    double truth[2][D * D]; /* their covariances */
    float codes[ROOM * D];
    int person[ROOM];
    size_t n;
};

static void draw(double *out, const double *mix, uint64_t *seed)
{
    double z[D];
    for (int i = 0; i < D; i++)
        z[i] = (double)random_normal(seed);
    for (int i = 0; i < D; i++) {
        out[i] = 0;
        for (int k = 0; k < D; k++)
            out[i] += mix[i * D + k] * z[k];
    }
}

static struct planted *plant(uint64_t seed)
{
    struct planted *p = memory_alloc(1, sizeof *p);
    double mu[D];
    double eps[D];
    assert_non_null(p);
    for (int w = 0; w < 2; w++) {
        for (int i = 0; i < D * D; i++)
            p->mix[w][i] = (double)random_normal(&seed) * (i % (D + 1) ? 0.4 : 1.5) * (w ? 0.1 : 0.2);
        matrix_product_turned(p->truth[w], p->mix[w], p->mix[w], D);
    }
    for (int who = 0; who < PEOPLE; who++) {
        draw(mu, p->mix[0], &seed);
        for (int m = 1 + random_below(&seed, MOST); m > 0; m--, p->n++) {
            draw(eps, p->mix[1], &seed);
            p->person[p->n] = 7 * who + 3;
            for (int k = 0; k < D; k++)
                p->codes[p->n * D + (size_t)k] = (float)(mu[k] + eps[k] + 0.3 * k);
        }
    }
    return p;
}

static const struct joint_bayes_options exact = {.steps = 100, .tolerance = 1e-7, .exact = true};
static const struct joint_bayes_options paper = {.steps = 100, .tolerance = 1e-7, .exact = false};

static double difference(const double *a, const double *b)
{
    double d[D * D];
    memcpy(d, a, sizeof d);
    matrix_add(d, -1, b, D);
    return matrix_norm(d, D) / matrix_norm(b, D);
}

static void test_inverse(void **state)
{
    (void)state;
    struct planted *p = plant(3);
    double inverse[D * D];
    double work[D * D];
    double one[D * D];
    assert_true(matrix_inverse(inverse, p->truth[0], work, D));
    matrix_product(one, inverse, p->truth[0], D);
    for (int i = 0; i < D; i++)
        for (int k = 0; k < D; k++)
            assert_true(fabs(one[i * D + k] - (i == k)) < 1e-6);
    p->truth[0][0] = -1;
    assert_false(matrix_inverse(inverse, p->truth[0], work, D));
    memory_free(&p);
}

/* Large enough for several blocks of columns and rows below them. */
static void test_inverse_of_a_large_matrix(void **state)
{
    enum { LARGE = 131 };
    (void)state;
    size_t square = (size_t)LARGE * LARGE;
    double *block = memory_alloc(4 * square, sizeof *block), *m[4];
    uint64_t seed = 5;
    assert_non_null(block);
    for (int i = 0; i < 4; i++)
        m[i] = block + (size_t)i * square;
    for (size_t i = 0; i < square; i++)
        m[0][i] = (double)random_normal(&seed) + (i % (LARGE + 1) ? 0 : 12);
    matrix_product_turned(m[1], m[0], m[0], LARGE);
    assert_true(matrix_inverse(m[2], m[1], m[3], LARGE));
    matrix_product(m[3], m[2], m[1], LARGE);
    for (int i = 0; i < LARGE; i++)
        for (int k = 0; k < LARGE; k++)
            assert_true(fabs(m[3][(size_t)i * LARGE + (size_t)k] - (i == k)) < 1e-8);
    m[1][square - 1] -= 1e4;
    assert_false(matrix_inverse(m[2], m[1], m[3], LARGE));
    memory_free(&block);
}

static void test_planted(void **state)
{
    (void)state;
    struct planted *p = plant(1);
    struct joint_bayes j;
    struct joint_bayes none;
    struct joint_bayes_options no_steps = exact;
    no_steps.steps = 0;
    assert_int_equal(joint_bayes_fit(&j, p->codes, p->person, p->n, D, &exact), OK);
    assert_int_equal(joint_bayes_fit(&none, p->codes, p->person, p->n, D, &no_steps), OK);
    assert_true(difference(j.between, p->truth[0]) < 0.12);
    assert_true(difference(j.within, p->truth[1]) < 0.06);
    assert_true(difference(j.between, p->truth[0]) < difference(none.between, p->truth[0])); /* EM is worth it */
    joint_bayes_free(&none);
    assert_int_equal(joint_bayes_fit(&none, p->codes, p->person, p->n, D, &paper), OK);
    assert_true(difference(none.within, p->truth[1]) < 0.3); /* the paper's form is biased, but near */
    joint_bayes_free(&none);
    joint_bayes_free(&j);
    memory_free(&p);
}

/* -x' inverse(S) x for x = (a, b) and S = [[t, m], [m, t]]: on (a + b), (a - b) the blocks are t + m and t - m. */
static double quadratic(const double *a, const double *b, const double *t, const double *m)
{
    double sum = 0;
    for (int sign = -1; sign <= 1; sign += 2) {
        double s[D * D];
        double inverse[D * D];
        double work[D * D];
        memcpy(s, t, sizeof s);
        matrix_add(s, sign, m, D);
        assert_true(matrix_inverse(inverse, s, work, D));
        for (int i = 0; i < D; i++)
            for (int k = 0; k < D; k++)
                sum -= 0.5 * (a[i] + sign * b[i]) * inverse[i * D + k] * (a[k] + sign * b[k]);
    }
    return sum;
}

static double fast(const struct joint_bayes *j, const float *x, const float *y)
{
    double c = 0;
    double product = 0;
    for (int i = 0; i < D; i++) {
        double ux = 0;
        double uy = 0;
        for (int k = 0; k < D; k++) {
            double xk = (double)x[k] - j->mean[k];
            double yk = (double)y[k] - j->mean[k];
            c += ((double)x[i] - j->mean[i]) * j->form[i * D + k] * xk;
            c += ((double)y[i] - j->mean[i]) * j->form[i * D + k] * yk;
            ux += j->root[i * D + k] * xk;
            uy += j->root[i * D + k] * yk;
        }
        product += ux * uy;
    }
    return c + 2 * product;
}

static void test_is_likelihood_ratio(void **state)
{
    (void)state;
    struct planted *p = plant(2);
    struct joint_bayes j;
    double total[D * D];
    double zero[D * D] = {0};
    assert_int_equal(joint_bayes_fit(&j, p->codes, p->person, p->n, D, &exact), OK);
    memcpy(total, j.between, sizeof total);
    matrix_add(total, 1, j.within, D);
    for (size_t i = 0; i + 1 < 200; i += 2) {
        const float *x = p->codes + i * D;
        const float *y = x + D;
        double a[D];
        double b[D];
        for (int k = 0; k < D; k++) {
            a[k] = (double)x[k] - j.mean[k];
            b[k] = (double)y[k] - j.mean[k];
        }
        double ratio = quadratic(a, b, total, j.between) - quadratic(a, b, total, zero);
        double score = joint_bayes_score(&j, x, y);
        assert_true(fabs(score - ratio) < 1e-5 * (1 + fabs(ratio)));
        assert_true(fabs(score - fast(&j, x, y)) < 1e-2 + 1e-3 * fabs(score)); /* U: with a lifted diagonal */
        assert_true(fabs(score - joint_bayes_score(&j, y, x)) < 1e-9 * (1 + fabs(score)));
    }
    joint_bayes_free(&j);
    memory_free(&p);
}

static double cosine(const float *x, const float *y, const double *mean)
{
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int k = 0; k < D; k++) {
        double a = (double)x[k] - mean[k];
        double b = (double)y[k] - mean[k];
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    return xy / sqrt(xx * yy);
}

static void test_beats_cosine(void **state)
{
    (void)state;
    struct planted *p = plant(4);
    struct joint_bayes j;
    struct fit_calibration c[2];
    float *scores[2][2];
    size_t n[2] = {0, 0};
    assert_int_equal(joint_bayes_fit(&j, p->codes, p->person, p->n / 2, D, &exact), OK); /* half to learn */
    for (int w = 0; w < 4; w++)
        assert_non_null(scores[w / 2][w % 2] = memory_alloc(20000, sizeof(float)));
    for (size_t i = p->n / 2; i < p->n; i++)
        for (size_t k = i + 1; k < p->n && k < i + 5; k++) {
            int same = p->person[i] == p->person[k];
            scores[0][same][n[same]] = (float)joint_bayes_score(&j, p->codes + i * D, p->codes + k * D);
            scores[1][same][n[same]++] = (float)cosine(p->codes + i * D, p->codes + k * D, j.mean);
        }
    for (int w = 0; w < 2; w++)
        assert_int_equal(fit_calibrate(&c[w], scores[w][1], n[1], scores[w][0], n[0]), OK);
    assert_true(c[0].eer < c[1].eer);
    assert_true(c[0].eer < 0.2);
    for (int w = 0; w < 4; w++)
        memory_free(&scores[w / 2][w % 2]);
    joint_bayes_free(&j);
    memory_free(&p);
}

/* Two normal distributions, one deviation apart from 0 on both sides: the log likelihood ratio is 2 x. */
static void test_calibration(void **state)
{
    enum { N = 200000 };
    (void)state;
    uint64_t seed = 5;
    struct fit_calibration c;
    float *same = memory_alloc(N, sizeof *same);
    float *different = memory_alloc(N, sizeof *different);
    assert_true(same && different);
    for (int i = 0; i < N; i++) {
        same[i] = 1 + random_normal(&seed);
        different[i] = -1 + random_normal(&seed);
    }
    assert_int_equal(fit_calibrate(&c, same, N, different, N), OK);
    assert_true(fabs(c.factor - 2) < 0.05);
    assert_true(fabs(c.shift) < 0.05);
    assert_true(fabs(c.eer - 0.1587) < 0.005);
    assert_true(fabs(c.tail[0] - 0.2816) < 0.02);
    assert_true(fabs(c.tail[2] - 2.09) < 0.1);
    for (int i = 1; i < FIT_TAIL; i++)
        assert_true(c.tail[i] > c.tail[i - 1]);
    /* no overlap at all: still finite and rising */
    for (int i = 0; i < 1000; i++) {
        same[i] = 5 + 0.001F * (float)i;
        different[i] = -5 - 0.001F * (float)i;
    }
    assert_int_equal(fit_calibrate(&c, same, 1000, different, 1000), OK);
    assert_true(c.factor > 0 && c.factor < 100 && c.eer == 0);
    assert_int_equal(fit_calibrate(&c, same, 1, different, 1000), BAD_DATA);
    memory_free(&same);
    memory_free(&different);
}

/* Strangers of one group share a part of their codes: thresholds of validation people would let many of them through. */
static void test_strangers_tail(void **state)
{
    (void)state;
    enum { CODE = 160, VAL = 400, STRANGERS = 700, EACH = 4 };
    struct recognizer *r;
    struct fit_calibration plain, c;
    struct face *val = memory_alloc(VAL + STRANGERS, sizeof *val), *strangers = val + VAL;
    int person[VAL], group[STRANGERS];
    assert_non_null(val);
    assert_ok(kit_recognizer(&r, kit_path("toy.safetensors"), CODE, false));
    for (int i = 0; i < VAL; i++)
        val[i] = kit_code(person[i] = i / EACH, i, CODE, 1);
    for (int i = 0; i < STRANGERS; i++) {
        struct face shared = kit_code(5000 + (group[i] = i % 2), 0, CODE, 0);
        strangers[i] = kit_code(1000 + i, i, CODE, 1);
        for (int k = 0; k < CODE; k++)
            strangers[i].code[k] += 0.5F * shared.code[k];
    }
    const struct fit_faces people = {val, person, VAL}, others = {strangers, group, STRANGERS};
    assert_ok(fit_scores_calibrate(&plain, r, people, (struct fit_faces){0}, EACH));
    assert_ok(fit_scores_calibrate(&c, r, people, others, EACH));
    assert_true(c.eer == plain.eer && c.factor == plain.factor);
    double above[2] = {0, 0}, pairs = 0;
    for (int i = 0; i < STRANGERS; i++)
        for (int k = i % 2; k < i; k += 2, pairs++) {
            float cosine = recognizer_score(r, &strangers[i], &strangers[k]);
            above[0] += cosine >= (float)plain.tail[2];
            above[1] += cosine >= (float)c.tail[2];
        }
    assert_true(above[0] / pairs > 0.01);
    assert_near(above[1] / pairs, 0.001, 0.0001);
    assert_true(c.taken[2] < plain.taken[2]);
    recognizer_close(&r);
    memory_free(&val);
}

static void test_refuses(void **state)
{
    (void)state;
    struct joint_bayes j;
    float codes[4 * D] = {0};
    int one[4] = {1, 1, 1, 1};
    assert_int_equal(joint_bayes_fit(&j, codes, one, 4, D, &exact), BAD_DATA);
    assert_null(j.mean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inverse), cmocka_unit_test(test_inverse_of_a_large_matrix),      cmocka_unit_test(test_planted),     cmocka_unit_test(test_is_likelihood_ratio),
        cmocka_unit_test(test_beats_cosine), cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_strangers_tail), cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
