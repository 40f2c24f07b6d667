/* SPDX-License-Identifier: MIT
 * Pictures: views, resizing, warps, planes, sharpness. */
#include "tests/kit.h"

#include <math.h>
#include <stdlib.h>

#include "base/image.h"
#include "base/memory.h"

static struct image make(int w, int h)
{
    /* Rows longer than the picture, so that confusing width and stride is seen. */
    struct image im = {.w = w, .h = h, .stride = 4 * w + 12};
    im.pixels = memory_alloc((size_t)im.stride, (size_t)h);
    assert_non_null(im.pixels);
    return im;
}

static struct image make_random(int w, int h, uint64_t seed)
{
    struct image im = make(w, h);
    for (int i = 0; i < im.stride * h; i++)
        im.pixels[i] = (uint8_t)(random_next(&seed) >> 56);
    return im;
}

static uint8_t *at(struct image im, int x, int y)
{
    return im.pixels + (ptrdiff_t)y * im.stride + 4 * x;
}

/* A smooth picture: r rises to the right, g downwards, b with both. */
static struct image make_smooth(int w, int h)
{
    struct image im = make(w, h);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            at(im, x, y)[IMAGE_R] = (uint8_t)(20 + 200 * x / w);
            at(im, x, y)[IMAGE_G] = (uint8_t)(20 + 200 * y / h);
            at(im, x, y)[IMAGE_B] = (uint8_t)(20 + 100 * x / w + 100 * y / h);
            at(im, x, y)[3] = 255;
        }
    return im;
}

static void view_is_clipped(void **state)
{
    (void)state;
    struct image im = make_random(10, 8, 1), v = image_view(im, 3, 2, 4, 5);
    assert_ptr_equal(v.pixels, at(im, 3, 2));
    assert_true(v.w == 4 && v.h == 5 && v.stride == im.stride);
    v = image_view(im, -3, -2, 5, 5);
    assert_true(v.pixels == im.pixels && v.w == 2 && v.h == 3);
    v = image_view(im, 8, 6, 100, 2147483647);
    assert_true(v.w == 2 && v.h == 2);
    v = image_view(im, 50, 50, 5, 5);
    assert_true(v.w == 0 && v.h == 0);
    v = image_view(im, -50, 1, 5, -5);
    assert_true(v.w == 0 && v.h == 0);
    memory_free(&im.pixels);
}

static void fill_copy_mirror(void **state)
{
    (void)state;
    struct image a = make(5, 3), b = make(5, 3);
    image_fill(a, 1, 2, 3);
    assert_memory_equal(at(a, 4, 2), "\3\2\1\377", 4);
    assert_int_equal(a.pixels[20], 0); /* the room behind a row stays */
    at(a, 0, 1)[IMAGE_R] = 99;
    image_copy(b, a);
    image_mirror(b);
    assert_int_equal(at(b, 4, 1)[IMAGE_R], 99);
    assert_int_equal(at(b, 0, 1)[IMAGE_R], 1);
    memory_free(&a.pixels);
    memory_free(&b.pixels);
}

/* What image_resize promises for smaller sizes, in doubles: the mean over the area of an output pixel. */
static double area_mean(struct image in, int out_w, int out_h, int x, int y, int c)
{
    double x0 = (double)x * in.w / out_w, x1 = (double)(x + 1) * in.w / out_w, sum = 0;
    double y0 = (double)y * in.h / out_h, y1 = (double)(y + 1) * in.h / out_h;
    for (int j = (int)y0; j < in.h && j < y1; j++)
        for (int i = (int)x0; i < in.w && i < x1; i++)
            sum += at(in, i, j)[c] * (fmin(i + 1, x1) - fmax(i, x0)) * (fmin(j + 1, y1) - fmax(j, y0));
    return sum / ((x1 - x0) * (y1 - y0));
}

static void resize_smaller_averages_areas(void **state)
{
    static const int sizes[][4] = {
        {64, 48, 32, 24}, {64, 48, 21, 16}, {100, 75, 47, 55}, {61, 33, 60, 32}, {640, 9, 7, 2}, {9, 300, 3, 1},
    };
    (void)state;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct image in = make_random(sizes[k][0], sizes[k][1], k), out = make(sizes[k][2], sizes[k][3]);
        image_resize(out, in);
        for (int y = 0; y < out.h; y++)
            for (int x = 0; x < out.w; x++)
                for (int c = 0; c < 4; c++)
                    assert_near(at(out, x, y)[c], area_mean(in, out.w, out.h, x, y, c), 2.6);
        memory_free(&in.pixels);
        memory_free(&out.pixels);
    }
}

