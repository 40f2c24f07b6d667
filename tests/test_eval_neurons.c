/* SPDX-License-Identifier: MIT
 * eval neurons: patterns, activity, single neurons and covers on made-up numbers with answers worked out by hand; then
 * the whole on a pack of painted faces. */
#include <math.h>

#include "tests/kit.h"

#include "base/file.h"
#include "base/log.h"
#include "nets/models/models.h"
#include "recognizer/recognizer.h"
#include "train/eval.h"
#include "train/neurons_classes.h"
#include "train/neurons_study.h"

enum { SIDE = 128, PEOPLE = 6, EACH = 6, FACES = PEOPLE * EACH, CROP = 3 * CROP_W * CROP_H };

static void patterns_have_bins(void **state)
{
    (void)state;
    int uniform = 0;
    for (unsigned p = 0; p < 256; p++)
        uniform += lbp_bin(p) < 58;
    assert_int_equal(uniform, 58);
    assert_int_equal(lbp_bin(0), 0);
    assert_int_equal(lbp_bin(1), 1);
    assert_int_equal(lbp_bin(5), 58); /* 00000101: four changes */
    assert_int_equal(lbp_bin(255), 57);
}

static void crops_become_histograms(void **state)
{
    (void)state;
    enum { W = 47, H = 55 };
    static float flat[W * H], slope[W * H], a[LBP_SIZE], b[LBP_SIZE];
    for (int i = 0; i < W * H; i++) {
        flat[i] = 0.3f;
        slope[i] = (float)(i % W); /* brighter to the right: top, top right, right, bottom right, bottom are bits 1 to 5 */
    }
    lbp_describe(a, flat, W, H);
    lbp_describe(b, slope, W, H);
    for (int i = 0; i < LBP_SIZE; i++) {
        assert_near(a[i], i % LBP_BINS == 57, 1e-6);
        assert_near(b[i], i % LBP_BINS == lbp_bin(62), 1e-6);
    }
    assert_near(lbp_distance(a, a), 0, 1e-9);
    assert_near(lbp_distance(a, b), 2 * LBP_ROWS * LBP_COLUMNS, 1e-3); /* 1 + 1 a cell */
}

static void activity_by_hand(void **state)
{
    (void)state;
    static const float x[] = { 1, 0, -2, 3,   0.1f, 0, 5, 0 }; /* two pictures, four neurons: half active each */
    struct neurons_activity a;
    double by_neuron[4], by_image[2];
    neurons_activity(&a, by_neuron, by_image, &(struct neurons){ x, 2, 4 });
    assert_near(a.mean, 0.5, 1e-9);
    static const double want[] = { 1, 0, 0.5, 0.5 };
    for (int k = 0; k < 4; k++)
        assert_near(by_neuron[k], want[k], 1e-9);
    assert_near(by_image[0], 0.5, 1e-9);
    assert_near(a.image_deviation, 0, 1e-9);
    assert_near(a.neuron_deviation, sqrt((0.25 + 0.25) / 4), 1e-9);
}

/* Rows 0 to 5 learn, 6 to 9 test; rows 0, 1, 6 and 7 are the class. Neuron 0 is high for it, 1 low, 2 says nothing, 3 is
 * right for half of it. */
static const float made[10][4] = {
    { 5, 1, 2, 9 }, { 6, 2, 2, 0 }, { 1, 4, 2, 1 }, { 2, 5, 2, 2 }, { 3, 6, 2, 3 }, { 0, 7, 2, 1 },
    { 7, 1, 2, 8 }, { 3, 4, 2, 1 }, { 2, 9, 2, 2 }, { 5, 8, 2, 7 },
};
static const bool made_learn[10] = { true, true, true, true, true, true };
static const bool made_is[10] = { true, true, [6] = true, [7] = true };

