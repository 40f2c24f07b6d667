/* SPDX-License-Identifier: MIT
 * The heads in closed form against plain sums, and the real-time tracker on a drawn target that moves and grows. */
#include "tests/kit.h"

#include <math.h>

#include "tracker/ridge.h"
#include "tracker/single.h"

enum { N = RIDGE_GRID, HALF = RIDGE_HALF, BINS = RIDGE_BINS, CELLS = RIDGE_CELLS };

struct bench { struct arena *arena; struct spectrum spectrum; struct ridge_work work; struct ridge ridge; };

static void open_bench(struct bench *b, int n)
{
    const struct ridge_settings settings = {0.01f, 0.5f, 0.0625f, 2};
    b->arena = arena_create();
    spectrum_open(&b->spectrum, b->arena, n, N);
    ridge_work_open(&b->work, b->arena, &b->spectrum);
    ridge_open(&b->ridge, b->arena, &b->work, n, &settings);
    assert_ok(arena_seal(b->arena));
}

static void test_spectrum(void **state)
{
    (void)state;
    enum { MAPS = 3 };
    static float maps[MAPS * CELLS], back[MAPS * CELLS], x[MAPS * 2 * BINS];
    struct bench b;
    open_bench(&b, MAPS);
    kit_random(maps, MAPS * CELLS, 1);
    spectrum_forward(&b.spectrum, x, maps, MAPS);
    for (int k = 0; k < 12; k++) { /* some bins of the second map by the definition */
        int fy = k * 7 % N, fx = k * 5 % HALF;
        double re = 0, im = 0;
        for (int i = 0; i < CELLS; i++) {
            double a = 2 * 3.14159265358979 * (double)(fy * (i / N) + fx * (i % N)) / N;
            re += maps[CELLS + i] * cos(a);
            im -= maps[CELLS + i] * sin(a);
        }
        assert_near(x[2 * BINS + fy * HALF + fx], re, 1e-3);
        assert_near(x[3 * BINS + fy * HALF + fx], im, 1e-3);
    }
    spectrum_back(&b.spectrum, back, x, MAPS);
    for (int i = 0; i < MAPS * CELLS; i++)
        assert_near(back[i], maps[i], 1e-5);
    arena_free(&b.arena);
}

/* One map of noise: the head answers a Gaussian at the middle of its own region, and of one that was shifted at the
 * shift; ridge_shift brings that back. */
static void test_heat(void **state)
{
    (void)state;
    static float map[CELLS], moved[CELLS], x[2 * BINS], spectrum[2 * BINS], heat[CELLS];
    struct bench b;
    open_bench(&b, 1);
    kit_random(map, CELLS, 2);
    for (int i = 0; i < CELLS; i++)
        moved[(i / N + 3) % N * N + (i % N + N - 5) % N] = map[i];
    spectrum_forward(&b.spectrum, x, map, 1);
    ridge_start(&b.ridge, x, 12, 9);
    ridge_heat(&b.ridge, x, spectrum, heat);
    for (int i = 0; i < CELLS; i++)
        assert_true(i == 0 || heat[i] < heat[0]);
    spectrum_forward(&b.spectrum, x, moved, 1);
    ridge_heat(&b.ridge, x, spectrum, heat);
    for (int i = 0; i < CELLS; i++)
        assert_true(i == 3 * N + N - 5 || heat[i] < heat[3 * N + N - 5]);
    ridge_shift(&b.ridge, x, -5, 3);
    spectrum_back(&b.spectrum, heat, x, 1);
    for (int i = 0; i < CELLS; i++)
        assert_near(heat[i], map[i], 1e-4);
    arena_free(&b.arena);
}

