/* SPDX-License-Identifier: MIT
 * Faces packs, augmentation and the identity task, on a pack of painted faces. The toy DeepID2 and DeepID2+ learn to tell persons apart that it never saw. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/kit.h"
#include "tests/kit_pack.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "recognizer/recognizer.h"
#include "train/augment_face.h"
#include "train/data.h"
#include "nets/models/models.h"
#include "train/loop.h"
#include "train/fit.h"
#include "train/margin.h"
#include "train/pairs.h"

enum { TRAIN = 16, VAL = 6, EACH = 4, FACES = (TRAIN + VAL) * EACH };

static int make_pack(void **state)
{
    (void)state;
    kit_pack(TRAIN, VAL, EACH);
    return 0;
}

static struct data_options toy_options(void)
{
    return (struct data_options){ .folder = kit_folder(), .packs = "toy" };
}

static void test_tables(void **state)
{
    (void)state;
    struct data *d;
    struct data_options o = toy_options();
    assert_ok(data_open(&d, &o));
    assert_int_equal(data_count(d), FACES);
    assert_int_equal(data_people(d), TRAIN + VAL);
    const struct data_face *f = data_face(d, 9);
    assert_int_equal(f->person, 6);
    assert_int_equal(f->index, 2);
    assert_int_equal(f->split, DATA_TRAIN);
    assert_string_equal(data_set_name(d, f->set), "painted");
    assert_near(f->marks[3].y, 100.4f, 1e-4);
    assert_true(data_face(d, 0)->described && !f->described);
    assert_true(data_face(d, 0)->attributes >> 1 & 1);
    assert_false(data_face(d, 0)->attributes & 1);
    int n;
    const int *faces = data_of_person(d, 2, &n);
    assert_int_equal(n, EACH);
    assert_int_equal(faces[1], 9);
    assert_int_equal(data_find(d, "toy", 9), 9);
    assert_int_equal(data_find(d, "toy", FACES), -1);
    assert_int_equal(data_find(d, "other", 9), -1);
    data_close(&d);
    o.splits = DATA_VAL;
    assert_ok(data_open(&d, &o));
    assert_int_equal(data_count(d), VAL * EACH);
    assert_int_equal(data_find(d, "toy", 9), -1);
    assert_int_equal(data_face(d, data_find(d, "toy", FACES - 1))->frame, FACES - 1);
    data_close(&d);
}

static void test_crops_lie_where_the_recognizer_cuts(void **state)
{
    (void)state;
    struct data *d;
    struct data_options o = toy_options();
    assert_ok(data_open(&d, &o));
    struct image crop = data_image(d, 0);
    /* in the pack colours change at x = 64 and y = 64: find where, in the stored crop */
    struct point corner = warp_point(data_warp(), warp_point(warp_inverse(align_warp(kit_pack_marks)),
                                                             (struct point){ 63.5f, 63.5f }));
    for (int side = -2; side <= 2; side += 4) {
        const uint8_t *left = crop.pixels + (int)lroundf(corner.y - 6) * crop.stride;
        int x = (int)lroundf(corner.x) + side;
        int far_x = side < 0 ? 4 : DATA_W - 5;
        for (int c = 0; c < 3; c++)
            assert_near(left[x * IMAGE_PIXEL + c], left[far_x * IMAGE_PIXEL + c], 2);
    }
    data_close(&d);
}

