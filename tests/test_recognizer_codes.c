/* SPDX-License-Identifier: MIT
 * A net of random weights, fitted on synthetic people: codes, matchers, thresholds, weights that do not fit, and the
 * gallery's answers. */
#include "tests/kit.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tensors.h"
#include "nets/models/models.h"
#include "recognizer/fuse.h"
#include "recognizer/gallery.h"
#include "recognizer/recognizer.h"
#include "tests/kit_codes.h"

enum { SIZE = 128, PERSONS = 6, LOOKS = 4, CODE = 32 };

/* A person is a pattern of waves; a look is a little noise and light. */
static struct image picture_of(int person, int look)
{
    struct image im = {memory_alloc(SIZE * SIZE, IMAGE_PIXEL), SIZE, SIZE, SIZE * IMAGE_PIXEL};
    uint64_t seed = (uint64_t)(1000 * person + look + 1);
    uint64_t pattern = (uint64_t)person + 77;
    float wave[6];
    assert_non_null(im.pixels);
    for (int i = 0; i < 6; i++)
        wave[i] = random_between(&pattern, 0.05F, 0.4F);
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++)
            for (int c = 0; c < 3; c++) {
                float v = 127 + 50 * sinf(wave[c] * (float)x) + 50 * sinf(wave[3 + c] * (float)y) +
                          6 * random_normal(&seed) + 3 * (float)look;
                im.pixels[y * im.stride + x * IMAGE_PIXEL + c] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
    return im;
}

static struct face face_at(float x, float y, float scale)
{
    struct face f = {.has = FACE_MARKED, .score = 1};
    for (int i = 0; i < FACE_MARKS; i++)
        f.marks[i] = (struct point){x + scale * align_canonical[i].x, y + scale * align_canonical[i].y};
    return f;
}

static const char *weights(void)
{
    static char path[256];
    struct net *n = NULL;
    struct deepid2_options o;
    if (*path)
        return path;
    snprintf(path, sizeof path, "%s", kit_path("deepid2.safetensors"));
    option_defaults(model_deepid2.options, &o);
    o.maps = 4;
    o.code = CODE;
    o.rectify = false;
    assert_ok(net_create(&n, &model_deepid2, &o, 3));
    assert_ok(net_save(n, path, NULL, 0));
    net_free(&n);
    return path;
}

/* The same weights with a Joint Bayesian that is the inner product, and calibrations. */
static const char *fitted(const char *name, const char *tail)
{
    static float mean[CODE];
    static float form[CODE * CODE];
    struct tensors *file = NULL;
    const char *path = kit_path(name);
    assert_ok(tensors_open(&file, weights()));
    for (int i = 0; i < CODE; i++)
        form[i * CODE + i] = 1;
    struct tensors_array arrays[64];
    struct tensors_note notes[64];
    const struct tensors_note *given;
    int n = tensors_count(file);
    int n_notes = 0;
    for (int i = 0; i < n; i++)
        arrays[i] = *tensors_at(file, i);
    arrays[n++] = (struct tensors_array){.name = "joint_bayes.mean", .type = TENSORS_F32, .n_dims = 1, .dims = {CODE},
                                         .n = CODE, .at = mean};
    static float half[CODE];
    for (int i = 0; i < CODE; i++)
        half[i] = 0.5F;
    arrays[n++] = (struct tensors_array){.name = "joint_bayes_bits.mean", .type = TENSORS_F32, .n_dims = 1,
                                         .dims = {CODE}, .n = CODE, .at = half};
    static const char *const squares[] = {"joint_bayes.A", "joint_bayes_bits.A", "joint_bayes.U", "joint_bayes_bits.U"};
    static float zero[CODE * CODE];
    for (int i = 0; i < 4; i++)
        arrays[n++] = (struct tensors_array){.name = squares[i], .type = TENSORS_F32, .n_dims = 2, .dims = {CODE, CODE},
                                             .n = CODE * CODE, .at = i < 2 ? zero : form};
    int n_given = tensors_notes(file, &given);
    for (int i = 0; i < n_given; i++)
        if (strcmp(given[i].key, "xxh64") != 0)
            notes[n_notes++] = given[i];
    notes[n_notes++] = (struct tensors_note){"codes", "abc"};
    notes[n_notes++] = (struct tensors_note){"joint-bayes.logistic", "2 -1"};
    notes[n_notes++] = (struct tensors_note){"joint-bayes.tail", tail};
    notes[n_notes++] = (struct tensors_note){"cosine.logistic", "4 -2"};
    notes[n_notes++] = (struct tensors_note){"cosine.tail", "0 1 2 3 4 5"};
    assert_ok(tensors_write(path, arrays, n, notes, n_notes));
    tensors_close(&file);
    return path;
}

static const char *const rising = "0.5 1 1.5 2 2.5 3";

