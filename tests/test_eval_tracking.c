/* SPDX-License-Identifier: MIT
 * One-pass evaluation on cases worked out by hand, reading of sequences, and the whole command on drawn pictures. */
#include "tests/kit.h"

#include <sys/stat.h>

#include "tracker/single.h"
#include "train/sequences.h"
#include "train/tracking_score.h"

static void test_scores(void **state)
{
    (void)state;
    /* overlaps 1, 1/3, 0, not counted; distances 0, 20, 60 */
    const struct box truth[] = {{0, 0, 40, 40}, {0, 0, 40, 40}, {0, 0, 40, 40}, {0, 0, 0, 0}};
    const struct box found[] = {{0, 0, 40, 40}, {20, 0, 40, 40}, {60, 0, 40, 40}, {500, 0, 9, 9}};
    struct tracking_score s;
    tracking_score(&s, truth, found, 4);
    assert_int_equal(s.counted, 3);
    assert_near(s.precision[0], 1.0 / 3, 1e-9);
    assert_near(s.precision[19], 1.0 / 3, 1e-9);
    assert_near(s.precision20, 2.0 / 3, 1e-9); /* exactly 20 counts */
    assert_near(s.success[0], 2.0 / 3, 1e-9);  /* an overlap of 0 is not above 0 */
    assert_near(s.success[6], 2.0 / 3, 1e-9);  /* 0.30 */
    assert_near(s.success[7], 1.0 / 3, 1e-9);  /* 0.35 */
    assert_near(s.success[20], 0, 1e-9);       /* nothing is above 1 */
    assert_near(s.auc, (7 * 2.0 / 3 + 13 / 3.0) / 21, 1e-9);
}

static void test_mean(void **state)
{
    (void)state;
    const struct box truth[3] = {{0, 0, 10, 10}, {0, 0, 10, 10}, {0, 0, 10, 10}};
    const struct box away[3] = {{90, 0, 10, 10}, {90, 0, 10, 10}, {90, 0, 10, 10}};
    struct tracking_score two[2], mean;
    tracking_score(&two[0], truth, truth, 1); /* a short one counts as much as a long one */
    tracking_score(&two[1], truth, away, 3);
    assert_near(two[0].auc, 20.0 / 21, 1e-9);
    tracking_mean(&mean, two, 2);
    assert_near(mean.precision20, 0.5, 1e-9);
    assert_near(mean.auc, 10.0 / 21, 1e-9);
}

static void test_reading(void **state)
{
    (void)state;
    struct sequences s;
    mkdir(kit_path("set"), 0700);
    mkdir(kit_path("set/B"), 0700);
    mkdir(kit_path("set/A"), 0700);
    mkdir(kit_path("set/A/img"), 0700);
    mkdir(kit_path("set/none"), 0700);
    kit_write_text(kit_path("set/B/groundtruth_rect.1.txt"), "1,1,4,4\nNaN,NaN,NaN,NaN\n");
    kit_write_text(kit_path("set/B/groundtruth_rect.2.txt"), "5 6 7 8\r\n");
    kit_write_text(kit_path("set/A/groundtruth_rect.txt"), "10\t20\t30\t40\n11,21,0,0\n\n");
    assert_ok(sequences_read(&s, kit_path("set"), NULL));
    assert_int_equal(s.n, 3);
    assert_string_equal(s.all[0].name, "A");
    assert_has(s.all[0].pictures, "set/A/img");
    assert_int_equal(s.all[0].n, 2);
    assert_near(s.all[0].truth[0].x, 9, 0);
    assert_near(s.all[0].truth[0].h, 40, 0);
    assert_near(s.all[0].truth[1].w, 0, 0);
    assert_string_equal(s.all[2].name, "B.2");
    assert_has(s.all[2].pictures, "set/B/frames.mkv");
    assert_near(s.all[1].truth[1].w, 0, 0);
    assert_near(s.all[2].truth[0].y, 5, 0);
    sequences_free(&s);
    assert_ok(sequences_read(&s, kit_path("set"), "B.2"));
    assert_int_equal(s.n, 1);
    sequences_free(&s);
    assert_ok(sequences_read(&s, kit_path("set/A"), NULL));
    assert_int_equal(s.n, 1);
    sequences_free(&s);
    assert_fails(sequences_read(&s, kit_path("set"), "C"), BAD_USAGE, "named C");
    kit_write_text(kit_path("set/A/groundtruth_rect.txt"), "10,20,thirty,40\n");
    assert_fails(sequences_read(&s, kit_path("set"), NULL), BAD_DATA, "groundtruth_rect.txt:1");
    kit_write_text(kit_path("set/A/groundtruth_rect.txt"), "NaN,NaN,NaN,NaN\n1,1,2,2\n");
    assert_fails(sequences_read(&s, kit_path("set"), NULL), BAD_DATA, "first box");
}

static void test_corners_and_attributes(void **state)
{
    (void)state;
    struct sequences s;
    mkdir(kit_path("tld"), 0700);
    mkdir(kit_path("tld/panda"), 0700);
    mkdir(kit_path("tld/Deer"), 0700);
    kit_write_text(kit_path("tld/panda/gt.txt"), "11,21,20,40\nNaN,NaN,NaN,NaN\n");
    kit_write_text(kit_path("tld/panda/attrs.txt"), "OCC, LR, fur\n");
    kit_write_text(kit_path("tld/Deer/groundtruth_rect.txt"), "1,1,4,4\n");
    assert_ok(sequences_read(&s, kit_path("tld"), NULL));
    assert_int_equal(s.n, 2);
    assert_int_equal(s.all[0].attributes, sequence_attributes_parse("MB,FM,IPR,BC,LR"));
    assert_int_equal(s.all[1].attributes, sequence_attributes_parse("LR OCC"));
    assert_near(s.all[1].truth[0].x, 10, 0);
    assert_near(s.all[1].truth[0].w, 10, 0);
    assert_near(s.all[1].truth[0].h, 20, 0);
    assert_near(s.all[1].truth[1].w, 0, 0);
    sequences_free(&s);
    assert_int_equal(sequence_attributes_known("Jogging.2"), sequence_attributes_parse("OCC,DEF,OPR"));
    assert_int_equal(sequence_attributes_known("Jog"), 0);
}

