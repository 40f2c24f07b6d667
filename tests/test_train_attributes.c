/* SPDX-License-Identifier: MIT
 * Attributes: what is fitted and counted, on made-up numbers; HOG and the linear machine; then a toy ANet and the SVM on
 * HOG learn from a pack of painted faces to say what they see in people they never saw; and `eval attributes`. */
#include <math.h>
#include <stdlib.h>

#include "tests/kit.h"

#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "train/attributes_score.h"
#include "train/eval.h"
#include "train/hog.h"
#include "train/loop.h"
#include "train/scene_files.h"
#include "train/svm.h"

enum { SIDE = 128, TRAIN = 40, VAL = 8, EACH = 4, FACES = (TRAIN + VAL) * EACH, SMILING = 31, HAT = 35 };

static void logits_become_probabilities(void **unused)
{
    (void)unused;
    enum { N = 4000 };
    static float logits[N * FACE_ATTRIBUTES];
    static uint64_t truth[N];
    struct attributes_scale scale[FACE_ATTRIBUTES];
    uint64_t random = 1;
    /* attribute 3: one in five has it; values are normal around 1 and -1 with deviation 1: ratio exp(2 x) */
    for (int i = 0; i < N; i++) {
        bool yes = i % 5 == 0;
        truth[i] = yes ? 8 : 0;
        logits[i * FACE_ATTRIBUTES + 3] = random_normal(&random) + (yes ? 1 : -1);
    }
    assert_ok(attributes_fit(scale, logits, truth, N));
    assert_near(scale[3].rate, 0.2, 1e-3);
    assert_near(scale[3].factor, 2, 0.25);
    assert_near(scale[3].shift, 0, 0.15);
    assert_near(attributes_probability(&scale[3], 0), 0.2, 0.03); /* a value that says nothing leaves the rate */
    assert_near(scale[0].factor, 1, 1e-6);                        /* nobody has it: nothing to learn */
    assert_true(scale[0].rate > 0 && scale[0].rate < 1e-3);
}

static void answers_are_counted(void **unused)
{
    (void)unused;
    static float p[4 * FACE_ATTRIBUTES], rates[FACE_ATTRIBUTES];
    static const uint64_t truth[4] = { 1, 0, 0, 0 }; /* one has the first attribute, nobody the others */
    static const float said[4] = { 0.4f, 0.3f, 0.1f, 0.6f };
    struct attributes_figures f;
    for (int k = 0; k < FACE_ATTRIBUTES; k++)
        rates[k] = 0.25f;
    for (int i = 0; i < 4; i++)
        p[i * FACE_ATTRIBUTES] = said[i];
    attributes_measure(&f, p, rates, truth, 4);
    assert_near(f.rate[0], 0.25, 1e-9);
    assert_near(f.accuracy[0], 0.5, 1e-9);                    /* above 1/2: no, no, no, yes */
    assert_near(f.balanced[0], 0.5 * (1 + 1.0 / 3), 1e-9);    /* above 1/4: yes, yes, no, yes */
    assert_near(f.mean_accuracy, (0.5 + FACE_ATTRIBUTES - 1) / FACE_ATTRIBUTES, 1e-6);
    assert_near(f.mean_balanced, f.balanced[0], 1e-9);        /* the others have one side only */
    assert_int_equal(f.n, 4);
}

static void gradients_have_directions(void **unused)
{
    (void)unused;
    enum { W = 48, H = 56 };
    static float grey[W * H], out[HOG_SIZE];
    for (int i = 0; i < W * H; i++)
        grey[i] = 0.01f * (float)(i % W); /* brighter to the right everywhere: bin 0 in every cell */
    hog_describe(out, grey, W, H);
    for (int i = 0; i < HOG_SIZE; i++)
        assert_near(out[i], i % HOG_BINS == 0 ? 0.5 : 0, 0.02);
    for (int i = 0; i < W * H; i++)
        grey[i] = -0.01f * (float)(i % W); /* darker to the right is the same without a sign */
    hog_describe(out, grey, W, H);
    assert_near(out[0] + out[HOG_BINS - 1], 0.5, 0.02);
    for (int i = 0; i < W * H; i++)
        grey[i] = 0.3f;
    hog_describe(out, grey, W, H);
    for (int i = 0; i < HOG_SIZE; i++)
        assert_near(out[i], 0, 1e-6);
}