static struct recognizer *opened(const char *path, int matcher, bool mirror)
{
    struct recognizer *r = NULL;
    struct recognizer_options o = {.weights = path, .matcher = matcher, .false_match_rate = 1e-3F, .mirror = mirror};
    assert_ok(recognizer_open(&r, &o));
    return r;
}

/* One by one, all at once, at another scale: the same codes. */
static void test_codes(void **state)
{
    (void)state;
    enum { N = 40 }; /* more than one batch */
    static struct face faces[N + 1];
    int which[N];
    struct recognizer *r = opened(weights(), MATCH_NONE, true);
    struct image im = picture_of(1, 0);
    for (int i = 0; i < N; i++) {
        faces[i] = face_at((float)i, 20, 1 + 0.02F * (float)i);
        which[i] = i;
    }
    recognizer_describe(r, im, 1, faces, which, N);
    for (int i = 0; i < N; i++) {
        struct face alone = face_at(0.5F * (float)i, 10, 0.5F + 0.01F * (float)i);
        const int first = 0;
        double length = 0;
        recognizer_describe(r, im, 2, &alone, &first, 1); /* coordinates of half the size */
        assert_true(alone.has & FACE_CODED);
        assert_int_equal(alone.n_code, CODE);
        for (int k = 0; k < CODE; k++) {
            assert_near(alone.code[k], faces[i].code[k], 1e-4);
            length += (double)alone.code[k] * (double)alone.code[k];
            if (fabsf(alone.code[k]) > 1e-3F)
                assert_int_equal(alone.bits[0] >> k & 1, alone.code[k] > 0);
        }
        assert_near(length, 1, 1e-5);
        assert_near(alone.quality, faces[i].quality, 1e-3);
    }
    memory_free(&im.pixels);
    recognizer_close(&r);
    assert_null(r);
}

/* Averaged with its mirror image, a face and its mirror image have one code. */
static void test_mirror(void **state)
{
    (void)state;
    struct image im = picture_of(2, 0);
    for (int mirror = 0; mirror < 2; mirror++) {
        struct recognizer *r = opened(weights(), MATCH_COSINE, mirror);
        struct recognizer_crop crop = {im, {1, 0, 30, 0, 1, 30}};
        struct face a = {0};
        struct face b = {0};
        recognizer_describe_crops(r, &crop, &a, 1);
        image_mirror(im);
        /* canonical x -> mirrored x: CROP_W - 1 - x */
        struct recognizer_crop other = {im, {1, 0, SIZE - 30 - CROP_W, 0, 1, 30}};
        recognizer_describe_crops(r, &other, &b, 1);
        image_mirror(im);
        float s = recognizer_score(r, &a, &b);
        if (mirror)
            assert_near(s, 1, 1e-4);
        else
            assert_true(s < 0.999F);
        recognizer_close(&r);
    }
    memory_free(&im.pixels);
}

static void test_no_allocation(void **state)
{
    (void)state;
    struct face f = face_at(20, 20, 1.5F);
    const int first = 0;
    struct recognizer *r = opened(fitted("a.safetensors", rising), MATCH_JOINT_BAYES, true);
    struct image im = picture_of(1, 0);
    recognizer_describe(r, im, 1, &f, &first, 1);
    uint64_t before = memory_allocations();
    for (int i = 0; i < 10; i++) {
        recognizer_describe(r, im, 1, &f, &first, 1);
        recognizer_score(r, &f, &f);
    }
    assert_int_equal(memory_allocations(), before);
    memory_free(&im.pixels);
    recognizer_close(&r);
}

