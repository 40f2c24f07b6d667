/* SPDX-License-Identifier: MIT
 * Marks to crops: a face that is turned, scaled and shifted gives the same crop; and what makes a sample poor. */
#include "tests/kit.h"

#include <math.h>

#include "base/memory.h"
#include "recognizer/embed.h"
#include "recognizer/recognizer.h"

enum { SIZE = 256 };

/* A smooth picture whose brightness says where it was taken. */
static struct image scene(void)
{
    struct image im = {memory_alloc(SIZE * SIZE, IMAGE_PIXEL), SIZE, SIZE, SIZE * IMAGE_PIXEL};
    assert_non_null(im.pixels);
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++) {
            uint8_t *p = im.pixels + y * im.stride + x * IMAGE_PIXEL;
            p[IMAGE_R] = (uint8_t)(127 + 100 * sin(x / 17.0));
            p[IMAGE_G] = (uint8_t)(127 + 100 * sin(y / 23.0));
            p[IMAGE_B] = (uint8_t)(127 + 100 * sin((x + y) / 31.0));
        }
    return im;
}

static void marks_at(struct point *out, float scale, float turn, float x, float y)
{
    struct warp w = {scale * cosf(turn), -scale * sinf(turn), x, scale * sinf(turn), scale * cosf(turn), y};
    for (int i = 0; i < FACE_MARKS; i++)
        out[i] = warp_point(w, align_canonical[i]);
}

static void test_marks_land(void **state)
{
    (void)state;
    struct point marks[FACE_MARKS];
    marks_at(marks, 2.5F, 0.4F, 60, 30);
    struct warp to_crop = warp_inverse(align_warp(marks));
    for (int i = 0; i < FACE_MARKS; i++) {
        struct point p = warp_point(to_crop, marks[i]);
        assert_near(p.x, align_canonical[i].x, 1e-3);
        assert_near(p.y, align_canonical[i].y, 1e-3);
        assert_true(p.x > 0 && p.x < CROP_W && p.y > 0 && p.y < CROP_H);
    }
    assert_near(warp_scale(align_warp(marks)), 2.5, 1e-3);
}

/* The crop must hold the pixels that the marks say. */
static void test_crop_pixels(void **state)
{
    (void)state;
    static float planes[3 * CROP_H * CROP_W];
    struct image im = scene();
    struct point marks[FACE_MARKS];
    marks_at(marks, 1.2F, 0.3F, 70, 50);
    struct warp w = align_warp(marks);
    image_warp_planes(planes, CROP_W, CROP_H, im, w);
    for (int y = 5; y < CROP_H; y += 11)
        for (int x = 5; x < CROP_W; x += 9) {
            struct point p = warp_point(w, (struct point){(float)x, (float)y});
            assert_near(planes[y * CROP_W + x], 100 * sin((double)p.x / 17) / 128, 0.05);
            assert_near(planes[CROP_H * CROP_W + y * CROP_W + x], 100 * sin((double)p.y / 23) / 128, 0.05);
        }
    memory_free(&im.pixels);
}

static void test_quality(void **state)
{
    (void)state;
    static float sharp[3 * CROP_H * CROP_W];
    static float blurred[3 * CROP_H * CROP_W];
    kit_random(sharp, 3 * CROP_H * CROP_W, 1);
    for (int i = 0; i < 3 * CROP_H * CROP_W; i++)
        blurred[i] = sinf((float)(i % CROP_W) / 15);
    struct point turned[FACE_MARKS];
    memcpy(turned, align_canonical, sizeof turned);
    turned[2].x += 8;
    float factors[FACE_QUALITIES];
    float good = embed_quality(factors, sharp, 2, align_canonical);
    assert_true(good > 0.9F && good <= 1);
    for (int i = 0; i < FACE_QUALITIES; i++)
        assert_true(factors[i] > 0.9F && factors[i] <= 1);
    assert_true(embed_quality(factors, sharp, 0.4F, align_canonical) < 0.5F * good);
    assert_true(factors[FACE_SIZE] < 0.5F && factors[FACE_SHARPNESS] > 0.9F && factors[FACE_AHEAD] > 0.9F);
    assert_true(embed_quality(factors, blurred, 2, align_canonical) < 0.5F * good);
    assert_true(factors[FACE_SIZE] > 0.9F && factors[FACE_SHARPNESS] < 0.5F && factors[FACE_AHEAD] > 0.9F);
    assert_true(embed_quality(factors, sharp, 2, turned) < 0.6F * good);
    assert_true(factors[FACE_SIZE] > 0.9F && factors[FACE_SHARPNESS] > 0.9F && factors[FACE_AHEAD] < 0.6F);
    memset(sharp, 0, sizeof sharp); /* one colour: nothing to see, but a number */
    assert_true(embed_quality(factors, sharp, 2, NULL) >= 0 && embed_quality(factors, sharp, 2, NULL) < 0.2F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_land),
        cmocka_unit_test(test_crop_pixels),
        cmocka_unit_test(test_quality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
