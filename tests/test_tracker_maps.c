/* SPDX-License-Identifier: MIT
 * What FCNT in real time looks at beside gradients: the net's maps against plain sums, and the colours of the target. */
#include "tests/kit.h"

#include <math.h>

#include "base/file.h"
#include "nets/models/models.h"
#include "tracker/colour_model.h"
#include "tracker/net_maps.h"
#include "tracker/ridge.h"
#include "tracker/single.h"

enum { SIDE = NET_MAPS_SIDE, GRID = NET_MAPS_GRID, CELLS = GRID * GRID };
static uint8_t pixels[SIDE * SIDE * IMAGE_PIXEL];
static const struct image region = {pixels, SIDE, SIDE, SIDE *IMAGE_PIXEL};

struct face_net { struct net *net; int maps; const float *w1, *b1, *w2, *b2; };

static void open_face_net(struct face_net *f)
{
    char path[1024];
    size_t n;
    assert_ok(file_find_weights(path, sizeof path, "fcnt"));
    assert_ok(net_load(&f->net, path, "deepid2"));
    f->maps = ((const struct deepid2_options *)net_options(f->net))->maps;
    f->w1 = net_weight(f->net, "conv1.weight", &n);
    f->b1 = net_weight(f->net, "conv1.bias", &n);
    f->w2 = net_weight(f->net, "conv2.weight", &n);
    f->b2 = net_weight(f->net, "conv2.bias", &n);
}

/* conv1, rectified, at a pixel; the largest of 2 x 2. */
static float pooled(const struct face_net *f, const float *planes, int map, int x, int y)
{
    float most = 0;
    for (int p = 0; p < 4; p++) {
        double sum = f->b1[map];
        for (int i = 0; i < 48; i++)
            sum += f->w1[map * 48 + i] *
                   planes[(i / 16 * SIDE + 2 * y + p / 2 + i / 4 % 4) * SIDE + 2 * x + p % 2 + i % 4];
        most = fmaxf(most, (float)sum);
    }
    return most;
}

/* The mean of conv2 over 2 x 2 places, rectified. */
static double mean_of_conv2(const struct face_net *f, const float *planes, int map, int x, int y)
{
    double sum = f->b2[map];
    for (int c = 0; c < f->maps; c++)
        for (int v = 0; v < 4; v++)
            for (int u = 0; u < 4; u++) {
                double value = pooled(f, planes, c, 2 * x + u, 2 * y + v);
                for (int p = 0; p < 4; p++) {
                    int i = u - p % 2, j = v - p / 2;
                    if (i >= 0 && i < 3 && j >= 0 && j < 3)
                        sum += 0.25 * f->w2[(map * f->maps + c) * 9 + j * 3 + i] * value;
                }
            }
    return fmax(sum, 0);
}

static void test_net_maps(void **state)
{
    (void)state;
    static float planes[3 * SIDE * SIDE], all[64 * CELLS];
    struct face_net face;
    struct net_maps maps = {0};
    int chosen[64];
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)random_below(&seed, 256);
    open_face_net(&face);
    assert_ok(net_maps_open(&maps, NULL, 0.5f));
    assert_int_equal(maps.n_all, 2 * face.maps);
    assert_int_equal(maps.n_kept, face.maps);
    assert_true(maps.n_all <= 64);
    image_to_planes(planes, SIDE, SIDE, region);
    memcpy(all, net_maps_look(&maps, region, true), (size_t)(maps.n_all * CELLS) * sizeof(float));
    for (int i = 0; i < 40; i++) { /* bfloat16 has 8 bits */
        int map = i * 7 % maps.n_all, x = i * 11 % GRID, y = i * 17 % GRID;
        assert_near(all[map * CELLS + y * GRID + x], mean_of_conv2(&face, planes, map, x, y), 0.03);
    }
    for (int i = 0; i < maps.n_kept; i++)
        chosen[i] = 2 * i + 1;
    net_maps_choose(&maps, chosen);
    const float *kept = net_maps_look(&maps, region, false);
    for (int i = 0; i < maps.n_kept; i++)
        for (int k = 0; k < CELLS; k += 13)
            assert_near(kept[i * CELLS + k], all[chosen[i] * CELLS + k], 1e-4);
    net_maps_close(&maps);
    net_free(&face.net);
}