static void test_scores(void **state)
{
    (void)state;
    struct face a = {.n_code = CODE, .has = FACE_CODED, .code = {0.6F, 0.8F}};
    struct face b = {.n_code = CODE, .has = FACE_CODED, .code = {0.8F, 0.6F}};
    const char *path = fitted("b.safetensors", rising);
    struct recognizer *r = opened(path, MATCH_JOINT_BAYES, true);
    assert_near(recognizer_score(r, &a, &b), 2 * (2 * 0.96) - 1, 1e-5); /* raw: 2 y1'y2 */
    assert_near(recognizer_threshold(r, 1), 2 * 1.5 - 1, 1e-5);
    assert_near(recognizer_threshold(r, 10), 2 * 2 - 1, 1e-5);          /* ten people: a tenth of the rate each */
    assert_near(recognizer_threshold(r, 1000000), 2 * 4.5 - 1, 1e-4);   /* beyond what was measured */
    assert_true(recognizer_threshold(r, 3) > recognizer_threshold(r, 2));
    assert_true(recognizer_threshold(r, 0) == recognizer_threshold(r, 1));
    for (int n = 1; n <= 1000000000; n *= 10) /* and back: the rate of a threshold is the one asked for */
        assert_near(log10(recognizer_false_match_rate(r, recognizer_threshold(r, n))), -3 - log10(n), 1e-3);
    assert_near(recognizer_false_match_rate(r, 2 * 0.5F - 1), 0.1, 1e-6);
    assert_near(recognizer_false_match_rate(r, -1000), 1, 0);
    assert_true(recognizer_false_match_rate(r, 1000) > 0);
    assert_string_equal(recognizer_codes(r), "deepid2 abc");
    recognizer_close(&r);
    r = opened(path, MATCH_COSINE, true);
    assert_near(recognizer_score(r, &a, &b), 4 * 0.96 - 2, 1e-5);
    assert_near(recognizer_threshold(r, 1), 4 * 2 - 2, 1e-5);
    recognizer_close(&r);
    r = opened(path, MATCH_HAMMING, true);
    a.bits[0] = 0xff;
    b.bits[0] = 0x0f;
    assert_near(recognizer_score(r, &a, &b), 1 - 4.0 / CODE, 1e-6);
    assert_near(recognizer_false_match_rate(r, 1), 1, 0); /* not calibrated here */
    recognizer_close(&r);
    r = opened(path, MATCH_BITS_JOINT_BAYES, true); /* each bit is half above or below its mean */
    assert_near(recognizer_score(r, &a, &b), 2 * (CODE - 2 * 4) / 4.0, 1e-4);
    recognizer_close(&r);
}

static void test_refused(void **state)
{
    (void)state;
    struct recognizer *r = NULL;
    struct net *n = NULL;
    struct recognizer_options o = {.weights = kit_path("missing"), .false_match_rate = 1e-3F};
    assert_fails(recognizer_open(&r, &o), NO_RESOURCE, "missing");
    o.weights = weights();
    assert_fails(recognizer_open(&r, &o), BAD_MATCH, "joint_bayes");
    o.weights = fitted("c.safetensors", "3 2 1 0 1 2");
    assert_fails(recognizer_open(&r, &o), BAD_DATA, "rise");
    o.weights = fitted("d.safetensors", "1 2 3");
    assert_fails(recognizer_open(&r, &o), BAD_DATA, "calibration");
    assert_ok(net_create(&n, model_find("lnet"), NULL, 1));
    o.weights = kit_path("lnet.safetensors");
    assert_ok(net_save(n, o.weights, NULL, 0));
    net_free(&n);
    assert_fails(recognizer_open(&r, &o), BAD_MATCH, "lnet");
    assert_null(r);
}

/* Everybody is found again by another look; nobody's code is nobody. */
static void test_gallery_match(void **state)
{
    (void)state;
    const int first = 0;
    struct gallery *g = NULL;
    struct recognizer *r = opened(fitted("e.safetensors", rising), MATCH_COSINE, true);
    assert_ok(gallery_open(&g, kit_path("match.db"), GALLERY_CREATE, recognizer_codes(r)));
    struct face face = face_at(20, 20, 1.5F);
    struct match m = gallery_match(g, r, &face);
    assert_int_equal(m.person, -1);
    for (int p = 0; p < PERSONS; p++)
        for (int look = 0; look <= LOOKS; look++) {
            char name[16];
            struct image im = picture_of(p, look);
            snprintf(name, sizeof name, "person %d", p);
            recognizer_describe(r, im, 1, &face, &first, 1);
            memory_free(&im.pixels);
            if (look < LOOKS)
                assert_ok(gallery_enroll(g, name, &face, (struct gallery_thumbnail){NULL, 0}, ""));
            m = gallery_match(g, r, &face);
            assert_string_equal(gallery_name(g, m.person), name);
            assert_true(m.margin > 0);
        }
    /* the score is the mean of the best two, weighted by quality */
    struct fused f = fused_none;
    for (int i = 0; i < gallery_samples(g); i++) {
        const struct gallery_sample *s = gallery_sample(g, i);
        struct face other = {.n_code = s->n_code};
        memcpy(other.code, s->code, (size_t)s->n_code * sizeof *s->code);
        if (s->person == m.person)
            fuse(&f, recognizer_score(r, &face, &other), s->quality);
    }
    assert_near(m.score, fused_score(&f), 1e-4);
    gallery_close(&g);
    recognizer_close(&r);
}

/* Strangers of a known spread of scores: with the threshold for the gallery's size, the part of them that gets some
 * name stays at the chosen rate, however large the gallery. */
