/* SPDX-License-Identifier: MIT
 * Joint Bayesian on a power of the codes: with A = 0 and U = 1 the score is twice the inner product of what the power makes
 * of both codes, signs kept; a file that names no power means 1. */
#include <math.h>

#include "tests/kit.h"

#include "nets/models/models.h"
#include "nets/net.h"
#include "recognizer/recognizer.h"

enum { CODE = 32 };

/* length: the file holds N, twice the identity. */
static const char *weights(float power, bool length)
{
    static float mean[CODE], zero[CODE * CODE], one[CODE * CODE], two[CODE * CODE];
    const char *plain = kit_path("plain.safetensors"), *path = kit_path("power.safetensors");
    struct deepid2_options o;
    struct net *net;
    struct tensors *file;
    const struct tensors_note *given;
    struct tensors_array arrays[64];
    struct tensors_note notes[64];
    option_defaults(model_deepid2.options, &o);
    o.maps = 4;
    o.code = CODE;
    assert_ok(net_create(&net, &model_deepid2, &o, 3));
    assert_ok(net_save(net, plain, NULL, 0));
    net_free(&net);
    assert_ok(tensors_open(&file, plain));
    int n = tensors_count(file), n_given = tensors_notes(file, &given), n_notes = 0;
    for (int i = 0; i < CODE; i++)
        two[i * CODE + i] = 2 * (one[i * CODE + i] = 1);
    for (int i = 0; i < n; i++)
        arrays[i] = *tensors_at(file, i);
    for (int i = 0; i < n_given; i++)
        if (strcmp(given[i].key, "xxh64") != 0)
            notes[n_notes++] = given[i];
    arrays[n++] = (struct tensors_array){.name = "joint_bayes.mean", .type = TENSORS_F32, .n_dims = 1, .dims = {CODE}, .n = CODE, .at = mean};
    arrays[n++] = (struct tensors_array){.name = "joint_bayes.A", .type = TENSORS_F32, .n_dims = 2, .dims = {CODE, CODE}, .n = CODE * CODE, .at = zero};
    arrays[n++] = (struct tensors_array){.name = "joint_bayes.U", .type = TENSORS_F32, .n_dims = 2, .dims = {CODE, CODE}, .n = CODE * CODE, .at = one};
    if (power != 1)
        arrays[n++] = (struct tensors_array){.name = "joint_bayes.power", .type = TENSORS_F32, .n_dims = 1, .dims = {1}, .n = 1, .at = &power};
    if (length)
        arrays[n++] = (struct tensors_array){.name = "joint_bayes.N", .type = TENSORS_F32, .n_dims = 2, .dims = {CODE, CODE}, .n = CODE * CODE, .at = two};
    assert_ok(tensors_write(path, arrays, n, notes, n_notes));
    tensors_close(&file);
    return path;
}

static void test_power(void **state)
{
    (void)state;
    static const float powers[] = {1, 0.5F, 0.7F};
    struct face a = {.n_code = CODE}, b = {.n_code = CODE};
    kit_random(a.code, CODE, 5);
    kit_random(b.code, CODE, 6);
    for (int p = 0; p < 3; p++) {
        _Alignas(64) float x[RECOGNIZER_ROW], y[RECOGNIZER_ROW];
        struct recognizer_options o = {.weights = weights(powers[p], false), .matcher = MATCH_JOINT_BAYES, .false_match_rate = 1e-3F, .raw = true};
        struct recognizer *r;
        double sum = 0;
        for (int i = 0; i < CODE; i++) {
            double product = (double)a.code[i] * (double)b.code[i], size = pow(fabs(product), (double)powers[p]);
            sum += product < 0 ? -size : size;
        }
        assert_ok(recognizer_open(&r, &o));
        recognizer_prepare(r, &a, x);
        recognizer_prepare(r, &b, y);
        assert_near(recognizer_compare(r, x, y), 2 * sum, 1e-4 * (1 + fabs(sum)));
        recognizer_close(&r);
    }
}

/* |N x|^2 = 32 makes codes of length sqrt(8): the score is 16 times their cosine, however long they came. */
static void test_length(void **state)
{
    (void)state;
    _Alignas(64) float x[RECOGNIZER_ROW], y[RECOGNIZER_ROW];
    struct face a = {.n_code = CODE}, b = {.n_code = CODE};
    struct recognizer_options o = {.weights = weights(1, true), .matcher = MATCH_JOINT_BAYES, .false_match_rate = 1e-3F, .raw = true};
    struct recognizer *r;
    double aa = 0, bb = 0, ab = 0;
    kit_random(a.code, CODE, 5);
    kit_random(b.code, CODE, 6);
    for (int i = 0; i < CODE; i++) {
        aa += (double)a.code[i] * (double)a.code[i];
        bb += (double)b.code[i] * (double)b.code[i];
        ab += (double)a.code[i] * (double)b.code[i];
    }
    assert_ok(recognizer_open(&r, &o));
    for (int longer = 0; longer < 2; longer++) {
        recognizer_prepare(r, &a, x);
        recognizer_prepare(r, &b, y);
        assert_near(recognizer_compare(r, x, y), 16 * ab / sqrt(aa * bb), 1e-4);
        for (int i = 0; i < CODE; i++)
            a.code[i] *= 3;
    }
    recognizer_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_power), cmocka_unit_test(test_length)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