/* The filter keeps to the target's window. */
static void test_window(void **state)
{
    (void)state;
    static float map[CELLS], x[2 * BINS], filter[CELLS];
    struct bench b;
    double inside = 0, outside = 0;
    open_bench(&b, 1);
    kit_random(map, CELLS, 3);
    spectrum_forward(&b.spectrum, x, map, 1);
    ridge_start(&b.ridge, x, 10, 6);
    spectrum_back(&b.spectrum, filter, b.ridge.filter, 1);
    for (int i = 0; i < CELLS; i++) {
        bool in = i % N >= 15 && i % N < 25 && i / N >= 17 && i / N < 23;
        *(in ? &inside : &outside) += fabs(filter[i]);
    }
    assert_true(inside > 0 && outside < 1e-3 * inside);
    arena_free(&b.arena);
}

/* Taking a map away raises the squared error of the heat by its significance. */
static void test_significance(void **state)
{
    (void)state;
    enum { MAPS = 3 };
    static float maps[MAPS * CELLS], x[MAPS * 2 * BINS], spectrum[2 * BINS], heat[CELLS], label[CELLS], less[CELLS];
    float significance[MAPS];
    struct bench b;
    open_bench(&b, MAPS);
    kit_random(maps, MAPS * CELLS, 4);
    spectrum_forward(&b.spectrum, x, maps, MAPS);
    ridge_start(&b.ridge, x, 10, 10);
    ridge_significance(&b.ridge, x, significance);
    ridge_heat(&b.ridge, x, spectrum, heat);
    spectrum_back(&b.spectrum, label, b.ridge.label, 1);
    for (int m = 0; m < MAPS; m++) {
        double rise = 0;
        memset(x + (size_t)m * 2 * BINS, 0, 2 * BINS * sizeof(float));
        ridge_heat(&b.ridge, x, spectrum, less);
        for (int i = 0; i < CELLS; i++)
            rise += pow((double)less[i] - label[i], 2) - pow((double)heat[i] - label[i], 2);
        assert_near(significance[m], rise, 1e-3 * fabs(rise) + 1e-4);
        spectrum_forward(&b.spectrum, x, maps, MAPS);
    }
    arena_free(&b.arena);
}

static void test_channels(void **state)
{
    (void)state;
    enum { GRID = 6, SIDE = GRID * CHANNEL_CELL };
    static uint8_t pixels[SIDE * SIDE * IMAGE_PIXEL];
    static float out[GRADIENT_MAPS * GRID * GRID];
    const struct image im = {pixels, SIDE, SIDE, SIDE * IMAGE_PIXEL};
    struct arena *a = arena_create();
    struct channels c;
    channels_open(&c, a);
    assert_ok(arena_seal(a));
    for (int i = 0; i < SIDE * SIDE; i++) /* an upright edge: the gradient points to the right, bin 0 */
        memset(pixels + i * IMAGE_PIXEL, i % SIDE < SIDE / 2 ? 40 : 200, 3);
    channels_gradients(&c, out, im, GRID);
    int cell = 2 * GRID + 3;
    for (int k = 0; k < GRADIENT_BINS; k++)
        assert_near(out[k * GRID * GRID + cell], k == 0 ? 0.4 : 0, 1e-3); /* four blocks, each cut at 0.2, halved */
    image_fill(im, 255, 0, 0);
    channels_colours(out, im, GRID);
    for (int k = 0; k < COLOUR_MAPS; k++) /* pure red is nearly all hue 0, and a little of the middle grey */
        assert_true(k == 0 ? out[k * GRID * GRID] > 0.85f : out[k * GRID * GRID] < 0.15f);
    arena_free(&a);
}

enum { W = 240, H = 180 };
static uint8_t picture_pixels[W * H * IMAGE_PIXEL];
static const struct image picture = {picture_pixels, W, H, W *IMAGE_PIXEL};