/* Two points at -1 and 2: the best w and b by hand, cost 1 and squared hinge. */
static void machines_find_the_optimum(void **unused)
{
    (void)unused;
    static const float x[2] = { 2, -1 };
    static const bool yes[2] = { true, false };
    const struct svm_options o = { .cost = 1, .passes = 1000, .seed = 1 };
    float w[2];
    assert_ok(svm_fit(w, x, yes, 2, 1, &o));
    /* with a = 1 - (2 w + b), c = 1 - (w - b) both positive: w = 2 (2 a + c), b = 2 (a - c) */
    double a = 1 - (2.0 * (double)w[0] + (double)w[1]), c = 1 - ((double)w[0] - (double)w[1]);
    assert_true(a > 0 && c > 0);
    assert_near(w[0], 2 * (2 * a + c), 0.02);
    assert_near(w[1], 2 * (a - c), 0.02);
    enum { N = 600, D = 5 };
    static float many[N * D];
    static bool side[N];
    float v[D + 1];
    int right = 0;
    kit_random(many, N * D, 9);
    for (int i = 0; i < N; i++)
        side[i] = many[i * D] - 0.5f * many[i * D + 3] > 0.2f;
    assert_ok(svm_fit(v, many, side, N / 2, D, &o));
    for (int i = N / 2; i < N; i++)
        right += (svm_value(v, many + i * D, D) > 0) == side[i];
    assert_true(right > 0.95 * N / 2);
}

static void lists_are_read(void **unused)
{
    (void)unused;
    static char text[8192];
    struct scene_table t;
    for (int variant = 0; variant < 2; variant++) { /* CelebA's own text, and the table with commas */
        size_t n = (size_t)snprintf(text, sizeof text, variant ? "image_id" : "2\n");
        for (int i = FACE_ATTRIBUTES - 1; i >= 0; i--) /* in another order */
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", variant ? "," : " ", face_attribute_names[i]);
        for (int k = 0; k < 2; k++) {
            n += (size_t)snprintf(text + n, sizeof text - n, "\n%06d.jpg", k);
            for (int i = FACE_ATTRIBUTES - 1; i >= 0; i--)
                n += (size_t)snprintf(text + n, sizeof text - n, "%s%d", variant ? "," : "  ", i == SMILING + k ? 1 : -1);
        }
        snprintf(text + n, sizeof text - n, "\n");
        kit_write_text(kit_path("list.txt"), text);
        assert_ok(scene_files_attributes(&t, kit_path("list.txt")));
        assert_int_equal(t.n_scenes, 2);
        assert_string_equal(t.scenes[1].name, "000001.jpg");
        assert_true(t.faces[0].tagged);
        assert_true(t.faces[0].tags == (uint64_t)1 << SMILING);
        assert_true(t.faces[1].tags == (uint64_t)1 << (SMILING + 1));
        scene_table_close(&t);
    }
    kit_write_text(kit_path("list.txt"), "2\nSmiling Male\na.jpg 1 1\n");
    assert_fails(scene_files_attributes(&t, kit_path("list.txt")), BAD_DATA, "list.txt:2");
}

/* Smiling: the mouth is striped. A hat: the top is red. */
static void paint(unsigned char *rgb, bool smiling, bool hat, uint64_t *random)
{
    float light = random_between(random, 0.7f, 1), skin = random_between(random, 120, 220);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            bool mouth = smiling && y > 85 && y < 115 && x > 36 && x < 92, red = hat && y < 40;
            for (int c = 0; c < 3; c++) {
                float v = mouth ? (x / 9 % 2 ? 250 : 20) : red ? (c == 0 ? 230 : 30) : skin;
                rgb[(y * SIDE + x) * 3 + c] = (unsigned char)(light * (v + random_between(random, -8, 8)) * 0.9f);
            }
        }
}