static void resize_larger_is_bilinear(void **state)
{
    (void)state;
    struct image in = make_smooth(40, 30), out = make(100, 90);
    image_resize(out, in);
    for (int y = 0; y < 90; y++)
        for (int x = 0; x < 100; x++) {
            double u = (x + 0.5) * 0.4 - 0.5, v = (y + 0.5) / 3 - 0.5;
            u = fmin(fmax(u, 0), 39);
            v = fmin(fmax(v, 0), 29);
            assert_near(at(out, x, y)[IMAGE_R], 20 + 5 * u, 1.5);
            assert_near(at(out, x, y)[IMAGE_G], 20 + 200 * v / 30, 1.5);
        }
    memory_free(&in.pixels);
    memory_free(&out.pixels);
}

/* A grey of any size to any size stays that grey, to the last bit, and nothing is written outside. */
static void resize_keeps_flat_pictures(void **state)
{
    static const int sizes[] = {1, 2, 3, 7, 64, 513, 2500};
    (void)state;
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < 7; j++) {
            struct image in = make(sizes[i], sizes[6 - i]), out = make(sizes[j], sizes[i]);
            image_fill(in, 255, 128, 77);
            image_resize(out, in);
            for (int y = 0; y < out.h; y++) {
                for (int x = 0; x < out.w; x++)
                    assert_memory_equal(at(out, x, y), "\x4D\x80\xFF\xFF", 4);
                for (int k = 0; k < 12; k++)
                    assert_int_equal(at(out, out.w, y)[k], 0);
            }
            memory_free(&in.pixels);
            memory_free(&out.pixels);
        }
}

static void resize_of_extreme_shapes(void **state)
{
    (void)state;
    struct image in = make(5000, 1), out = make(2, 1);
    for (int x = 0; x < 5000; x++)
        at(in, x, 0)[0] = x < 2500 ? 10 : 200;
    image_resize(out, in);
    assert_int_equal(at(out, 0, 0)[0], 10);
    assert_int_equal(at(out, 1, 0)[0], 200);
    memory_free(&in.pixels);
    memory_free(&out.pixels);
}

static void similarity_is_recovered(void **state)
{
    const struct point from[5] = {{10, 12}, {40, 11}, {25, 30}, {14, 45}, {37, 44}};
    struct point to[5];
    (void)state;
    for (int turn = 0; turn < 12; turn++) {
        float a = 1.7f * cosf((float)turn), b = 1.7f * sinf((float)turn);
        struct warp truth = {a, -b, 13.5f, b, a, -77};
        for (int i = 0; i < 5; i++)
            to[i] = warp_point(truth, from[i]);
        struct warp found = warp_similarity(from, to, 5);
        assert_near(found.a, truth.a, 1e-5);
        assert_near(found.b, truth.b, 1e-5);
        assert_near(found.tx, truth.tx, 1e-3);
        assert_near(found.c, truth.c, 1e-5);
        assert_near(found.ty, truth.ty, 1e-3);
        assert_near(warp_scale(found), 1.7, 1e-5);
    }
}

/* The least-squares answer cannot be bettered by a small change of any of its four numbers. */
static void similarity_is_least_squares(void **state)
{
    struct point from[6], to[6];
    (void)state;
    kit_random((float *)from, 12, 5);
    kit_random((float *)to, 12, 6);
    struct warp best = warp_similarity(from, to, 6);
    for (int k = -1; k < 8; k++) {
        struct warp w = best;
        float e = k % 2 ? 0.01f : -0.01f;
        if (k / 2 == 0 && k >= 0)
            w.a += e, w.d += e;
        if (k / 2 == 1)
            w.b += e, w.c -= e;
        w.tx += k / 2 == 2 ? e : 0;
        w.ty += k / 2 == 3 ? e : 0;
        double worse = 0, least = 0;
        for (int i = 0; i < 6; i++) {
            struct point p = warp_point(w, from[i]), q = warp_point(best, from[i]);
            worse += pow(p.x - to[i].x, 2) + pow(p.y - to[i].y, 2);
            least += pow(q.x - to[i].x, 2) + pow(q.y - to[i].y, 2);
        }
        assert_true(k < 0 ? worse == least : worse > least);
    }
}

