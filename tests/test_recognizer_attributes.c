/* SPDX-License-Identifier: MIT
 * Attributes from a net with random weights: what is said does not depend on company, on the size of the picture or on
 * its side; logits are read by the scale in the file; files that do not fit are refused. */
#include <math.h>

#include "tests/kit.h"

#include "base/log.h"
#include "base/memory.h"
#include "nets/models/models.h"
#include "recognizer/attributes.h"

enum { SIDE = 160, MANY = 20 };

static float scale[FACE_ATTRIBUTES][3];

/* A net whose logits are read with factor 2, shift i / 10 and rate (i + 1) / 50. */
static const char *make_weights(const char *name, int attributes, size_t rows)
{
    struct anet_options o;
    struct net *n = NULL;
    option_defaults(model_anet.options, &o);
    o.maps = 4;
    o.code = 16;
    o.attributes = attributes;
    for (int i = 0; i < FACE_ATTRIBUTES; i++) {
        scale[i][0] = 2;
        scale[i][1] = (float)i / 10;
        scale[i][2] = (float)(i + 1) / 50;
    }
    struct tensors_array a = {.name = ATTRIBUTES_ARRAY, .type = TENSORS_F32, .n_dims = 2, .dims = {(int64_t)rows, 3},
                              .n = 3 * rows, .at = scale};
    assert_ok(net_create(&n, &model_anet, &o, 7));
    assert_ok(net_write(n, kit_path(name), &a, rows ? 1 : 0, NULL, 0));
    net_free(&n);
    return kit_path(name);
}

static struct attributes *open_patches(const char *path, bool raw, int patches)
{
    struct attributes_options o = {.weights = path, .mirror = true, .patches = patches, .raw = raw};
    struct attributes *a = NULL;
    assert_ok(attributes_open(&a, &o));
    return a;
}

static struct attributes *open_with(const char *path, bool raw)
{
    return open_patches(path, raw, 1);
}

/* Soft blobs, so that sampling at another size says nearly the same. */
static struct image picture(int side, bool mirrored)
{
    struct image im = {memory_alloc((size_t)(side * side), IMAGE_PIXEL), side, side, side * IMAGE_PIXEL};
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            float u = (float)(mirrored ? side - 1 - x : x) / (float)side, v = (float)y / (float)side;
            for (int c = 0; c < 3; c++)
                im.pixels[(y * side + x) * IMAGE_PIXEL + c] =
                    (uint8_t)(128 + 80 * sinf(9 * u + (float)c) * cosf(7 * v - (float)c) + 40 * u);
        }
    return im;
}

static struct face face_in(int side)
{
    struct face f = {.has = FACE_MARKED};
    static const struct point at[FACE_MARKS] = {{0.36f, 0.4f}, {0.64f, 0.4f}, {0.5f, 0.55f}, {0.39f, 0.7f}, {0.61f, 0.7f}};
    for (int i = 0; i < FACE_MARKS; i++)
        f.marks[i] = (struct point){at[i].x * (float)side, at[i].y * (float)side};
    return f;
}

static void assert_alike(const struct face *a, const struct face *b, double tolerance)
{
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        assert_near(a->attributes[i], b->attributes[i], tolerance);
}

static void faces_are_described(void **unused)
{
    (void)unused;
    struct attributes *a = open_with(make_weights("anet.safetensors", FACE_ATTRIBUTES, FACE_ATTRIBUTES), false);
    struct image im = picture(SIDE, false), large = picture(2 * SIDE, false), turned = picture(SIDE, true);
    static struct face faces[MANY + 1];
    int which[MANY];
    for (int i = 0; i < MANY; i++) {
        faces[i] = face_in(SIDE);
        faces[i].marks[0].x += (float)i; /* all different */
        which[i] = MANY - 1 - i;
    }
    struct face one = faces[3], half = face_in(SIDE), same = half, other = half;
    const int first = 0;
    attributes_describe(a, im, 1, faces, which, MANY);
    attributes_describe(a, im, 1, &one, &first, 1);
    assert_true(one.has & FACE_DESCRIBED);
    assert_false(faces[MANY].has & FACE_DESCRIBED);
    assert_alike(&one, &faces[3], 1e-5); /* alone or in a crowd */
    attributes_describe(a, im, 1, &half, &first, 1);
    attributes_describe(a, large, 2, &same, &first, 1); /* the same face in a picture twice as large */
    assert_alike(&half, &same, 0.05);
    attributes_describe(a, turned, 1, &other, &first, 1);
    assert_alike(&half, &other, 0.02); /* its mirror image has the same attributes */
    uint64_t before = memory_allocations();
    attributes_describe(a, im, 1, faces, which, MANY);
    assert_int_equal(memory_allocations(), before);
    struct recognizer_crop crop = {im, align_warp(half.marks)};
    attributes_describe_crops(a, &crop, &same, 1);
    assert_alike(&half, &same, 1e-6);
    attributes_close(&a);
    assert_null(a);
    memory_free(&im.pixels);
    memory_free(&large.pixels);
    memory_free(&turned.pixels);
}