static void test_cache_is_used_and_checked(void **state)
{
    (void)state;
    struct data *a, *b;
    struct data_options o = toy_options();
    o.cache = kit_path("crops.cache");
    assert_ok(data_open(&a, &o)); /* writes it */
    assert_ok(data_open(&b, &o)); /* reads it */
    for (int i = 0; i < FACES; i += 7)
        assert_memory_equal(data_image(a, i).pixels, data_image(b, i).pixels, DATA_W * DATA_H * IMAGE_PIXEL);
    data_close(&b);
    o.splits = DATA_VAL; /* another selection: refused, and the file stays as it is */
    assert_fails(data_open(&b, &o), BAD_MATCH, "crops.cache keeps another selection");
    assert_null(b);
    o.cache = kit_path("other.cache");
    assert_ok(data_open(&b, &o));
    assert_memory_equal(data_image(a, TRAIN * EACH).pixels, data_image(b, 0).pixels, DATA_W * DATA_H * IMAGE_PIXEL);
    data_close(&b);
    o = toy_options();
    o.cache = kit_path("crops.cache");
    assert_ok(data_open(&b, &o));
    data_close(&a);
    data_close(&b);
    kit_write_text(kit_path("no.cache"), "what is this");
    o.cache = kit_path("no.cache");
    assert_true(data_open(&b, &o) < 0);
    assert_has(fail_message(), "no.cache");
}

static void test_bad_packs_say_where(void **state)
{
    (void)state;
    struct data *d;
    struct data_options o = { .folder = kit_folder(), .packs = "absent" };
    assert_true(data_open(&d, &o) < 0);
    assert_has(fail_message(), "absent.tsv");
    kit_write_text(kit_path("bad.tsv"), "frame\tperson\tset\tsplit\tname\tscore\tscale\tmarks\tattributes\n0\t1\tx\n");
    o.packs = "bad";
    assert_fails(data_open(&d, &o), BAD_DATA, "bad.tsv:2");
    struct data_options good = toy_options();
    assert_ok(data_open(&d, &good));
    const struct data_pair *pairs;
    int n;
    kit_write_text(kit_path("wrong.tsv"), "0\t1\ttoy\t0\ttoy\t9999\n");
    assert_fails(data_pairs(d, kit_path("wrong.tsv"), &pairs, &n), BAD_DATA, "wrong.tsv:1");
    data_close(&d);
}

static void test_augmentation(void **state)
{
    (void)state;
    enum { N = 3 * CROP_W * CROP_H };
    static float plain[N], turned[N], one[N], two[N];
    struct data *d;
    struct data_options o = toy_options();
    assert_ok(data_open(&d, &o));
    struct image crop = data_image(d, 5);
    struct patch face = patch_of(&model_lnet, NULL);
    augment_nothing(plain, crop, &face, false);
    augment_nothing(turned, crop, &face, true);
    image_warp_planes(one, CROP_W, CROP_H, crop, data_warp());
    for (int i = 0; i < N; i++) { /* the recognizer's own way, to 8 bits */
        assert_near(plain[i], one[i], 3.0 / 128);
        int x = i % CROP_W;
        assert_near(turned[i], plain[i - x + CROP_W - 1 - x], 3.0 / 128);
    }
    struct augment_options a = { .blur_least = 0.3f };
    uint64_t random = 1;
    augment_face(two, crop, &face, &a, &random); /* every option at zero changes nothing */
    assert_memory_equal(two, plain, sizeof plain);
    a = (struct augment_options){ 1, 0.05f, 4, 0.5f, 0.2f, 0.2f, 0.3f, 0.3f, 0.5f, 0.2f, 0.5f, 0.5f, 0.3f };
    int differ = 0;
    for (int k = 0; k < 50; k++) {
        uint64_t again = random;
        augment_face(one, crop, &face, &a, &random);
        augment_face(two, crop, &face, &a, &again);
        assert_memory_equal(one, two, sizeof one); /* the random state decides all */
        differ += memcmp(one, plain, sizeof one) != 0;
        for (int i = 0; i < N; i++)
            assert_true(one[i] >= -1.001f && one[i] <= 1.001f);
    }
    assert_int_equal(differ, 50);
    data_close(&d);
}

