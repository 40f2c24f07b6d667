/* SPDX-License-Identifier: MIT
 * Verification: LFW's and the packs' tables are read as they are, and the figures are right on scores with known answer. */
#include "tests/kit.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "train/verification.h"

#define GRACE "/usr/share/matplotlib/mpl-data/sample_data/grace_hopper.jpg"
#define EILEEN "/usr/lib/python3/dist-packages/skimage/data/astronaut.png"
#define GRACE_MARKS "222.8,194.6,306.4,190.5,266.7,237.8,233.3,278.8,304.9,275.3"
#define EILEEN_MARKS "204.6,102.3,245.9,104.4,224.6,127.5,201.2,139.3,245.2,141.7"

static void test_lfw_table(void **state)
{
    (void)state;
    struct verification v;
    kit_write_text(kit_path("pairs.txt"), "2\t2\n"
                                          "Ada\t1\t2\nAda\t2\t3\nAda\t1\tBob\t1\nAda\t1\tCleo_Z\t12\n"
                                          "Bob\t1\t2\nBob\t1\t3\nBob\t1\tAda\t1\nBob\t2\tAda\t3\n");
    assert_ok(verification_read(&v, kit_path("pairs.txt"), "/some/where"));
    assert_int_equal(v.n_folds, 2);
    assert_int_equal(v.n_pairs, 8);
    assert_int_equal(v.n_pictures, 7);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(v.pairs[i].fold, i / 4);
        assert_int_equal(v.pairs[i].same, i % 4 < 2);
    }
    assert_string_equal(v.pictures[v.pairs[3].b].name, "/some/where/Cleo_Z/Cleo_Z_0012.jpg");
    assert_int_equal(v.pairs[6].b, v.pairs[0].a); /* one picture, once */
    verification_free(&v);
    assert_fails(verification_read(&v, kit_path("pairs.txt"), ""), BAD_USAGE, "--images");
}

static void test_view_one(void **state)
{
    (void)state;
    struct verification v;
    char text[2000] = "20\n";
    for (int i = 0; i < 20; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "P%d\t1\t2\n", i);
    for (int i = 0; i < 20; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "P%d\t1\tQ%d\t2\n", i, i);
    kit_write_text(kit_path("dev.txt"), text);
    assert_ok(verification_read(&v, kit_path("dev.txt"), "d"));
    int n[10][2] = {{0}};
    assert_int_equal(v.n_folds, 10);
    for (int i = 0; i < v.n_pairs; i++)
        n[v.pairs[i].fold][v.pairs[i].same]++;
    for (int f = 0; f < 10; f++)
        assert_true(n[f][0] == 2 && n[f][1] == 2);
    verification_free(&v);
}

static void test_packs(void **state)
{
    (void)state;
    struct verification v;
    char folder[256];
    kit_write_text(kit_path("pairs.tsv"), "fold\tsame\tpackA\tframeA\tpackB\tframeB\n"
                                          "0\t1\tone\t5\tone\t7\n1\t0\tone\t5\ttwo\t5\n");
    assert_ok(verification_read(&v, kit_path("pairs.tsv"), ""));
    assert_int_equal(v.n_packs, 2);
    assert_int_equal(v.n_pictures, 3);
    snprintf(folder, sizeof folder, "%s/two.mkv", kit_folder());
    assert_string_equal(v.packs[1], folder);
    assert_int_equal(v.pictures[v.pairs[1].b].frame, 5);
    assert_int_equal(v.pictures[v.pairs[1].b].pack, 1);
    verification_free(&v);
    /* LFW's names in a pack with a table beside it */
    kit_write_text(kit_path("lfw.tsv"), "frame\tname\tnumber\n0\tAda\t1\n1\tAda\t2\n2\tBob\t1\n");
    kit_write_text(kit_path("few.txt"), "2\t1\nAda\t1\t2\nAda\t1\tBob\t1\nAda\t2\t1\nBob\t1\tAda\t1\n");
    assert_ok(verification_read(&v, kit_path("few.txt"), kit_path("lfw.mkv")));
    assert_int_equal(v.pictures[v.pairs[1].b].frame, 2);
    verification_free(&v);
    kit_write_text(kit_path("more.txt"), "2\t1\nAda\t1\t2\nAda\t1\tZoe\t1\nAda\t2\t1\nBob\t1\tAda\t1\n");
    assert_fails(verification_read(&v, kit_path("more.txt"), kit_path("lfw.mkv")), BAD_DATA, "Zoe_0001");
}