static void degenerate_points_give_numbers(void **state)
{
    const struct point same[3] = {{4, 4}, {4, 4}, {4, 4}}, to[3] = {{1, 2}, {3, 4}, {5, 6}};
    (void)state;
    struct warp w = warp_similarity(same, to, 3);
    assert_true(isfinite(w.a) && isfinite(w.tx) && isfinite(w.ty));
    w = warp_inverse(warp_similarity(to, same, 3));
    assert_true(isfinite(w.a) && isfinite(w.tx) && isfinite(w.ty));
}

static void inverse_undoes(void **state)
{
    const struct warp w = {1.5f, 0.3f, 20, -0.7f, 0.9f, -8};
    (void)state;
    struct point p = warp_point(warp_inverse(w), warp_point(w, (struct point){31, 17}));
    assert_near(p.x, 31, 1e-4);
    assert_near(p.y, 17, 1e-4);
}

static void warp_identity_copies(void **state)
{
    const struct warp same = {1, 0, 0, 0, 1, 0};
    (void)state;
    struct image in = make_random(71, 50, 3), out = make(71, 50);
    image_warp(out, in, same);
    for (int y = 0; y < 50; y++)
        assert_memory_equal(at(out, 0, y), at(in, 0, y), 71 * 4);
    memory_free(&in.pixels);
    memory_free(&out.pixels);
}

static void warp_quarter_turn_and_edges(void **state)
{
    const struct warp turn = {0, 1, 0, -1, 0, 39}; /* out(x, y) = in(y, 39 - x) */
    (void)state;
    struct image in = make_random(60, 40, 4), out = make(45, 70);
    image_warp(out, in, turn);
    for (int y = 0; y < 70; y++)
        for (int x = 0; x < 45; x++) {
            int u = y < 60 ? y : 59, v = x < 40 ? 39 - x : 0; /* outside: the edge again */
            assert_memory_equal(at(out, x, y), at(in, u, v), 4);
        }
    memory_free(&in.pixels);
    memory_free(&out.pixels);
}

/* On a picture that is linear in x and y every map has a known answer, shrinking ones too. */
static void warp_follows_any_similarity(void **state)
{
    static const float scales[] = {0.3f, 1, 1.4f, 1.6f, 2.5f, 3.4f, 7.7f};
    static float planes[3 * 55 * 47];
    (void)state;
    struct image in = make_smooth(1000, 1000), out = make(47, 55);
    for (size_t k = 0; k < 7; k++) {
        float a = scales[k] * cosf(0.4f), b = scales[k] * sinf(0.4f);
        struct warp w = {a, -b, 480 - 23 * a + 27 * b, b, a, 510 - 23 * b - 27 * a};
        image_warp(out, in, w);
        image_warp_planes(planes, 47, 55, in, w);
        for (int y = 0; y < 55; y++)
            for (int x = 0; x < 47; x++) {
                struct point p = warp_point(w, (struct point){(float)x, (float)y});
                double r = 19.5 + 0.2 * p.x, g = 19.5 + 0.2 * p.y;
                assert_near(at(out, x, y)[IMAGE_R], r, 1.2);
                assert_near(at(out, x, y)[IMAGE_G], g, 1.2);
                assert_near(planes[y * 47 + x], (r - 127.5) / 128, 0.01);
                assert_near(planes[55 * 47 + y * 47 + x], (g - 127.5) / 128, 0.01);
            }
    }
    memory_free(&in.pixels);
    memory_free(&out.pixels);
}

/* Shrinking fine noise must give grey, not noise: the area filter works. */
static void warp_does_not_alias(void **state)
{
    (void)state;
    struct image in = make(600, 600), out = make(40, 40);
    for (int y = 0; y < 600; y++)
        for (int x = 0; x < 600; x++)
            memset(at(in, x, y), (x + y) % 2 ? 255 : 0, 4);
    image_warp(out, in, (struct warp){8.3f, 0.9f, 50, -0.9f, 8.3f, 60});
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 40; x++)
            assert_near(at(out, x, y)[0], 127.5, 10);
    memory_free(&in.pixels);
    memory_free(&out.pixels);
}

static void warp_survives_nonsense(void **state)
{
    const struct warp nonsense[] = {
        {NAN, 0, 0, 0, 1, 0}, {INFINITY, 0, 0, 0, 1, 0}, {1, 0, 1e30f, 0, 1, -1e30f}, {1e20f, 0, 0, 0, 1, 0},
        {0, 0, 0, 0, 0, 0},   {900, 900, 0, -900, 900, 0}, {3, 0, -9e8f, 0, 3, NAN},  {1500, 2, 0, 2, 1e-9f, 3},
    };
    static float planes[3 * 33 * 65];
    (void)state;
    struct image in = make_random(50, 30, 9), tiny = image_view(in, 3, 3, 1, 1);
    for (size_t k = 0; k < sizeof nonsense / sizeof *nonsense; k++) {
        image_warp_planes(planes, 33, 65, in, nonsense[k]);
        image_warp_planes(planes, 33, 65, tiny, nonsense[k]);
        for (int i = 0; i < 3 * 33 * 65; i++)
            assert_true(planes[i] >= -1 && planes[i] <= 1);
    }
    memory_free(&in.pixels);
}