static void test_measure(void **state)
{
    (void)state;
    float score[40];
    bool same[40];
    int fold[40];
    for (int i = 0; i < 40; i++) {
        same[i] = i % 2;
        fold[i] = i / 4 % 5;
        score[i] = same[i] ? 0.8f : 0.2f;
    }
    struct pair_figures f;
    assert_ok(pair_measure(&f, score, same, fold, 40));
    assert_near(f.accuracy, 1, 1e-9);
    assert_near(f.eer, 0, 1e-9);
    assert_near(f.tar_far2, 1, 1e-9);
    for (int i = 0; i < 4; i++) /* a wrong same and a wrong different pair: fold 0 has all the errors */
        score[i] = same[i] ? 0.1f : 0.9f;
    assert_ok(pair_measure(&f, score, same, fold, 40));
    assert_near(f.accuracy, 1 - 4.0 / 40, 1e-9);
    assert_near(f.eer, 0.1, 0.051);
}

/* People it never saw; chance is 0.5. */
static void learns(const char *model, const char *more)
{
    kit_pack_recipe(model, more);
    struct recipe *r;
    struct loop_result result;
    assert_ok(recipe_open(&r, kit_path("identity.conf"), 0, NULL));
    assert_ok(loop_run(r, false, NULL, &result));
    assert_true(result.score > 0.75);
    recipe_close(&r);
}

static void test_identity_learns(void **state)
{
    (void)state;
    learns("deepid2", "");
}

static float margin_of(const char *path, const char *name)
{
    struct tensors *file;
    assert_ok(tensors_open(&file, path));
    const struct tensors_array *a = tensors_find(file, name);
    assert_non_null(a);
    float margin = *(const float *)a->at;
    tensors_close(&file);
    return margin;
}

enum { FITTED = 3, CODES_OWN = 2 };
static const char *const fitted[FITTED] = { "joint_bayes.A", "cover.weight", "joint_bayes_bits.A" };

/* The file, with zeros for all that was fitted. */
static void forget_fit(const char *path)
{
    enum { MOST = 64, D = 32 };
    static float zeros[D * D];
    struct tensors_array arrays[MOST];
    const struct tensors_note *notes;
    struct tensors *file;
    assert_ok(tensors_open(&file, path));
    const int n = tensors_count(file), n_notes = tensors_notes(file, &notes);
    assert_true(n <= MOST);
    for (int i = 0; i < n; i++) {
        arrays[i] = *tensors_at(file, i);
        for (int k = 0; k < FITTED; k++)
            if (!strcmp(arrays[i].name, fitted[k]))
                arrays[i].at = zeros;
    }
    assert_ok(tensors_write(path, arrays, n, notes, n_notes));
    tensors_close(&file);
}

/* Everything is fitted again, or the matcher of bits alone. */
static void test_bits_are_fitted_alone(void **state)
{
    (void)state;
    char more[512];
    const char *path = kit_path("identity.safetensors");
    snprintf(more, sizeof more, "train.weights = %s\ntrain.checkpoint = %s\n", path, kit_path("identity.checkpoint"));
    learns("deepid2", more);
    for (int all = 0; all < 2; all++) {
        struct recipe *r;
        struct tensors *file;
        forget_fit(path);
        assert_ok(recipe_open(&r, kit_path("identity.conf"), 2, (char *[]){ "--task.bits_alone", all ? "no" : "yes" }));
        assert_ok(fit_recipe(r));
        recipe_close(&r);
        assert_ok(tensors_open(&file, path));
        for (int i = 0; i < FITTED; i++) {
            const struct tensors_array *a = tensors_find(file, fitted[i]);
            float most = 0;
            for (size_t k = 0; k < a->n; k++)
                most = fmaxf(most, fabsf(((const float *)a->at)[k]));
            assert_int_equal(most > 0, all || i >= CODES_OWN);
        }
        assert_int_equal(strstr(tensors_note(file, "matchers"), "then that of bits on 64 train faces") != NULL, !all);
        assert_non_null(tensors_note(file, "joint-bayes.tail"));
        assert_non_null(tensors_note(file, "bits-joint-bayes.tail"));
        tensors_close(&file);
    }
}

