/* SPDX-License-Identifier: MIT
 * Who gets which work, and where a shot ends. */
#include "tests/kit.h"

#include "base/memory.h"
#include "pipeline/budget.h"
#include "pipeline/cut.h"

static void detects_when_due_or_needed(void **unused)
{
    (void)unused;
    struct detect_options o;
    option_defaults(budget_detect_table, &o);
    struct budget_scene calm = {.since = 1, .least_certainty = 1};
    assert_true(budget_detects(&o, &calm)); /* every frame is the default */
    o.every = 5;
    assert_false(budget_detects(&o, &calm));
    calm.since = 4;
    assert_false(budget_detects(&o, &calm));
    calm.since = 5;
    assert_true(budget_detects(&o, &calm));
    calm.since = 1;
    struct budget_scene cut = calm, doubt = calm, picture = calm;
    cut.cut = true;
    doubt.least_certainty = 0.1f;
    picture.picture = true;
    assert_true(budget_detects(&o, &cut));
    assert_true(budget_detects(&o, &doubt));
    assert_true(budget_detects(&o, &picture));
}

static struct describe_options usual(void)
{
    struct describe_options o;
    option_defaults(budget_describe_table, &o);
    o.per_frame = 3;
    o.again = 0.1f;
    o.refresh = 1;
    o.sure = 0.9f;
    o.min_size = 24;
    return o;
}

static struct budget_face face(int looks, float sureness, double since_s, float quality)
{
    return (struct budget_face){.usable = true, .height = 60, .looks = looks, .sureness = sureness,
                                .since_us = (int64_t)(since_s * 1e6), .quality = quality};
}

static void new_then_doubtful_then_stale(void **unused)
{
    (void)unused;
    struct describe_options o = usual();
    int which[8];
    struct budget_face faces[] = {face(9, 1, 2, 1), face(3, 0.2f, 0.5, 1), face(0, 0, 0, 1), face(9, 1, 0.5, 9),
                                  face(3, 0.2f, 0.05, 9)};
    assert_int_equal(budget_describes(&o, faces, 5, true, which), 3);
    assert_int_equal(which[0], 2); /* new */
    assert_int_equal(which[1], 1); /* doubtful */
    assert_int_equal(which[2], 0); /* sure, but long ago; the last two were looked at a moment ago */
    o.per_frame = 1;
    assert_int_equal(budget_describes(&o, faces, 5, true, which), 1);
    assert_int_equal(which[0], 2);
    o.per_frame = 0; /* no limit */
    assert_int_equal(budget_describes(&o, faces, 5, true, which), 3);
}

static void larger_first_and_turns_are_taken(void **unused)
{
    (void)unused;
    struct describe_options o = usual();
    int which[8];
    struct budget_face new_ones[] = {face(0, 0, 0, 10), face(0, 0, 0, 30), face(0, 0, 0, 20), face(0, 0, 0, 5)};
    assert_int_equal(budget_describes(&o, new_ones, 4, true, which), 3);
    assert_int_equal(which[0], 1);
    assert_int_equal(which[1], 2);
    assert_int_equal(which[2], 0);
    struct budget_face waiting[] = {face(2, 0, 0.2, 99), face(2, 0, 0.4, 1), face(2, 0, 0.3, 1)};
    o.per_frame = 2;
    assert_int_equal(budget_describes(&o, waiting, 3, true, which), 2);
    assert_int_equal(which[0], 1);
    assert_int_equal(which[1], 2);
}

static void small_and_unusable_ones_are_left_out(void **unused)
{
    (void)unused;
    struct describe_options o = usual();
    int which[4];
    struct budget_face faces[] = {face(0, 0, 0, 1), face(0, 0, 0, 1)};
    faces[0].usable = false;
    faces[1].height = 12;
    assert_int_equal(budget_describes(&o, faces, 2, true, which), 0);
    assert_int_equal(budget_describes(&o, faces, 0, true, which), 0);
    assert_int_equal(budget_describes(&o, faces, 2, false, which), 1); /* a picture: whatever can be */
    assert_int_equal(which[0], 1);
}

enum { W = 320, H = 180 };

/* A landscape of its own for each seed, moved by dx, lit by `light`. */
static void paint(uint8_t *pixels, int seed, int dx, int light)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            uint64_t cell = (uint64_t)(((x + dx) / 40) * 31 + (y / 30) * 7 + seed * 1013);
            cell = (cell ^ (cell >> 3)) * 0x9E3779B97F4A7C15u;
            for (int c = 0; c < 3; c++) {
                int v = (int)(cell >> (40 + 7 * c) & 0xFF) * (seed % 2 ? 1 : 2) / 2 + light;
                pixels[(y * W + x) * 4 + c] = (uint8_t)(v > 255 ? 255 : v);
            }
        }
}

static void a_cut_is_seen_and_a_pan_or_flash_is_none(void **unused)
{
    (void)unused;
    uint8_t *pixels = memory_alloc((size_t)W * H, 4);
    struct image im = {pixels, W, H, W * 4};
    struct cut c = {0};
    int cuts = 0;
    for (int n = 0; n < 40; n++) {
        paint(pixels, 1, n * 3, n == 20 ? 60 : 0); /* a pan, and a flash in it */
        cuts += cut_sees(&c, im);
    }
    assert_int_equal(cuts, 0);
    for (int n = 0; n < 20; n++) {
        paint(pixels, 1 + (n / 5 + 1) * 3, n * 3, 0); /* another place every fifth frame */
        bool seen = cut_sees(&c, im);
        assert_int_equal(seen, n % 5 == 0);
    }
    memset(pixels, 0, (size_t)W * H * 4); /* black, and black again */
    cut_sees(&c, im);
    assert_false(cut_sees(&c, im));
    memory_free(&pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detects_when_due_or_needed),
        cmocka_unit_test(new_then_doubtful_then_stale),
        cmocka_unit_test(larger_first_and_turns_are_taken),
        cmocka_unit_test(small_and_unusable_ones_are_left_out),
        cmocka_unit_test(a_cut_is_seen_and_a_pan_or_flash_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