static void test_open_set(void **state)
{
    (void)state;
    enum { STRANGERS = 400 };
    static const int people[] = {4, 40, 400};
    /* twice the cosine of random codes of 32 numbers: what a part of 1e-1 .. 1e-6 exceeds */
    static const char *const strangers = "0.4578 0.8064 1.0368 1.2072 1.3400 1.4462";
    struct recognizer *r = NULL;
    struct recognizer_options o = {.weights = fitted("f.safetensors", strangers), .matcher = MATCH_JOINT_BAYES,
                                   .false_match_rate = 0.05F};
    assert_ok(recognizer_open(&r, &o));
    for (int k = 0; k < 3; k++) {
        char path[64];
        struct gallery *g = NULL;
        int named = 0;
        int fixed = 0;
        snprintf(path, sizeof path, "open%d.db", k);
        assert_ok(gallery_open(&g, kit_path(path), GALLERY_CREATE, recognizer_codes(r)));
        assert_ok(gallery_begin(g));
        for (int i = 0; i < people[k]; i++) {
            char name[32];
            struct face f = kit_code(i, 0, CODE, 0);
            snprintf(name, sizeof name, "person %d", i);
            assert_ok(gallery_enroll(g, name, &f, (struct gallery_thumbnail){NULL, 0}, ""));
        }
        assert_ok(gallery_commit(g));
        assert_int_equal(gallery_comparisons(g), people[k]);
        for (int i = 0; i < STRANGERS; i++) {
            struct face f = kit_code(100000 + i, 0, CODE, 0);
            float score = gallery_match(g, r, &f).score;
            named += score >= gallery_threshold(g, r);
            fixed += score >= recognizer_threshold(r, 1);
        }
        assert_in_range(named, 1, STRANGERS / 10); /* 20 are expected, 4.4 their deviation */
        assert_true(k == 0 || fixed > STRANGERS / 2); /* what one threshold for all sizes would do */
        gallery_close(&g);
    }
    recognizer_close(&r);
}

/* Many samples of one person are more chances as well. */
static void test_comparisons(void **state)
{
    (void)state;
    struct gallery *g = NULL;
    struct recognizer *r = opened(fitted("g.safetensors", rising), MATCH_COSINE, true);
    assert_ok(gallery_open(&g, kit_path("many.db"), GALLERY_CREATE, recognizer_codes(r)));
    assert_int_equal(gallery_comparisons(g), 0);
    static const int wanted[] = {1, 1, 1, 2, 2, 2, 3};
    for (int i = 0; i < 7; i++) {
        struct face f = kit_code(1, i, CODE, 1);
        assert_ok(gallery_enroll(g, "Ada", &f, (struct gallery_thumbnail){NULL, 0}, ""));
        assert_int_equal(gallery_comparisons(g), wanted[i]);
    }
    struct face f = kit_code(2, 0, CODE, 1);
    assert_ok(gallery_enroll(g, "Grace", &f, (struct gallery_thumbnail){NULL, 0}, ""));
    assert_int_equal(gallery_comparisons(g), 4); /* 7 / 3 + 1, rounded up */
    assert_true(gallery_threshold(g, r) == recognizer_threshold(r, 4));
    gallery_close(&g);
    recognizer_close(&r);
}

/* The width of codes is the net's: DeepID2+ fills all that a face holds. */
static void test_deepid2plus(void **state)
{
    (void)state;
    const int first = 0;
    const char *path = kit_path("deepid2plus.safetensors");
    struct deepid2_options o;
    struct net *n = NULL;
    struct image im = picture_of(1, 0);
    struct face face = face_at(20, 20, 1.5F), again = face;
    option_defaults(model_deepid2plus.options, &o);
    o.maps = 8;
    assert_ok(net_create(&n, &model_deepid2plus, &o, 3));
    assert_ok(net_save(n, path, NULL, 0));
    net_free(&n);
    struct recognizer *r = opened(path, MATCH_COSINE, true);
    recognizer_describe(r, im, 1, &face, &first, 1);
    recognizer_describe(r, im, 1, &again, &first, 1);
    assert_int_equal(face.n_code, FACE_CODE);
    int active = 0, set = 0;
    for (int i = 0; i < FACE_CODE; i++) {
        active += face.code[i] > 0;
        set += (int)(face.bits[i / 64] >> (i % 64) & 1);
        assert_true(face.code[i] >= 0);
    }
    assert_int_equal(active, set);
    assert_true(active > FACE_CODE / 4 && active < FACE_CODE);
    assert_near(recognizer_score(r, &face, &again), 1, 1e-5); /* cosine, not calibrated */
    assert_has(recognizer_codes(r), "deepid2plus ");
    recognizer_close(&r);
    memory_free(&im.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),  cmocka_unit_test(test_mirror),  cmocka_unit_test(test_no_allocation),
        cmocka_unit_test(test_scores), cmocka_unit_test(test_refused), cmocka_unit_test(test_gallery_match),
        cmocka_unit_test(test_open_set), cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_deepid2plus),
    };
    log_set_level(LOG_ERROR); /* that some matchers are not calibrated here is a warning */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