static void single_neurons_by_hand(void **state)
{
    (void)state;
    struct neurons x = { made[0], 10, 4 };
    struct neurons_ranking *r;
    struct neurons_single all[4];
    assert_ok(neurons_rank(&r, &x, made_learn));
    neurons_fit(all, r, made_is);
    assert_true(all[0].excitatory && !all[1].excitatory);
    assert_near(all[0].learnt, 1, 1e-9);
    assert_near(all[0].threshold, 4, 1e-6);    /* between 3 and 5 */
    assert_near(all[0].tested, 0.5, 1e-9);     /* 7 yes, 3 no: half; 2 no, 5 yes: half */
    assert_near(all[1].learnt, 1, 1e-9);
    assert_near(all[1].threshold, 3, 1e-6);
    assert_near(all[1].tested, 0.75, 1e-9);    /* 1 below, 4 not; 9 and 8 above */
    assert_near(all[2].learnt, 0.5, 1e-9);     /* equal values get one answer */
    assert_near(all[2].tested, 0.5, 1e-9);
    assert_near(all[3].learnt, 0.75, 1e-9);    /* 9 above all others, or 0 below them: the first found is 0 */
    assert_false(all[3].excitatory);
    assert_near(all[3].threshold, 0.5, 1e-6);
    assert_int_equal(neurons_best(all, 4).neuron, 0);
    bool none[10] = { false };
    neurons_fit(all, r, none);
    assert_near(all[0].tested, 0.5, 1e-9);     /* nothing to learn from */
    neurons_ranking_free(&r);
    assert_null(r);
}

static void classes_are_summed(void **state)
{
    (void)state;
    unsigned long long bits[10];
    static const int which[] = { 3 };
    for (int i = 0; i < 10; i++)
        bits[i] = made_is[i] ? 8 : 0;
    struct neurons x = { made[0], 10, 4 };
    struct classes c;
    assert_ok(classes_measure(&c, &x, &x, made_learn, &(struct classes_of){ .bits = bits, .which = which, .n_classes = 1 }));
    assert_int_equal(c.results[0].n, 4);
    assert_int_equal(c.results[0].code.neuron, 0);
    assert_near(c.code, 0.5, 1e-9); /* the neuron is chosen on the learning half */
    assert_int_equal(c.results[0].excitatory, 0);
    assert_int_equal(c.results[0].inhibitory, 1); /* neuron 1, 0.75 */
    assert_near(c.curve[0][0], 0.75, 1e-9);
    assert_int_equal(c.n_sides[0] + c.n_sides[1], 4);
    classes_free(&c);
}

static void covers_are_black(void **state)
{
    (void)state;
    static float a[CROP], b[CROP];
    int black = 0;
    for (int i = 0; i < CROP; i++)
        a[i] = b[i] = 1;
    study_cover(a, &(struct cover){ .band = 0.4f }, 1);
    for (int y = 0; y < CROP_H; y++) /* 22 of 55 rows */
        assert_near(a[y * CROP_W + 20], y < 33 ? 1 : -127.5 / 128, 1e-6);
    study_cover(b, &(struct cover){ .block = 0.5f }, 7);
    for (int i = 0; i < CROP; i++)
        black += b[i] < 0;
    assert_int_equal(black, 3 * 24 * 24);
    for (int i = 0; i < CROP; i++)
        a[i] = 1;
    study_cover(a, &(struct cover){ .block = 0.5f }, 7);
    assert_memory_equal(a, b, sizeof a);
    study_cover(a, &(struct cover){ 0, 0 }, 7);
    assert_memory_equal(a, b, sizeof a);
}