/* A red square on green, both noisy, in cells of 4 pixels. */
static void paint(struct box cells)
{
    uint64_t seed = 9;
    for (int i = 0; i < SIDE * SIDE; i++) {
        float x = ((float)(i % SIDE) + 0.5f) / 4, y = ((float)(i / SIDE) + 0.5f) / 4;
        bool in = x >= cells.x && x < cells.x + cells.w && y >= cells.y && y < cells.y + cells.h;
        pixels[i * IMAGE_PIXEL + IMAGE_R] = (uint8_t)((in ? 160 : 20) + random_below(&seed, 60));
        pixels[i * IMAGE_PIXEL + IMAGE_G] = (uint8_t)((in ? 20 : 160) + random_below(&seed, 60));
        pixels[i * IMAGE_PIXEL + IMAGE_B] = (uint8_t)random_below(&seed, 60);
    }
}

static void test_colours(void **state)
{
    (void)state;
    const struct box truth = {16, 14, 8, 12}, moved = {21, 11, 8, 12};
    struct arena *a = arena_create();
    struct colour_model m;
    colour_model_open(&m, a);
    assert_ok(arena_seal(a));
    paint(truth);
    colour_model_learn(&m, region, truth, 1);
    colour_model_look(&m, region);
    assert_true(colour_model_mean(&m, truth) > 0.98f);
    assert_true(colour_model_mean(&m, (struct box){30, 14, 8, 12}) < 0.02f);
    assert_near(colour_model_mean(&m, (struct box){20, 14, 8, 12}), 0.5, 0.02); /* half of it */
    assert_near(colour_model_mean(&m, (struct box){-4, 30, 8, 12}), 0, 0.02);   /* partly outside */
    paint(moved);
    colour_model_look(&m, region);
    struct box best = {0, 0, 8, 12};
    for (int y = 0; y < 28; y++)
        for (int x = 0; x < 32; x++)
            if (colour_model_mean(&m, (struct box){(float)x, (float)y, 8, 12}) > colour_model_mean(&m, best))
                best = (struct box){(float)x, (float)y, 8, 12};
    assert_near(best.x, moved.x, 0.1);
    assert_near(best.y, moved.y, 0.1);
    arena_free(&a);
}

/* A disc of two colours whose stripes turn by 20 degrees a frame, over a grey chequer with noise. */
static void draw(struct image im, float cx, float cy, float turn)
{
    uint64_t seed = (uint64_t)(cx * 100);
    for (int i = 0; i < im.w * im.h; i++) {
        int x = i % im.w, y = i / im.w;
        float dx = (float)x - cx, dy = (float)y - cy;
        bool in = dx * dx + dy * dy < 400, dark = sinf(0.5f * (dx * cosf(turn) + dy * sinf(turn))) < 0;
        int ground = 90 + (y / 9 * 7 + x / 9 * 13) % 5 * 25 + random_below(&seed, 8);
        uint8_t *p = im.pixels + (ptrdiff_t)y * im.stride + x * IMAGE_PIXEL;
        p[IMAGE_R] = (uint8_t)(in ? dark ? 90 : 220 : ground);
        p[IMAGE_G] = (uint8_t)(in ? 40 : ground);
        p[IMAGE_B] = (uint8_t)(in ? dark ? 150 : 60 : ground);
    }
}

static void test_turning(void **state)
{
    (void)state;
    enum { W = 240, H = 180, FRAMES = 60 };
    static uint8_t room[W * H * IMAGE_PIXEL];
    const struct image picture = {room, W, H, W * IMAGE_PIXEL};
    const struct single_kind *kind = single_find("fcnt");
    max_align_t options[64];
    void *tracker;
    struct box box = {40, 70, 40, 40};
    option_defaults(kind->options, options);
    assert_ok(kind->open(&tracker, options));
    draw(picture, 60, 90, 0);
    assert_ok(kind->start(tracker, picture, box));
    for (int f = 1; f <= FRAMES; f++) {
        float cx = 60 + 2 * (float)f, cy = 90 + 25 * sinf(0.1f * (float)f);
        draw(picture, cx, cy, 0.35f * (float)f);
        kind->update(tracker, picture, &box);
        assert_true(box_overlap(box, (struct box){cx - 20, cy - 20, 40, 40}) > 0.6f);
    }
    kind->close(&tracker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_net_maps), cmocka_unit_test(test_colours),
                                       cmocka_unit_test(test_turning)};
    return cmocka_run_group_tests_name("tracker_maps", tests, NULL, NULL);
}
