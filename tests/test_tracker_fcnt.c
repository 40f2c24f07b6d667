/* SPDX-License-Identifier: MIT
 * The parts of FCNT against plain sums, and the whole on a drawn target among others. */
#include "tests/kit.h"

#include <math.h>

#include "tracker/fcnt.h"
#include "tracker/single.h"

/* 3x3 convolution, zeros around. */
static void convolve(float *heat, const float *maps, int n, const float *weights)
{
    for (int k = 0; k < FCNT_CELLS; k++) {
        heat[k] = 0;
        for (int i = 0; i < n * 9; i++) {
            int x = k % FCNT_GRID + i % 3 - 1, y = k / FCNT_GRID + i / 3 % 3 - 1;
            if (x >= 0 && y >= 0 && x < FCNT_GRID && y < FCNT_GRID)
                heat[k] += weights[i] * maps[i / 9 * FCNT_CELLS + y * FCNT_GRID + x];
        }
    }
}

/* How much the loss rises when one cell's value alone is taken away: its neighbours are all that changes. */
static double rise(const float *maps, const float *weights, const float *heat, const float *target, int x, int y)
{
    double before = 0, after = 0, f = maps[y * FCNT_GRID + x];
    for (int i = 0; i < 9; i++) {
        int u = x - i % 3 + 1, v = y - i / 3 + 1;
        if (u < 0 || v < 0 || u >= FCNT_GRID || v >= FCNT_GRID)
            continue;
        double e = (double)heat[v * FCNT_GRID + u] - target[v * FCNT_GRID + u];
        before += e * e;
        after += (e - weights[i] * f) * (e - weights[i] * f);
    }
    return after - before;
}

static void test_saliency(void **state)
{
    (void)state;
    static float maps[2 * FCNT_CELLS], heat[FCNT_CELLS], target[FCNT_CELLS];
    float weights[18], significance[2];
    kit_random(maps, 2 * FCNT_CELLS, 1);
    kit_random(weights, 18, 2);
    kit_random(target, FCNT_CELLS, 3);
    convolve(heat, maps, 2, weights);
    fcnt_saliency(significance, maps, 2, weights, heat, target, FCNT_SECOND_ORDER);
    for (int i = 0; i < 2; i++) {
        double sum = 0;
        for (int k = 0; k < FCNT_CELLS; k++)
            sum += rise(maps + i * FCNT_CELLS, weights + 9 * i, heat, target, k % FCNT_GRID, k / FCNT_GRID);
        assert_near(significance[i], sum, 1e-3 * fabs(sum) + 1e-2);
    }
}

static void test_best(void **state)
{
    (void)state;
    const float significance[] = {3, -1, 7, 7, 0};
    int out[3];
    fcnt_select_best(out, 3, significance, 5, false);
    assert_true(out[0] == 0 && out[1] == 2 && out[2] == 3);
    fcnt_select_best(out, 2, significance, 5, true);
    assert_true(out[0] == 1 && out[1] == 4);
}

/* Of maps of noise and two that fire where the target is, or everywhere but there, those two are chosen. */
static void test_selection(void **state)
{
    (void)state;
    enum { N = 8 };
    static float maps[N * FCNT_CELLS], target[FCNT_CELLS];
    float significance[N];
    int out[2];
    const struct fcnt_select_settings settings = {FCNT_SECOND_ORDER, 100, 0.003f, 0.6f, 0.0005f, 0.3f};
    struct fcnt_select *s;
    kit_random(maps, N * FCNT_CELLS, 4);
    fcnt_target(target, (struct box){12, 15, 17, 14});
    for (int k = 0; k < FCNT_CELLS; k++) {
        maps[2 * FCNT_CELLS + k] = 2 * target[k] - 0.3f;
        maps[5 * FCNT_CELLS + k] = 0.3f - 2 * target[k];
    }
    assert_ok(fcnt_select_open(&s, N, &settings));
    fcnt_select_run(s, maps, target, significance);
    fcnt_select_best(out, 2, significance, N, false);
    assert_true(out[0] == 2 && out[1] == 5);
    fcnt_select_close(&s);
}