/* A coloured chequer over a ground of another one. */
static void paint(struct box box)
{
    for (int i = 0; i < W * H; i++) {
        float u = ((float)(i % W) + 0.5f - box.x) / box.w, v = ((float)(i / W) + 0.5f - box.y) / box.h;
        bool in = u >= 0 && v >= 0 && u < 1 && v < 1;
        uint64_t seed = in ? (uint64_t)((int)(v * 6) * 8 + (int)(u * 6)) : (uint64_t)(1000 + i / W / 11 * 40 + i % W / 13);
        for (int c = 0; c < 3; c++)
            picture_pixels[i * IMAGE_PIXEL + c] = (uint8_t)(in ? random_below(&seed, 256) : 80 + random_below(&seed, 60));
    }
}

static void test_following(void **state)
{
    (void)state;
    const struct single_kind *kind = single_find("fcnt");
    max_align_t options[64];
    void *tracker;
    assert_true(kind->options_size <= sizeof options);
    option_defaults(kind->options, options);
    assert_ok(kind->open(&tracker, options));
    struct box truth = {60, 50, 40, 40}, box = truth;
    paint(truth);
    assert_fails(kind->start(tracker, picture, (struct box){300, 10, 30, 30}), BAD_USAGE, "nothing to follow");
    assert_ok(kind->start(tracker, picture, box));
    uint64_t allocations = memory_allocations();
    for (int f = 1; f <= 20; f++) {
        truth = (struct box){60 + 4 * (float)f, 50 + (float)f, 40 + 0.5f * (float)f, 40 + 0.5f * (float)f};
        paint(truth);
        float sure = kind->update(tracker, picture, &box);
        assert_true(sure >= 0 && sure <= 1);
        assert_true(box_overlap(box, truth) > 0.75f);
    }
    assert_true(memory_allocations() == allocations);
    kind->close(&tracker);
    assert_null(tracker);
}

/* Heads of many targets have a smaller grid. */
static void test_small_grid(void **state)
{
    (void)state;
    enum { SMALL = 24 };
    static float map[SMALL * SMALL], back[SMALL * SMALL], x[2 * SMALL * (SMALL / 2 + 1)];
    struct arena *a = arena_create();
    struct spectrum s;
    spectrum_open(&s, a, 1, SMALL);
    assert_ok(arena_seal(a));
    assert_int_equal(s.bins, SMALL * (SMALL / 2 + 1));
    kit_random(map, SMALL * SMALL, 5);
    spectrum_forward(&s, x, map, 1);
    spectrum_back(&s, back, x, 1);
    for (int i = 0; i < SMALL * SMALL; i++)
        assert_near(back[i], map[i], 1e-5);
    arena_free(&a);
}

/* Leaves, and comes back elsewhere: said to be gone, then found again. */
static void test_gone(void **state)
{
    (void)state;
    const struct single_kind *kind = single_find("fcnt");
    max_align_t options[64];
    void *tracker;
    int gone = 0, back = 0;
    option_defaults(kind->options, options);
    assert_ok(kind->open(&tracker, options));
    struct box truth = {30, 60, 30, 30}, box = truth;
    paint(truth);
    assert_ok(kind->start(tracker, picture, box));
    for (int f = 1; f <= 60; f++) {
        truth = f <= 15 ? (struct box){30 + (float)f, 60, 30, 30} : f <= 35 ? (struct box){-500, 0, 30, 30}
                                                                            : (struct box){180, 120, 30, 30};
        paint(truth);
        float sure = kind->update(tracker, picture, &box);
        gone += f > 15 && f <= 35 && sure == 0;
        if (!back && f > 35 && box_overlap(box, truth) > 0.6f)
            back = f;
    }
    assert_true(gone >= 15);
    assert_true(back > 35 && back <= 50);
    assert_true(box_overlap(box, truth) > 0.6f);
    kind->close(&tracker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spectrum),     cmocka_unit_test(test_heat),     cmocka_unit_test(test_window),
        cmocka_unit_test(test_significance), cmocka_unit_test(test_channels), cmocka_unit_test(test_following),
        cmocka_unit_test(test_small_grid),   cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