static void test_returns(void **state)
{
    (void)state;
    enum { N = 60 };
    struct box truth[N] = {{0}}, found[N];
    float sure[N];
    struct tracking_returns r = {0};
    for (int i = 0; i < N; i++) { /* away in 10 to 19 and in 40 to 42 */
        truth[i] = i / 10 == 1 || (i >= 40 && i < 43) ? (struct box){0} : (struct box){50, 50, 20, 20};
        /* off the size from 30 on */
        found[i] = i < 30 ? truth[0] : (struct box){50, 50, 20, 7};
        sure[i] = i >= 12 && i < 20 ? 0 : 1;
    }
    tracking_count_returns(&r, truth, found, sure, N);
    assert_int_equal(r.returns, 2);
    assert_int_equal(r.found, 1);
    assert_int_equal(r.found25, 2);
    assert_int_equal(r.absent, 13);
    assert_int_equal(r.silent, 8);
}

enum { W = 160, H = 120, SIDE = 32, FRAMES = 20 };
/* A square of coloured noise that moves by (3, 1) a frame over a grey ground. */
static void draw(int frame)
{
    static uint8_t pixels[32 + W * H * 3]; /* a PPM picture */
    char name[32];
    int head = snprintf((char *)pixels, 32, "P6\n%d %d\n255\n", W, H);
    memset(pixels + head, 90, W * H * 3);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            for (int c = 0; c < 3; c++) {
                uint64_t seed = (uint64_t)((y / 4 * 8 + x / 4) * 3 + c);
                pixels[head + ((20 + frame + y) * W + 20 + 3 * frame + x) * 3 + c] = (uint8_t)random_below(&seed, 256);
            }
    snprintf(name, sizeof name, "run/moving/img/%04d.ppm", frame + 1);
    kit_write(kit_path(name), pixels, (size_t)(head + W * H * 3));
}

static void test_command(void **state)
{
    (void)state;
    char truth[FRAMES * 32] = "";
    mkdir(kit_path("run"), 0700);
    mkdir(kit_path("run/moving"), 0700);
    mkdir(kit_path("run/moving/img"), 0700);
    for (int i = 0; i < FRAMES; i++) {
        draw(i);
        snprintf(truth + strlen(truth), 32, "%d,%d,%d,%d\n", 21 + 3 * i, 21 + i, SIDE, SIDE);
    }
    kit_write_text(kit_path("run/moving/groundtruth_rect.txt"), truth);
    struct kit_result r = kit_facetrail("eval", "tracking", "--sequences", kit_path("run"), "--tracker", "still", NULL);
    assert_int_equal(r.status, 0);
    /* 3.162 pixels a frame: 20 are reached after the 7th of 20 */
    assert_has(r.out, "precision20=0.3500 ");
    assert_has(r.out, " sequences=1 fps=");
    r = kit_facetrail("eval", "tracking", "--sequences", kit_path("run/moving"), "--tracker=pixels", "--plot",
                      kit_path("curve.png"), NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "precision20=1.0000 ");
    size_t n;
    char *picture = kit_read(kit_path("curve-precision.png"), &n);
    assert_non_null(picture);
    assert_memory_equal(picture + 1, "PNG", 3);
    memory_free(&picture);
    r = kit_facetrail("eval", "tracking", "--sequences", kit_path("run"), "--tracker", "still", "--begin", "11", "--frames",
                      "8", NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "precision20=0.8750 "); /* 7 of 8 */
    r = kit_facetrail("eval", "tracking", "--sequences", kit_path("run"), "--tracker", "fcnt-paper", "--frames", "3", "--heat",
                      kit_path("heat.png"), "--write", kit_path("found"), NULL);
    assert_int_equal(r.status, 0);
    picture = kit_read(kit_path("heat.png"), &n);
    assert_non_null(picture);
    assert_memory_equal(picture + 1, "PNG", 3);
    memory_free(&picture);
    char *found = kit_read(kit_path("found/moving.txt"), &n);
    assert_non_null(found);
    assert_memory_equal(found, "21.00,21.00,32.00,32.00,1.000\n", 30);
    memory_free(&found);
    r = kit_facetrail("eval", "tracking", "--sequences", kit_path("run"), "--tracker", "pixels", "--heat",
                      kit_path("none.png"), NULL);
    assert_int_equal(r.status, 2);
    assert_has(r.err, "pixels has no heads");
    r = kit_facetrail("eval", "tracking", "--sequences", kit_path("run"), "--tracker", "none", NULL);
    assert_int_equal(r.status, 2);
    assert_has(r.err, "still, pixels");
    kit_write_text(kit_path("run/moving/groundtruth_rect.txt"), strcat(truth, "1,1,2,2\n"));
    r = kit_facetrail("eval", "tracking", "--sequences", kit_path("run"), "--tracker", "still", NULL);
    assert_int_equal(r.status, 1);
    assert_has(r.err, "has 20 frames, its truth 21");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_mean),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_corners_and_attributes),
        cmocka_unit_test(test_returns),
        cmocka_unit_test(test_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