static void logits_are_read(void **unused)
{
    (void)unused;
    const char *path = make_weights("anet.safetensors", FACE_ATTRIBUTES, FACE_ATTRIBUTES);
    struct attributes *a = open_with(path, false), *raw = open_with(path, true);
    struct image im = picture(SIDE, false);
    struct face said = face_in(SIDE), logits = said;
    const int first = 0;
    attributes_describe(a, im, 1, &said, &first, 1);
    attributes_describe(raw, im, 1, &logits, &first, 1);
    double spread = 0;
    for (int i = 0; i < FACE_ATTRIBUTES; i++) {
        double rate = (i + 1) / 50.0, x = 2 * (double)logits.attributes[i] + i / 10.0 + log(rate / (1 - rate));
        assert_near(said.attributes[i], 1 / (1 + exp(-x)), 1e-5);
        assert_near(attributes_rate(a, i), rate, 1e-6);
        assert_near(attributes_evidence(said.attributes[i], attributes_rate(a, i)), 2 * logits.attributes[i] + i / 10.0, 0.02);
        spread += fabs((double)logits.attributes[i]);
    }
    assert_true(spread > 0.5); /* it says something */
    assert_near(attributes_evidence(0.3f, 0.3f), 0, 1e-6);
    assert_true(attributes_evidence(1, 0) < 40); /* certain, and still a number */
    attributes_close(&a);
    attributes_close(&raw);
    memory_free(&im.pixels);
}

/* The crop of attributes is about the canonical one, around the same middle. */
static void crops_show_more(void **unused)
{
    (void)unused;
    struct point middle = {0.5f * (CROP_W - 1), 0.5f * (CROP_H - 1)}, at = warp_point(attributes_warp(), middle);
    assert_near(at.x, middle.x, 1e-4);
    assert_near(at.y, middle.y, 1e-4);
    assert_true(warp_point(attributes_warp(), (struct point){0, 0}).y < -5);
}

static void files_that_do_not_fit(void **unused)
{
    (void)unused;
    struct attributes_options o = {.weights = make_weights("few.safetensors", 7, 0)};
    struct attributes *a = NULL;
    assert_fails(attributes_open(&a, &o), BAD_MATCH, "7 attributes");
    assert_null(a);
    o.weights = make_weights("short.safetensors", FACE_ATTRIBUTES, 3);
    assert_fails(attributes_open(&a, &o), BAD_MATCH, ATTRIBUTES_ARRAY);
    struct net *n = NULL;
    assert_ok(net_create(&n, &model_deepid2, NULL, 1));
    assert_ok(net_save(n, kit_path("other.safetensors"), NULL, 0));
    net_free(&n);
    o.weights = kit_path("other.safetensors");
    assert_fails(attributes_open(&a, &o), BAD_MATCH, "anet");
    o.weights = kit_path("none.safetensors");
    assert_true(attributes_open(&a, &o) < 0);
    attributes_close(&a);
    /* without a scale it says what the logits say */
    o.weights = make_weights("plain.safetensors", FACE_ATTRIBUTES, 0);
    assert_ok(attributes_open(&a, &o));
    assert_near(attributes_rate(a, 5), 0.5, 1e-6);
    attributes_close(&a);
}

/* Shifted patches, averaged: the middle one is the crop itself, and where nothing changes all of them say the same. */
static void patches_are_averaged(void **unused)
{
    (void)unused;
    const char *path = make_weights("anet.safetensors", FACE_ATTRIBUTES, FACE_ATTRIBUTES);
    struct attributes *one = open_patches(path, true, 1), *many = open_patches(path, true, 3);
    struct image im = picture(SIDE, false), turned = picture(SIDE, true);
    struct face a = face_in(SIDE), b = a, c = a, d = a;
    const int first = 0;
    attributes_describe(one, im, 1, &a, &first, 1);
    attributes_describe(many, im, 1, &b, &first, 1);
    attributes_describe(many, turned, 1, &c, &first, 1);
    double apart = 0;
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        apart += fabs((double)(a.attributes[i] - b.attributes[i]));
    assert_true(apart > 1e-3); /* they see more than the crop */
    assert_alike(&b, &c, 0.02);
    uint64_t before = memory_allocations();
    image_fill(im, 90, 120, 150);
    attributes_describe(one, im, 1, &a, &first, 1);
    attributes_describe(many, im, 1, &d, &first, 1);
    assert_int_equal(memory_allocations(), before);
    assert_alike(&a, &d, 1e-4);
    attributes_close(&one);
    attributes_close(&many);
    memory_free(&im.pixels);
    memory_free(&turned.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faces_are_described), cmocka_unit_test(logits_are_read), cmocka_unit_test(crops_show_more),
        cmocka_unit_test(files_that_do_not_fit), cmocka_unit_test(patches_are_averaged),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests_name("recognizer attributes", tests, NULL, NULL);
}