static int make_pack(void **state)
{
    (void)state;
    static unsigned char file[SIDE * SIDE * 3 + 15];
    static char table[FACES * 200];
    size_t n = (size_t)snprintf(table, sizeof table, "frame\tperson\tset\tsplit\tname\tscore\tscale\tmarks\tattributes\n");
    uint64_t random = 3;
    assert_ok(file_make_folders_above(kit_path("toy/x")));
    for (int i = 0; i < FACES; i++) {
        int person = i / EACH;
        bool smiling = random_unit(&random) < 0.5f, hat = random_unit(&random) < 0.3f;
        char name[64], bits[FACE_ATTRIBUTES + 1] = "";
        memcpy(file, "P6\n128 128\n255\n", 15);
        paint(file + 15, smiling, hat, &random);
        snprintf(name, sizeof name, "toy/%03d.ppm", i);
        kit_write(kit_path(name), file, sizeof file);
        for (int k = 0; k < FACE_ATTRIBUTES; k++)
            bits[k] = (k == SMILING && smiling) || (k == HAT && hat) ? '1' : '0';
        n += (size_t)snprintf(table + n, sizeof table - n,
                              "%d\t%d\tpainted\t%s\tx\t0.9\t1.0\t46.3,59.7,81.5,59.5,64.0,79.7,49.5,100.4,78.7,100.2\t%s\n",
                              i, person * 5, person < TRAIN ? "train" : "val", person % 10 == 7 ? "-" : bits);
    }
    kit_write_text(kit_path("toy.tsv"), table);
    return 0;
}

static double figure(const char *out, const char *key)
{
    const char *at = strstr(out, key);
    assert_non_null(at);
    return atof(at + strlen(key));
}

/* 28 of the 32 val faces have attributes; 38 of the attributes nobody has. */
static void check_last_line(struct kit_result r, double least)
{
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, 0);
    assert_has(r.out, "Smiling");
    const char *last = strstr(r.out, "\nmean_accuracy=");
    assert_non_null(last);
    assert_has(last, " attributes=40 images=28 missed=0\n");
    assert_true(figure(last, "mean_accuracy=") > 0.99);
    if (figure(last, "mean_balanced=") < least)
        print_message("%s", last);
    assert_true(figure(last, "mean_balanced=") >= least);
}

static void toys_learn(void **unused)
{
    (void)unused;
    char text[1536], weights[512], pack[512];
    snprintf(weights, sizeof weights, "%s", kit_path("anet.safetensors"));
    snprintf(pack, sizeof pack, "%s", kit_path("toy.mkv"));
    snprintf(text, sizeof text,
             "train.task = attributes\ntrain.model = anet\ntrain.batch = 16\ntrain.steps = 150\ntrain.weights = %s\n"
             "model.maps = 4\nmodel.code = 24\nmodel.normalize = yes\nsolver.rate = 0.05\naugment.occlude = 0\n"
             "augment.blur = 0\naugment.grey = 0\ndata.folder = %s\ndata.packs = toy\n", weights, kit_folder());
    kit_write_text(kit_path("anet.conf"), text);
    struct recipe *r;
    struct loop_result result;
    assert_ok(recipe_open(&r, kit_path("anet.conf"), 0, NULL));
    assert_ok(loop_run(r, false, NULL, &result));
    assert_true(result.score > 0.98); /* 38 of 40 come for nothing: what it learnt shows in the balanced accuracy */
    recipe_close(&r);
    check_last_line(kit_facetrail("eval", "attributes", "--pack", pack, "--weights", weights, NULL), 0.9);
    check_last_line(kit_facetrail("eval", "attributes", "--pack", pack, "--features", "hog", NULL), 0.6);
}

static void what_is_missing_is_said(void **unused)
{
    (void)unused;
    char pack[512];
    snprintf(pack, sizeof pack, "%s", kit_path("toy.mkv"));
    char *both[] = { "--pack", pack, "--truth", "a", "--images", "b" };
    char *split[] = { "--pack", pack, "--split", "test" };
    char *absent[] = { "--pack", "absent.mkv" };
    char *list[] = { "--truth", "absent.txt", "--images", "b" };
    assert_fails(eval_attributes(0, NULL), BAD_USAGE, "--pack");
    assert_fails(eval_attributes(6, both), BAD_USAGE, "--truth");
    assert_fails(eval_attributes(4, split), BAD_USAGE, "test");
    assert_true(eval_attributes(2, absent) < 0);
    assert_has(fail_message(), "absent.tsv");
    assert_true(eval_attributes(4, list) < 0);
    assert_has(fail_message(), "absent.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_become_probabilities), cmocka_unit_test(answers_are_counted),
        cmocka_unit_test(gradients_have_directions),   cmocka_unit_test(machines_find_the_optimum),
        cmocka_unit_test(lists_are_read),              cmocka_unit_test(toys_learn),
        cmocka_unit_test(what_is_missing_is_said),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests_name("train attributes", tests, make_pack, NULL);
}