static void test_candidates(void **state)
{
    (void)state;
    static float heat[FCNT_CELLS];
    double sums[(FCNT_GRID + 1) * (FCNT_GRID + 1)];
    heat[5 * FCNT_GRID + 7] = 2;
    heat[6 * FCNT_GRID + 7] = 4;
    fcnt_integrate(sums, heat);
    assert_near(fcnt_sum_in(sums, (struct box){7, 5, 1, 2}), 6, 1e-9);
    assert_near(fcnt_sum_in(sums, (struct box){7.25f, 5.5f, 3, 1}), 0.75 * (1 + 2), 1e-6);
    assert_near(fcnt_sum_in(sums, (struct box){-9, -9, 99, 99}), 6, 1e-9);
    assert_near(fcnt_distraction(heat, (struct box){7, 5, 1, 1}, 1), 2, 1e-6);
    assert_true(isinf(fcnt_distraction(heat, (struct box){7, 5, 1, 1}, 3)));
    fcnt_clean(heat, 0.6f);
    assert_near(heat[6 * FCNT_GRID + 7], 1, 0);
    assert_near(heat[5 * FCNT_GRID + 7], 0, 0);

    /* the best of many candidates frames a flat bump */
    struct region r = {200, 100, 100};
    struct box bump = {206, 92, 30, 24}, cells = fcnt_to_cells(r, bump);
    uint64_t random = 3;
    struct fcnt_propose p = {2000, 8, 0, 0.7f};
    fcnt_target(heat, cells);
    fcnt_integrate(sums, heat);
    struct fcnt_state last = fcnt_box_state((struct box){198, 95, 30, 24});
    struct image im = {NULL, 640, 480, 0};
    struct fcnt_found found = fcnt_search(sums, r, last, im, &p, &random);
    assert_near(found.state.cx, 221, 1.5);
    assert_near(found.state.cy, 104, 1.5);
    assert_near(found.confidence, 0.524, 0.03); /* the mean of a Gaussian of deviation a third, inside its box */
}

enum { W = 200, H = 150, SIDE = 36 };
static uint8_t pixels[W * H * IMAGE_PIXEL];
static const struct image picture = {pixels, W, H, W *IMAGE_PIXEL};

static void paint_square(int seed, int left, int top)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            for (int c = 0; c < 3; c++) {
                uint64_t s = (uint64_t)(seed * 1000 + (y / 6 * 8 + x / 6) * 3 + c);
                pixels[((top + y) * W + left + x) * IMAGE_PIXEL + c] = (uint8_t)random_below(&s, 256);
            }
}

static void paint(int frame)
{
    image_fill(picture, 110, 120, 100);
    paint_square(2, 140 - frame, 100); /* another one passes */
    paint_square(1, 40 + 3 * frame, 60 - frame);
}

static void test_following(void **state)
{
    (void)state;
    enum { FRAMES = 12 };
    const struct single_kind *kind = single_find("fcnt-paper");
    max_align_t options[64];
    const struct option_group group = {kind->group, "", kind->options, options};
    const char *const small[][2] = {{"fcnt.keep", "0.2"}, {"fcnt.head_maps", "6"}, {"fcnt.first_steps", "30"},
                                    {"fcnt.suppress_steps", "2"}};
    void *tracker;
    struct box box = {40, 60, SIDE, SIDE};
    assert_true(kind->options_size <= sizeof options);
    option_defaults(kind->options, options);
    for (int i = 0; i < 4; i++) /* the heads of the paper take seconds */
        assert_ok(option_set(&group, 1, small[i][0], small[i][1], NULL));
    assert_ok(kind->open(&tracker, options));
    paint(0);
    assert_fails(kind->start(tracker, picture, (struct box){-90, 0, 20, 20}), BAD_USAGE, "nothing to follow");
    assert_ok(kind->start(tracker, picture, box));
    uint64_t allocations = memory_allocations();
    for (int f = 1; f < FRAMES; f++) {
        paint(f);
        float sure = kind->update(tracker, picture, &box);
        assert_true(sure > 0.2f && sure <= 1);
        assert_true(box_overlap(box, (struct box){40 + 3 * (float)f, 60 - (float)f, SIDE, SIDE}) > 0.6f);
    }
    assert_true(memory_allocations() == allocations);
    kind->close(&tracker);
    assert_null(tracker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_saliency),   cmocka_unit_test(test_best),      cmocka_unit_test(test_selection),
        cmocka_unit_test(test_candidates), cmocka_unit_test(test_following),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