/* Every branch learns with a margin of its own; the finished net has none of them. */
static void test_depths_learn(void **state)
{
    (void)state;
    char more[512];
    snprintf(more, sizeof more,
             "model.branches = yes\ntrain.steps = 60\ntrain.weights = %s\ntrain.checkpoint = %s\n", kit_path("plus.safetensors"),
             kit_path("plus.checkpoint"));
    learns("deepid2plus", more);
    static const char *const names[] = { "verify.margin", "verify1.margin", "verify2.margin", "verify3.margin" };
    for (int i = 0; i < 4; i++) {
        float m = margin_of(kit_path("plus.checkpoint"), names[i]);
        assert_true(m != 1 && m > 0.02f && m < 2); /* codes of length 1 are at most 2 apart */
        for (int k = 0; k < i; k++)
            assert_true(m != margin_of(kit_path("plus.checkpoint"), names[k]));
    }
    struct recipe *r;
    struct loop_result result;
    assert_ok(recipe_open(&r, kit_path("identity.conf"), 2, (char *[]){ "--train.steps", "62" }));
    assert_ok(loop_run(r, true, NULL, &result)); /* four margins' states come back */
    assert_int_equal(result.steps, 62);
    recipe_close(&r);
    struct net *n = NULL;
    int layer;
    assert_ok(net_load(&n, kit_path("plus.checkpoint"), "deepid2plus")); /* eval neurons looks at its depths */
    assert_ok(net_find(n, "code1", &layer));
    net_free(&n);
    assert_ok(net_load(&n, kit_path("plus.safetensors"), "deepid2plus"));
    assert_ok(net_find(n, "code", &layer));
    assert_fails(net_find(n, "feature1", &layer), BAD_MATCH, "feature1");
    assert_null(tensors_find(net_file(n), "people1.weight"));
    assert_null(tensors_find(net_file(n), "people.weight"));
    const struct deepid2_options *o = net_options(n);
    assert_false(o->branches || o->normalize);
    assert_int_equal(o->people, 0);
    net_free(&n);
}

static void test_margins(void **state)
{
    (void)state;
    static const float a[] = { 3, 0, 4 }, b[] = { 0, 0, 2 };
    assert_near(margin_distance(a, b, 3, false, DISTANCE_L2), sqrt(13), 1e-9);
    assert_near(margin_distance(a, b, 3, false, DISTANCE_L1), 5, 1e-9);
    assert_near(margin_distance(a, b, 3, true, DISTANCE_L2), sqrt(0.36 + 0.04), 1e-9);
    assert_near(margin_distance(a, b, 3, true, DISTANCE_L1), 0.8, 1e-9);
    float value = 1;
    struct margin m = { .value = &value }, back = { .value = &value };
    for (int i = 0; i < 10; i++) {
        margin_see(&m, i == 9 ? 50 : 2, true); /* one same pair is far apart */
        margin_see(&m, 30, false);
    }
    char text[512];
    margin_write(&m, text, sizeof text);
    const char *at = text;
    assert_ok(margin_read(&back, &at));
    assert_int_equal(*at, 0);
    assert_memory_equal(back.seen, m.seen, sizeof m.seen);
    margin_reset(&back);
    assert_true(value >= 1.95f && value < 30);
    assert_near(back.error, 1.0 / 20, 1e-9);
    assert_int_equal(back.n_seen, 0);
    at = "0.5 7 9999 1 1";
    assert_fails(margin_read(&back, &at), BAD_DATA, "damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables), cmocka_unit_test(test_crops_lie_where_the_recognizer_cuts),
        cmocka_unit_test(test_cache_is_used_and_checked), cmocka_unit_test(test_bad_packs_say_where),
        cmocka_unit_test(test_augmentation), cmocka_unit_test(test_measure), cmocka_unit_test(test_margins),
        cmocka_unit_test(test_identity_learns), cmocka_unit_test(test_bits_are_fitted_alone), cmocka_unit_test(test_depths_learn),
    };
    log_set_level(LOG_WARN);
    return cmocka_run_group_tests(tests, make_pack, NULL);
}