static void planes_have_the_stated_values(void **state)
{
    static float planes[3 * 20 * 16];
    (void)state;
    struct image in = make_random(13, 11, 5);
    for (int i = 0; i < 3 * 20 * 16; i++)
        planes[i] = 7;
    image_to_planes(planes, 20, 16, in);
    for (int y = 0; y < 16; y++)
        for (int x = 0; x < 20; x++)
            for (int c = 0; c < 3; c++) {
                float v = planes[(c * 16 + y) * 20 + x];
                assert_true(v == (x < 13 && y < 11 ? ((float)at(in, x, y)[2 - c] - 127.5f) / 128 : 0));
            }
    memory_free(&in.pixels);
}

static void sharpness_is_the_laplacian_variance(void **state)
{
    (void)state;
    struct image im = make_random(1100, 9, 6); /* wider than the strips it is worked in */
    double sum = 0, squares = 0, n = 1098 * 7;
    for (int y = 1; y < 8; y++)
        for (int x = 1; x < 1099; x++) {
            int l[5];
            const uint8_t *p[5] = {at(im, x, y), at(im, x - 1, y), at(im, x + 1, y), at(im, x, y - 1), at(im, x, y + 1)};
            for (int k = 0; k < 5; k++)
                l[k] = (77 * p[k][2] + 150 * p[k][1] + 29 * p[k][0]) >> 8;
            double v = l[1] + l[2] + l[3] + l[4] - 4 * l[0];
            sum += v;
            squares += v * v;
        }
    double truth = squares / n - sum * sum / n / n;
    assert_near(image_sharpness(im), truth, truth * 1e-5);
    struct image smooth = make_smooth(300, 300);
    assert_true(image_sharpness(smooth) < 2);
    assert_true(image_sharpness(image_view(im, 0, 0, 2, 9)) == 0);
    memory_free(&im.pixels);
    memory_free(&smooth.pixels);
}

/* Shrunk and wholly outside, on each side: the nearest edge pixel. */
static void warp_outside_is_the_edge(void **state)
{
    (void)state;
    static uint8_t in_pixels[64 * 64 * IMAGE_PIXEL], out_pixels[32 * 32 * IMAGE_PIXEL];
    const struct image in = {in_pixels, 64, 64, 64 * IMAGE_PIXEL}, out = {out_pixels, 32, 32, 32 * IMAGE_PIXEL};
    static const float away[4][2] = {{-900, 0}, {900, 0}, {0, -900}, {0, 900}};
    image_fill(in, 10, 120, 200);
    for (int i = 0; i < 4; i++) {
        image_fill(out, 0, 0, 0);
        image_warp(out, in, (struct warp){2.5f, 0, away[i][0], 0, 2.5f, away[i][1]});
        for (int k = 0; k < 32 * 32; k++) {
            assert_int_equal(out_pixels[k * IMAGE_PIXEL + IMAGE_R], 10);
            assert_int_equal(out_pixels[k * IMAGE_PIXEL + IMAGE_B], 200);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(view_is_clipped),
        cmocka_unit_test(fill_copy_mirror),
        cmocka_unit_test(resize_smaller_averages_areas),
        cmocka_unit_test(resize_larger_is_bilinear),
        cmocka_unit_test(resize_keeps_flat_pictures),
        cmocka_unit_test(resize_of_extreme_shapes),
        cmocka_unit_test(similarity_is_recovered),
        cmocka_unit_test(similarity_is_least_squares),
        cmocka_unit_test(degenerate_points_give_numbers),
        cmocka_unit_test(inverse_undoes),
        cmocka_unit_test(warp_identity_copies),
        cmocka_unit_test(warp_quarter_turn_and_edges),
        cmocka_unit_test(warp_follows_any_similarity),
        cmocka_unit_test(warp_does_not_alias),
        cmocka_unit_test(warp_survives_nonsense),
        cmocka_unit_test(warp_outside_is_the_edge),
        cmocka_unit_test(planes_have_the_stated_values),
        cmocka_unit_test(sharpness_is_the_laplacian_variance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
