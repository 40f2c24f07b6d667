/* SPDX-License-Identifier: MIT
 * Patches of a face: where they lie, their mirror images, and that a net cuts in use what it cut while it learnt. */
#include <math.h>

#include "tests/kit.h"

#include "nets/models/models.h"
#include "recognizer/patch.h"
#include "train/augment_face.h"
#include "train/data.h"

enum { PLANE = CROP_W * CROP_H, N = 3 * PLANE };

static struct patch patch_at(int at, float zoom, bool grey)
{
    struct deepid2_options o;
    option_defaults(model_deepid2.options, &o);
    o.at = at;
    o.zoom = zoom;
    o.grey = grey;
    return patch_of(&model_deepid2, &o);
}

static void assert_maps(struct warp w, float x, float y, float to_x, float to_y)
{
    struct point p = warp_point(w, (struct point){ x, y });
    assert_near(p.x, to_x, 1e-3);
    assert_near(p.y, to_y, 1e-3);
}

static void test_places(void **state)
{
    (void)state;
    struct deepid2_options o;
    option_defaults(model_deepid2.options, &o);
    struct patch whole = patch_of(&model_deepid2, &o), none = patch_of(&model_lnet, NULL);
    static const struct warp same = { .a = 1, .d = 1 };
    assert_memory_equal(&whole.to_crop, &same, sizeof same); /* to the bit: older nets see what they saw */
    assert_memory_equal(&none.to_crop, &same, sizeof same);
    assert_false(whole.grey || none.grey);
    struct patch eye = patch_at(PATCH_LEFT_EYE, 1.6f, true);
    assert_true(eye.grey);
    assert_maps(eye.to_crop, 23, 27, align_canonical[0].x, align_canonical[0].y);
    assert_maps(eye.to_crop, 23 + 16, 27, align_canonical[0].x + 10, align_canonical[0].y);
    /* the mirrored face's left eye is the right eye, as far to the right of the middle */
    assert_maps(patch_mirrored(&eye), 23, 27, 46 - align_canonical[0].x, align_canonical[0].y);
    assert_maps(patch_mirrored(&eye), 23 + 16, 27, 46 - align_canonical[0].x - 10, align_canonical[0].y);
    assert_near(patch_at(PATCH_RIGHT_EYE, 1, false).to_crop.tx, align_canonical[1].x - 23, 1e-3);
    assert_true(patch_at(PATCH_MOUTH, 1, false).to_crop.ty > 10 && patch_at(PATCH_EYES, 1, false).to_crop.ty < -5);
    assert_near(patch_at(PATCH_MIDDLE, 2, false).to_crop.a, 0.5, 1e-6);
}

/* A stored crop whose red rises to the right and green downwards; blue is no part of the test. */
static void ramps(uint8_t *pixels)
{
    for (int y = 0; y < DATA_H; y++)
        for (int x = 0; x < DATA_W; x++) {
            uint8_t *p = pixels + (y * DATA_W + x) * IMAGE_PIXEL;
            p[IMAGE_R] = (uint8_t)(3 * x);
            p[IMAGE_G] = (uint8_t)(2 * y);
            p[IMAGE_B] = 50;
        }
}

