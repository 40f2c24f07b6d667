/* SPDX-License-Identifier: MIT
 * ANet's interweaved operation against the net itself on every patch. */
#include "tests/kit.h"

#include <math.h>

#include "base/face.h"
#include "base/random.h"
#include "nets/models/anet_interweaved.h"
#include "nets/models/models.h"

static struct net *make(bool normalize)
{
    struct anet_options o;
    struct net *n = NULL;
    option_defaults(model_anet.options, &o);
    o.normalize = normalize;
    assert_ok(net_create(&n, &model_anet, &o, 3));
    uint64_t seed = 4;
    for (int i = 0; i < 2; i++) { /* biases of their own in every bank */
        size_t count;
        float *bias = net_weight(n, i ? "conv4.bias" : "conv3.bias", &count);
        for (size_t k = 0; k < count; k++)
            bias[k] = 0.3f * random_normal(&seed);
    }
    return n;
}

static void equals_patch_by_patch(void **unused)
{
    (void)unused;
    struct net *n = make(false);
    struct net_run *one = NULL;
    int face, said;
    assert_ok(net_run_create(&one, n, 1, NET_INFER));
    assert_ok(net_find(n, "face", &face));
    assert_ok(net_find(n, "attributes", &said));
    for (int side = 1; side <= 5; side += 2) {
        struct anet_interweaved *a = NULL;
        assert_ok(anet_interweaved_open(&a, n, side));
        struct tensor crop = anet_interweaved_crop(a);
        assert_int_equal(crop.shape.h, ANET_H + ANET_STEP * (side - 1));
        uint64_t seed = 9;
        for (size_t i = 0; i < shape_count(crop.shape); i++)
            crop.at[i] = random_normal(&seed);
        const float *have = anet_interweaved_run(a);
        for (int p = 0; p < side * side; p++) {
            float *to = net_run_at(one, face).at;
            for (int i = 0; i < 3 * ANET_H * ANET_W; i++) {
                int x = i % ANET_W + ANET_STEP * (p % side), y = i / ANET_W % ANET_H + ANET_STEP * (p / side);
                to[i] = crop.at[(i / (ANET_W * ANET_H) * crop.shape.h + y) * crop.shape.w + x];
            }
            net_run_forward(one, 0);
            const float *want = net_run_at(one, said).at;
            for (int k = 0; k < FACE_ATTRIBUTES; k++)
                assert_true(fabsf(want[k] - have[p * FACE_ATTRIBUTES + k]) <= 1e-4f * (1 + fabsf(want[k])));
        }
        anet_interweaved_close(&a);
    }
    net_run_free(&one);
    net_free(&n);
}

static void others_are_refused(void **unused)
{
    (void)unused;
    struct anet_interweaved *a = NULL;
    struct net *n = make(true);
    assert_fails(anet_interweaved_open(&a, n, 3), BAD_MATCH, "folded");
    net_free(&n);
    n = make(false);
    assert_fails(anet_interweaved_open(&a, n, 9), BAD_USAGE, "1 to 8");
    assert_null(a);
    net_free(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(equals_patch_by_patch), cmocka_unit_test(others_are_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
