/* SPDX-License-Identifier: MIT
 * Joint Bayesian's covariances changed for people it was not fitted on, by hand on small matrices; and the choice of the
 * change on planted codes whose spread within a person is larger than it was among those that were fitted. */
#include <math.h>
#include <string.h>

#include "tests/kit.h"

#include "base/memory.h"
#include "base/random.h"
#include "train/matrix.h"
#include "train/variances.h"

enum { D = 8, PEOPLE = 120, EACH = 6, N = PEOPLE * EACH };

/* A turned about 45 degrees: eigenvalues 4 and 1 of S_mu, S_eps = diagonal. */
static void small(struct joint_bayes *j)
{
    static const double between[] = {2.5, 1.5, 1.5, 2.5}, within[] = {1, 0, 0, 3};
    assert_ok(joint_bayes_make(j, 2));
    memcpy(j->between, between, sizeof between);
    memcpy(j->within, within, sizeof within);
    assert_ok(joint_bayes_derive(j));
}

static void test_shrink(void **state)
{
    (void)state;
    struct joint_bayes j;
    small(&j);
    joint_bayes_shrink(&j, 0.5); /* half of the mean variance 2 */
    assert_near(j.within[0], 2, 1e-12);
    assert_near(j.within[1], 0, 1e-12);
    assert_near(j.within[3], 4, 1e-12);
    assert_near(j.between[0], 2.5, 1e-12);
    joint_bayes_free(&j);
}

static void test_steepen(void **state)
{
    (void)state;
    struct joint_bayes j;
    small(&j);
    assert_ok(joint_bayes_steepen(&j, 2)); /* 16 and 1, times 5 / 17 */
    assert_near(j.between[0], 8.5 * 5 / 17, 1e-5);
    assert_near(j.between[1], 7.5 * 5 / 17, 1e-5);
    assert_near(j.between[3], 8.5 * 5 / 17, 1e-5);
    assert_near(j.within[3], 3, 1e-12);
    joint_bayes_free(&j);
}

static void test_length(void **state)
{
    (void)state;
    struct joint_bayes j;
    static const double x[] = {0.7, -1.3};
    small(&j);
    double a = j.length[0] * x[0] + j.length[1] * x[1], b = j.length[2] * x[0] + j.length[3] * x[1];
    /* S_mu + S_eps = [3.5 1.5; 1.5 5.5], its determinant 17 */
    double want = (5.5 * x[0] * x[0] - 3 * x[0] * x[1] + 3.5 * x[1] * x[1]) / 17;
    assert_near(a * a + b * b, want, 1e-9);
    joint_bayes_free(&j);
}

/* Between persons 1 in all numbers; within a person `near` in the first half of the numbers, 1 in the others. */
static void plant(float *codes, int *person, float near, uint64_t seed)
{
    for (int p = 0; p < PEOPLE; p++) {
        float mean[D];
        for (int k = 0; k < D; k++)
            mean[k] = random_normal(&seed);
        for (int i = 0; i < EACH; i++)
            for (int k = 0; k < D; k++)
                codes[(p * EACH + i) * D + k] = mean[k] + (k < D / 2 ? near : 1) * random_normal(&seed);
        for (int i = 0; i < EACH; i++)
            person[p * EACH + i] = p;
    }
}