static void test_cut_as_learnt(void **state)
{
    (void)state;
    static uint8_t pixels[DATA_W * DATA_H * IMAGE_PIXEL];
    static float one[N], two[N];
    ramps(pixels);
    struct image stored = { pixels, DATA_W, DATA_H, DATA_W * IMAGE_PIXEL };
    struct patch mouth = patch_at(PATCH_LEFT_MOUTH, 1.6f, false);
    for (int mirror = 0; mirror < 2; mirror++) {
        augment_nothing(one, stored, &mouth, mirror);
        image_warp_planes(two, CROP_W, CROP_H, stored,
                          warp_chain(data_warp(), mirror ? patch_mirrored(&mouth) : mouth.to_crop));
        for (int i = 0; i < 2 * PLANE; i++)
            assert_near(one[i], two[i], 3.0 / 128);
        struct point at = warp_point(data_warp(), align_canonical[3]);
        float x = mirror ? (float)(DATA_W - 1) - at.x : at.x; /* red says how far to the right the patch's middle is */
        assert_near(one[27 * CROP_W + 23], (3 * x - 127.5) / 128, 4.0 / 128);
        assert_near(one[PLANE + 27 * CROP_W + 23], (2 * at.y - 127.5) / 128, 4.0 / 128);
    }
    struct patch grey = mouth;
    grey.grey = true;
    augment_nothing(two, stored, &grey, true);
    for (int i = 0; i < PLANE; i++) {
        assert_near(two[i], 0.299f * one[i] + 0.587f * one[PLANE + i] + 0.114f * one[2 * PLANE + i], 1e-5);
        assert_true(two[i] == two[PLANE + i] && two[i] == two[2 * PLANE + i]);
    }
    struct augment_options still = { .blur_least = 1 };
    uint64_t random = 4;
    augment_face(one, stored, &grey, &still, &random);
    augment_nothing(two, stored, &grey, false);
    assert_memory_equal(one, two, sizeof one);
}

/* The option travels in the file, and the recognizer cuts by it. */
static void test_recognizer_knows_its_patch(void **state)
{
    (void)state;
    static uint8_t pixels[DATA_W * DATA_H * IMAGE_PIXEL];
    ramps(pixels);
    struct image stored = { pixels, DATA_W, DATA_H, DATA_W * IMAGE_PIXEL };
    struct deepid2_options o;
    option_defaults(model_deepid2.options, &o);
    o.maps = 2;
    o.at = PATCH_RIGHT_EYE;
    o.zoom = 1.3f;
    o.grey = true;
    o.rectify = false;
    struct net *n = NULL;
    struct recognizer *r = NULL;
    assert_ok(net_create(&n, &model_deepid2, &o, 5));
    assert_ok(net_save(n, kit_path("eye.safetensors"), NULL, 0));
    struct recognizer_options options = { .weights = kit_path("eye.safetensors"), .matcher = MATCH_NONE, .mirror = true };
    assert_ok(recognizer_open(&r, &options));
    const struct deepid2_options *back = net_options(recognizer_net(r));
    assert_int_equal(back->at, PATCH_RIGHT_EYE);
    assert_near(back->zoom, 1.3, 1e-6);
    struct face face = { 0 };
    struct recognizer_crop crop = { stored, data_warp() };
    recognizer_describe_crops(r, &crop, &face, 1);
    /* by hand: both patches through the net, averaged, to length 1 */
    struct net_run *run = NULL;
    int in, code;
    struct patch patch = patch_of(&model_deepid2, &o);
    assert_ok(net_find(n, "face", &in));
    assert_ok(net_find(n, "code", &code));
    assert_ok(net_run_create(&run, n, 2, NET_INFER));
    for (int i = 0; i < 2; i++) {
        float *planes = net_run_at(run, in).at + (size_t)i * N;
        image_warp_planes(planes, CROP_W, CROP_H, stored,
                          warp_chain(data_warp(), i ? patch_mirrored(&patch) : patch.to_crop));
        patch_remove_colour(planes);
    }
    net_run_forward(run, 2);
    const float *codes = net_run_at(run, code).at;
    double dot = 0, square = 0;
    for (int k = 0; k < face.n_code; k++) {
        double sum = (double)codes[k] + (double)codes[face.n_code + k];
        dot += sum * (double)face.code[k];
        square += sum * sum;
    }
    assert_near(dot / sqrt(square), 1, 1e-5);
    net_run_free(&run);
    net_free(&n);
    recognizer_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_cut_as_learnt),
        cmocka_unit_test(test_recognizer_knows_its_patch),
    };
    return cmocka_run_group_tests_name("recognizer patch", tests, NULL, NULL);
}