static void test_bad_tables(void **state)
{
    (void)state;
    struct verification v;
    static const struct { const char *text, *words; } bad[] = {
        {"", "no pairs"},
        {"hello world\n", "neither"},
        {"10\t300\n", "no pairs"},
        {"10\t300\nAda\tx\t2\n", ":2"},
        {"10\t300\nAda\n", ":2"},
        {"fold\tsame\tpackA\tframeA\tpackB\tframeB\n0\t2\ta\t1\ta\t2\n", ":2"},
        {"fold\tsame\tpackA\tframeA\tpackB\tframeB\n0\t1\ta\t1\ta\t-2\n", ":2"},
        {"fold\tsame\tpackA\tframeA\tpackB\tframeB\n0\t1\ta\t1\ta\t2\n", "one fold"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kit_write_text(kit_path("bad.txt"), bad[i].text);
        assert_fails(verification_read(&v, kit_path("bad.txt"), "d"), BAD_DATA, bad[i].words);
    }
}

/* Two bells, two deviations apart: accuracy 0.841, area 0.921. */
static void test_figures(void **state)
{
    enum { N = 20000 };
    (void)state;
    uint64_t seed = 1;
    struct verification_figures f;
    struct verification_score *s = memory_alloc(N, sizeof *s);
    assert_non_null(s);
    for (int i = 0; i < N; i++)
        s[i] = (struct verification_score){.score = random_normal(&seed) + (i % 2 ? 1.0F : -1.0F), .fold = i / (N / 10),
                                           .same = i % 2};
    assert_ok(verification_measure(&f, s, N, 10));
    assert_near(f.accuracy, 0.8413, 0.01);
    assert_near(f.eer, 0.1587, 0.01);
    assert_near(f.auc, 0.9214, 0.005);
    assert_near(f.tar_far2, 0.3722, 0.03);  /* 1 - Phi(2.326 - 2) */
    assert_near(f.tar_far3, 0.1378, 0.03);
    assert_true(f.se > 0.0005 && f.se < 0.006);
    assert_near(f.folds[3].threshold, 0, 0.15);
    /* one in ten missed: that much less is right, and nothing more is accepted */
    for (int i = 0; i < N; i++)
        s[i].missed = i % 20 < 2;
    struct verification_figures less;
    assert_ok(verification_measure(&less, s, N, 10));
    assert_int_equal(less.missed, N / 10);
    assert_near(less.accuracy, 0.9 * 0.8413, 0.01);
    assert_true(less.tar_far2 < f.tar_far2);
    memory_free(&s);
}

/* The threshold of a fold must not know the fold: the first fold's own best one lies elsewhere. */
static void test_threshold_is_blind(void **state)
{
    (void)state;
    struct verification_score s[40];
    struct verification_figures f;
    for (int i = 0; i < 40; i++)
        s[i] = (struct verification_score){.score = (float)(i % 2) + 0.001F * (float)i, .fold = i / 4, .same = i % 2};
    for (int i = 0; i < 4; i++)
        s[i].score = s[i].same ? 0.3F : 0.25F;
    assert_ok(verification_measure(&f, s, 40, 10));
    assert_near(f.folds[0].accuracy, 0.5, 1e-9);
    for (int i = 1; i < 10; i++)
        assert_near(f.folds[i].accuracy, 1, 1e-9);
    assert_near(f.accuracy, 0.95, 1e-9);
    assert_near(f.se, sqrt((0.45 * 0.45 + 9 * 0.05 * 0.05) / 9 / 10), 1e-9);
}

/* All scores are equal: no luck with ties. */
static void test_ties(void **state)
{
    (void)state;
    struct verification_score s[20];
    struct verification_figures f;
    for (int i = 0; i < 20; i++)
        s[i] = (struct verification_score){.score = 1, .fold = i / 4, .same = i % 2};
    assert_ok(verification_measure(&f, s, 20, 5));
    assert_near(f.accuracy, 0.5, 1e-9);
    assert_near(f.tar_far3, 0, 1e-9);
    for (int i = 0; i < 20; i++)
        s[i].same = true;
    assert_fails(verification_measure(&f, s, 20, 5), BAD_DATA, "both kinds");
}

static void test_roc(void **state)
{
    (void)state;
    double far[8];
    double tar[8];
    struct verification_score s[6] = {{.score = 5, .same = true}, {.score = 4, .same = true}, {.score = 3, .same = false},
                                      {.score = 2, .same = true}, {.score = 1, .same = false}, {.score = 0, .same = false}};
    int n = verification_roc(far, tar, 8, s, 6);
    assert_int_equal(n, 3);
    assert_near(far[0], 0, 1e-9);
    assert_near(tar[0], 2.0 / 3, 1e-9);
    assert_near(far[1], 1.0 / 3, 1e-9);
    assert_near(tar[1], 1, 1e-9);
    assert_near(far[2], 1, 1e-9);
}

/* The whole command on two photographs in the public domain, and its list of the pairs. */
static void test_list_of_pairs(void **state)
{
    (void)state;
    if (!file_exists(GRACE) || !file_exists(EILEEN) || !file_exists(kit_source("weights/deepid2plus.safetensors")))
        kit_skip("no photographs, or no weights");
    const struct { const char *from, *to; } links[] = {
        {GRACE, "lfw/Grace/Grace_0001.jpg"}, {GRACE, "lfw/Grace/Grace_0002.jpg"}, {EILEEN, "lfw/Eileen/Eileen_0001.jpg"},
    };
    for (int i = 0; i < 3; i++) {
        assert_ok(file_make_folders_above(kit_path(links[i].to)));
        assert_int_equal(symlink(links[i].from, kit_path(links[i].to)), 0);
    }
    kit_write_text(kit_path("two.txt"), "2\t1\nGrace\t1\t2\nGrace\t1\tEileen\t1\nGrace\t2\t1\nEileen\t1\tGrace\t2\n");
    struct kit_result r = kit_facetrail("eval", "verification", "--pairs", kit_path("two.txt"), "--images", kit_path("lfw"),
                                        "--write", kit_path("list.tsv"), NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "accuracy=1.0000");
    struct file_lines lines;
    assert_ok(file_lines_open(&lines, kit_path("list.tsv")));
    assert_ok(file_lines_next(&lines));
    assert_string_equal(lines.line, "fold\tsame\tscore\tfirst\tsecond");
    double scores[4];
    for (int i = 0; i < 4; i++) {
        char *fields[6];
        assert_ok(file_lines_next(&lines));
        assert_int_equal(file_fields(lines.line, '\t', fields, 6), 5);
        assert_int_equal(atoi(fields[0]), i / 2);
        assert_int_equal(atoi(fields[1]), i % 2 == 0);
        scores[i] = atof(fields[2]);
        assert_has(fields[3], i == 3 ? "Eileen_0001.jpg" : "Grace_000");
    }
    assert_int_equal(file_lines_next(&lines), END);
    file_lines_close(&lines);
    assert_true(scores[0] > scores[1] + 1 && scores[2] > scores[3] + 1);
    r = kit_facetrail("eval", "verification", "--pairs", kit_path("two.txt"), "--images", kit_path("lfw"), "--write",
                      kit_path("no/such/folder/list.tsv"), NULL);
    assert_int_not_equal(r.status, 0);
    assert_has(r.err, "list.tsv");
}

/* One picture under two names is a false match at every rate, a group of its own two names among three people. */
static void test_strangers(void **state)
{
    (void)state;
    static const char *const pictures[] = {GRACE, GRACE, EILEEN};
    static const char table[] =
        "frame\tperson\tset\tsplit\tname\tscore\tscale\tmarks\tattributes\n"
        "0\t7\tadmirals\tval\tx\t1\t1\t" GRACE_MARKS "\t-\n"
        "1\t8\tadmirals\tval\tx\t1\t1\t" GRACE_MARKS "\t-\n"
        "2\t9\tpilots\tval\tx\t1\t1\t" EILEEN_MARKS "\t-\n";
    if (!file_exists(GRACE) || !file_exists(EILEEN) || !file_exists(kit_source("weights/deepid2plus.safetensors")))
        kit_skip("no photographs, or no weights");
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "strange/%d%s", i, i < 2 ? ".jpg" : ".png");
        assert_ok(file_make_folders_above(kit_path(name)));
        assert_int_equal(symlink(pictures[i], kit_path(name)), 0);
    }
    kit_write_text(kit_path("strange.tsv"), table);
    struct kit_result r = kit_facetrail("eval", "strangers", "--pack", kit_path("strange.mkv"), NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "fmr_1e-3=0.333333 group_fmr_1e-3=1.000000 worst_fmr_1e-3=0.000000 fmr_1e-4=0.333333 group_fmr_1e-4=1.000000 pairs=3 faces=3");
    r = kit_facetrail("eval", "strangers", NULL);
    assert_int_equal(r.status, 2);
    assert_has(r.err, "--pack");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lfw_table), cmocka_unit_test(test_view_one),   cmocka_unit_test(test_packs),
        cmocka_unit_test(test_bad_tables), cmocka_unit_test(test_figures),   cmocka_unit_test(test_threshold_is_blind),
        cmocka_unit_test(test_ties),      cmocka_unit_test(test_roc),     cmocka_unit_test(test_list_of_pairs),
        cmocka_unit_test(test_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