static void test_choice(void **state)
{
    (void)state;
    static const float powers[] = {1};
    float *codes = memory_alloc(3 * N * D, sizeof *codes);
    int *person = memory_alloc(N, sizeof *person);
    struct joint_bayes j, plain;
    struct variances chosen;
    struct variances measured;
    const struct variances_codes none = {0};
    assert_true(codes && person);
    float *train = codes, *alike = codes + N * D, *val = alike + N * D;
    plant(train, person, 0.05F, 1); /* what a net makes of people it learnt from */
    plant(val, person, 0.6F, 2);    /* and of others */
    plant(alike, person, 0.05F, 3);
    struct variances_codes learnt = {train, person, N}, others = {val, person, N}, same_kind = {alike, person, N};
    assert_ok(variances_choose(&j, &chosen, &(struct variances_people){learnt, others, none, 0}, D, powers, 1, EACH));
    assert_true(chosen.within > 0);
    assert_ok(variances_measure(&measured, &j, others, none, EACH));
    assert_near(measured.eer, chosen.eer, 1e-6);
    assert_true(measured.taken == 0);
    struct joint_bayes_options options = {.steps = 60, .tolerance = 1e-4, .exact = true};
    assert_ok(joint_bayes_fit(&plain, train, person, N, D, &options));
    assert_ok(variances_measure(&measured, &plain, others, none, EACH));
    assert_true(chosen.eer < 0.9 * measured.eer);
    assert_true(chosen.eer > 0.01 && measured.eer < 0.4); /* neither a case without errors nor one without hope */
    joint_bayes_free(&j);
    joint_bayes_free(&plain);
    /* Where nothing is underestimated the fit stays nearly as it is. */
    assert_ok(variances_choose(&j, &chosen, &(struct variances_people){learnt, same_kind, none, 0}, D, powers, 1, EACH));
    assert_true(chosen.within <= 0.3);
    joint_bayes_free(&j);
    memory_free(&codes);
    memory_free(&person);
}

/* Strangers of a group are alike in some of the numbers: what tells them apart is chosen, not what tells everybody apart. */
static void test_strangers(void **state)
{
    (void)state;
    enum { GROUPS = 2 };
    static const float powers[] = {1};
    float *codes = memory_alloc(3 * N * D, sizeof *codes);
    int *person = memory_alloc(N, sizeof *person), *group = memory_alloc(N, sizeof *group);
    struct joint_bayes j;
    struct variances by_error, by_strangers, measured;
    uint64_t seed = 9;
    float shared[GROUPS][D];
    assert_true(codes && person && group);
    float *train = codes, *val = codes + N * D, *strangers = val + N * D;
    plant(train, person, 0.05F, 1);
    plant(val, person, 0.6F, 2);
    kit_random(&shared[0][0], sizeof shared / sizeof(float), 4);
    for (int i = 0; i < N; i++) {
        group[i] = i % GROUPS;
        for (int k = 0; k < D; k++)
            strangers[i * D + k] = (k < D / 4 ? shared[group[i]][k] : 0) + (k < D / 4 ? 0.3F : 1) * random_normal(&seed);
    }
    struct variances_people people = {{train, person, N}, {val, person, N}, {0}, 0};
    const struct variances_codes others = {strangers, group, N};
    assert_ok(variances_choose(&j, &by_error, &people, D, powers, 1, EACH));
    assert_ok(variances_measure(&measured, &j, people.val, others, EACH));
    joint_bayes_free(&j);
    people.strangers = others;
    people.trade = 0.1;
    assert_ok(variances_choose(&j, &by_strangers, &people, D, powers, 1, EACH));
    assert_true(by_strangers.taken >= measured.taken);
    assert_true(by_strangers.eer >= by_error.eer - 1e-9 || by_strangers.shared > 0);
    assert_true(by_strangers.eer <= 1.1 * by_error.eer + 1e-9);
    assert_true(by_strangers.taken > 0.01 && by_strangers.taken < 0.99);
    assert_true(by_error.shared == 0 && by_error.taken == 0);
    assert_ok(variances_measure(&measured, &j, people.val, others, EACH));
    assert_near(measured.taken, by_strangers.taken, 1e-6);
    joint_bayes_free(&j);
    memory_free(&codes);
    memory_free(&person);
    memory_free(&group);
}

static void test_one_person(void **state)
{
    (void)state;
    struct joint_bayes j;
    static const float codes[] = {1, 2, 3, 4};
    static const int person[] = {7, 7};
    struct variances measured = {0};
    small(&j);
    assert_ok(variances_measure(&measured, &j, (struct variances_codes){codes, person, 2}, (struct variances_codes){0}, EACH));
    assert_near(measured.eer, 1, 0);
    joint_bayes_free(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shrink), cmocka_unit_test(test_steepen), cmocka_unit_test(test_length),
        cmocka_unit_test(test_choice), cmocka_unit_test(test_strangers), cmocka_unit_test(test_one_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