/* Two colours a person, light a picture; the first attribute follows from the person. */
static void paint_pack(void)
{
    static unsigned char file[SIDE * SIDE * 3 + 15];
    static char tsv[FACES * 200], pairs[FACES * 80];
    char name[64];
    size_t n = (size_t)snprintf(tsv, sizeof tsv, "frame\tperson\tset\tsplit\tname\tscore\tscale\tmarks\tattributes\n"), m = 0;
    uint64_t random = 5;
    assert_ok(file_make_folders_above(kit_path("painted/x")));
    for (int i = 0; i < FACES; i++) {
        int person = i / EACH;
        float light = random_between(&random, 0.8f, 1);
        memcpy(file, "P6\n128 128\n255\n", 15);
        for (int k = 0; k < SIDE * SIDE * 3; k++)
            file[15 + k] = (unsigned char)(light * (float)(60 + (k / 3 / SIDE < 75 ? 30 * person : 180 - 30 * person) +
                                                           random_below(&random, 12)));
        snprintf(name, sizeof name, "painted/%03d.ppm", i);
        kit_write(kit_path(name), file, sizeof file);
        n += (size_t)snprintf(tsv + n, sizeof tsv - n,
                              "%d\t%d\tx\tval\tx\t0.9\t1.0\t46.3,59.7,81.5,59.5,64.0,79.7,49.5,100.4,78.7,100.2\t%d%039d\n", i,
                              person + 10, person < 3, 0);
        m += (size_t)snprintf(pairs + m, sizeof pairs - m, "%d\t1\tpainted\t%d\tpainted\t%d\n%d\t0\tpainted\t%d\tother\t%d\n",
                              i % 2, i, person * EACH + (i + 1) % EACH, i % 2, i, i);
        m += (size_t)snprintf(pairs + m, sizeof pairs - m, "%d\t0\tpainted\t%d\tpainted\t%d\n", i % 2, i,
                              (i + 2 * EACH) % FACES);
    }
    kit_write_text(kit_path("painted.tsv"), tsv);
    kit_write_text(kit_path("pairs-val.tsv"), pairs);
}

static void a_pack_is_measured(void **state)
{
    (void)state;
    char weights[512], pack[512], plot[512];
    struct deepid2_options o;
    struct net *n = NULL;
    struct study s;
    const struct data_pair *pairs;
    int n_pairs;
    paint_pack();
    snprintf(weights, sizeof weights, "%s", kit_path("plus.safetensors"));
    snprintf(pack, sizeof pack, "%s", kit_path("painted.mkv")); /* a folder of that name is taken as well */
    snprintf(plot, sizeof plot, "%s", kit_path("figures.png"));
    option_defaults(model_deepid2plus.options, &o);
    o.maps = 4;
    o.code = 24;
    o.branches = true;
    assert_ok(net_create(&n, &model_deepid2plus, &o, 3));
    assert_ok(net_save(n, weights, NULL, 0));
    net_free(&n);
    assert_ok(study_open(&s, pack, "", weights));
    assert_int_equal(s.n_faces, FACES);
    assert_int_equal(s.n_layers, 4);
    assert_string_equal(s.layers[1].title, "FC-3");
    assert_ok(data_pairs_within(s.data, kit_path("pairs-val.tsv"), &pairs, &n_pairs));
    assert_int_equal(n_pairs, 2 * FACES); /* the pairs with another pack are left out */
    assert_fails(data_pairs(s.data, kit_path("pairs-val.tsv"), &pairs, &n_pairs), BAD_DATA, "pairs-val.tsv:2");
    study_close(&s);
    char *words[] = { "--pack", pack, "--weights", weights, "--least", "4", "--plot", plot };
    struct kit_result r = kit_facetrail("eval", "neurons", words[0], words[1], words[2], words[3], words[4], words[5],
                                        words[6], words[7], NULL);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, 0);
    assert_has(r.out, "36 faces of 6 persons, 36 with attributes; 72 pairs");
    assert_has(r.out, "5_o_Clock_Shadow");
    assert_has(r.out, "FC-1");
    const char *last = strstr(r.out, "\nactive=");
    assert_non_null(last);
    assert_has(last, " best_identity=");
    assert_has(last, " best_attribute=");
    assert_has(last, "identities=6 images=36 pairs=72");
    static const char *const figures[] = { "figures.png", "figures-single.png", "figures-sides.png", "figures-bands.png",
                                           "figures-blocks.png" };
    for (int i = 0; i < 5; i++)
        assert_true(file_exists(kit_path(figures[i])));
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    char *absent[] = { "--pack", "absent.mkv" };
    assert_fails(eval_neurons(0, NULL), BAD_USAGE, "--pack");
    assert_true(eval_neurons(2, absent) < 0);
    assert_has(fail_message(), "absent.tsv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_have_bins),     cmocka_unit_test(crops_become_histograms),
        cmocka_unit_test(activity_by_hand),       cmocka_unit_test(single_neurons_by_hand),
        cmocka_unit_test(classes_are_summed),     cmocka_unit_test(covers_are_black),
        cmocka_unit_test(a_pack_is_measured),     cmocka_unit_test(what_is_missing_is_said),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests_name("eval neurons", tests, NULL, NULL);
}
