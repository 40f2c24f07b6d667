/* SPDX-License-Identifier: MIT
 * LNet's training pictures: where scenes lie (the anchor is seen, as large and as turned as was asked for), heads cut out of
 * their wall and painted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kit.h"

#include "base/random.h"
#include "train/compose_internal.h"
#include "train/compose_paint.h"
#include "train/compose_place.h"
#include "train/compose_views.h"

static void anchor_is_seen(void **state)
{
    (void)state;
    const struct image picture = { NULL, 640, 400, 640 * IMAGE_PIXEL };
    const float size = 256, turns[] = { 0, 7, -30, 90, 150 };
    uint64_t random = 5;
    float lowest = size, highest = 0;
    for (int i = 0; i < 500; i++) {
        const struct box anchor = { random_between(&random, 0, 560), random_between(&random, 0, 320), 60, 70 };
        const float scale = random_between(&random, 0.3f, 2), turn = turns[i % 5];
        const struct warp w = compose_place(picture, anchor, scale, turn, size, &random);
        const struct point at = warp_point(w, box_centre(anchor));
        const float half = scale * 30;
        assert_near(warp_scale(w), scale, 1e-4);
        assert_near(atan2f(w.c, w.a), turn * 0.0174533, 1e-3);
        assert_true(at.x >= fminf(half, size / 2) - 0.1f && at.x <= size - fminf(half, size / 2) + 0.1f);
        assert_true(at.y >= 0 && at.y <= size);
        lowest = fminf(lowest, at.x);
        highest = fmaxf(highest, at.x);
    }
    assert_true(lowest < 40 && highest > size - 40); /* anywhere, not always in the middle */
}

/* A picture that is not turned leaves no edge of the canvas bare when it is large enough. */
static void upright_picture_covers(void **state)
{
    (void)state;
    const struct image picture = { NULL, 640, 400, 640 * IMAGE_PIXEL };
    uint64_t random = 6;
    for (int i = 0; i < 200; i++) {
        const struct box anchor = { random_between(&random, 0, 600), random_between(&random, 0, 360), 40, 40 };
        const struct warp w = compose_place(picture, anchor, 0.8f, 0, 256, &random);
        const struct point corner = warp_point(w, (struct point){ 0, 0 }), other = warp_point(w, (struct point){ 640, 400 });
        assert_true(corner.x <= 0.01f && corner.y <= 0.01f && other.x >= 255.99f && other.y >= 255.99f);
    }
}

enum { VIEW_W = 96, VIEW_H = 130, HEAD_LEFT = 30, HEAD_RIGHT = 70, NOSE = 12, N_VIEWS = 4 };

static bool in_head(int view, int x, int y)
{
    bool nose = y > 60 && y < 70 && (view ? x > HEAD_RIGHT && x <= HEAD_RIGHT + NOSE : x < HEAD_LEFT && x >= HEAD_LEFT - NOSE);
    return y > 20 && (nose || (x >= HEAD_LEFT && x <= HEAD_RIGHT));
}

/* A dark head, its nose to the left or to the right, before a wall that gets darker downwards. */
static void write_views(void)
{
    static const char header[] = "P6\n96 130\n255\n";
    static const char *const names[N_VIEWS] = { "AF01AFFL-afraid", "AF01AFFR-afraid", "AF02HAFL-happy-black", "AF01AFXX-afraid" };
    const size_t one = sizeof header - 1 + VIEW_W * VIEW_H * 3;
    char table[512] = "frame\tperson\tset\tview\tlight\tname\twidth\theight\n";
    unsigned char *file = malloc(N_VIEWS * one), *to = file;
    assert_non_null(file);
    for (int v = 0; v < N_VIEWS; v++) {
        memcpy(to, header, sizeof header - 1);
        to += sizeof header - 1;
        for (int i = 0; i < VIEW_W * VIEW_H; i++, to += 3)
            memset(to, in_head(v, i % VIEW_W, i / VIEW_W) ? 50 : 180 - i / VIEW_W / 4, 3);
        snprintf(table + strlen(table), sizeof table - strlen(table), "%d\t1\tkdef\t0\t-\t%s\t96\t130\n", v, names[v]);
    }
    kit_write(kit_path("multiview-kdef.mkv"), file, N_VIEWS * one);
    kit_write_text(kit_path("multiview-kdef.tsv"), table);
    free(file);
}

static void heads_are_cut_out(void **state)
{
    (void)state;
    struct scene_table t;
    write_views();
    assert_ok(compose_views_open(&t, kit_folder(), 1));
    assert_int_equal(t.n_scenes, N_VIEWS);
    for (int v = 0; v < 2; v++) {
        const struct scene *s = &t.scenes[v];
        int wrong = 0;
        for (int y = 0; y < VIEW_H; y++)
            for (int x = 0; x < VIEW_W; x++) {
                int alpha = s->picture.pixels[y * s->picture.stride + x * IMAGE_PIXEL + 3];
                wrong += in_head(v, x, y) ? alpha < 128 : alpha > 128;
            }
        assert_true(wrong < 100); /* of 12,480: the pack's colours are not exact */
        assert_int_equal(s->n, 1);
        const struct box b = t.faces[s->first].box;
        assert_true(t.faces[s->first].guessed && !t.faces[s->first].marked);
        assert_near(v ? b.x + b.w : b.x, v ? HEAD_RIGHT + NOSE + 1 : HEAD_LEFT - NOSE, 1.5);
        assert_true(b.y > 25 && b.y + b.h < 115);
    }
    assert_int_equal(t.scenes[2].n, 0); /* nothing to be seen on it */
    assert_int_equal(t.scenes[3].n, 0); /* from which side? */
    scene_table_close(&t);
    assert_fails(compose_views_open(&t, kit_path("nowhere"), 1), NO_RESOURCE, "multiview-kdef");
}

static void heads_are_painted(void **state)
{
    (void)state;
    static uint8_t pixels[3][40 * 40 * IMAGE_PIXEL];
    const struct image canvas = { pixels[0], 40, 40, 40 * IMAGE_PIXEL }, spare = { pixels[1], 40, 40, 40 * IMAGE_PIXEL },
                       head = { pixels[2], 40, 40, 40 * IMAGE_PIXEL };
    uint64_t random = 3;
    image_fill(canvas, 10, 10, 10);
    image_fill(head, 120, 120, 120);
    for (int i = 0; i < 40 * 40; i++)
        head.pixels[i * IMAGE_PIXEL + 3] = i % 40 < 20 ? 255 : 0;
    struct box seen = paint_head(canvas, spare, head, (struct warp){ 1, 0, 0, 0, 1, 0 }, &random);
    assert_near(seen.w, 40, 1e-3);
    for (int y = 0; y < 40; y++) {
        assert_true(canvas.pixels[y * canvas.stride + 5 * IMAGE_PIXEL] > 40);
        assert_int_equal(canvas.pixels[y * canvas.stride + 35 * IMAGE_PIXEL], 10);
    }
}

enum { SCENE = 128, CANVAS = 256 };

/* Scenes of one colour a pack, one face in each, in another colour. */
static void fill_packs(struct compose *c)
{
    static uint8_t pixels[N_PACKS][SCENE * SCENE * IMAGE_PIXEL];
    static struct scene scenes[N_PACKS];
    static struct scene_face faces[N_PACKS];
    for (int p = 0; p < N_PACKS; p++) {
        const struct image im = { pixels[p], SCENE, SCENE, SCENE * IMAGE_PIXEL };
        image_fill(im, 0, 0, 200);
        faces[p] = (struct scene_face){ .box = { 50, 40, 32, 40 } };
        image_fill(image_view(im, 50, 40, 32, 40), 200, 0, 0);
        scenes[p] = (struct scene){ .picture = im, .n = p != NOFACES };
        c->packs[p] = (struct scene_table){ .scenes = &scenes[p], .faces = &faces[p], .n_scenes = 1, .n_faces = 1 };
    }
}

static float part_of_colour(struct image im, struct box b, int channel)
{
    int n = 0, all = 0;
    for (int y = (int)ceilf(b.y); y < (int)(b.y + b.h); y++)
        for (int x = (int)ceilf(b.x); x < (int)(b.x + b.w); x++, all++) {
            const uint8_t *p = im.pixels + y * im.stride + x * IMAGE_PIXEL;
            n += p[channel] > 100 && p[IMAGE_B + IMAGE_R - channel] < 100;
        }
    return all ? (float)n / (float)all : 1;
}

/* Many small faces, each where its box says, none over another. */
static void crowds_are_pasted(void **state)
{
    (void)state;
    struct compose c = { .options = { .size = CANVAS, .smallest = 9 } };
    struct sample s;
    uint64_t random = 9;
    int most = 0;
    fill_packs(&c);
    assert_ok(sample_create(&s, CANVAS));
    for (int i = 0; i < 20; i++) {
        s.n = 0;
        image_fill(s.canvas, 0, 0, 0);
        compose_paste_crowd(&c, &s, &random);
        most = s.n > most ? s.n : most;
        for (int k = 0; k < s.n; k++) {
            const struct box b = s.faces[k].box;
            if (s.faces[k].ignore)
                continue;
            assert_true(b.h >= 9 && b.h < 45);
            assert_true(part_of_colour(s.canvas, b, IMAGE_R) + part_of_colour(s.canvas, b, IMAGE_B) > 0.8f);
            for (int j = 0; j < k; j++)
                assert_true(box_overlap(b, s.faces[j].box) < 0.1f);
        }
    }
    assert_true(most >= 8);
    sample_free(&s);
}

/* Where no head is large enough to be cut out, others make the crowd. */
static void crowds_do_without_heads(void **state)
{
    (void)state;
    struct compose c = { .options = { .size = CANVAS, .smallest = 9 } };
    struct sample s;
    uint64_t random = 9;
    fill_packs(&c);
    c.packs[WIDER].faces[0].box = (struct box){ 50, 40, 8, 10 };
    assert_ok(sample_create(&s, CANVAS));
    s.n = 0;
    compose_paste_crowd(&c, &s, &random);
    assert_true(s.n > 0);
    sample_free(&s);
}

/* Of a crowd of tiny faces the one large face is shown more often than one draw in sixty-four would show it. */
static void large_faces_of_crowds_are_shown(void **state)
{
    (void)state;
    enum { WIDE = 1024, FACES = 64, DRAWN = 400 };
    struct compose c = { .options = { .size = CANVAS, .smallest = 9, .real = 1 } };
    static uint8_t pixels[WIDE * SCENE * IMAGE_PIXEL];
    struct scene_face faces[FACES];
    struct scene scene = { .picture = { pixels, WIDE, SCENE, WIDE * IMAGE_PIXEL }, .n = FACES };
    struct sample s;
    uint64_t random = 5;
    int shown = 0;
    fill_packs(&c);
    for (int i = 0; i < FACES; i++)
        faces[i] = (struct scene_face){ .box = { 5 * (float)i, 60, 4, 4 } };
    faces[0] = (struct scene_face){ .box = { 900, 30, 52, 64 }, .tagged = true };
    c.packs[WIDER] = (struct scene_table){ .scenes = &scene, .faces = faces, .n_scenes = 1, .n_faces = FACES };
    assert_ok(sample_create(&s, CANVAS));
    for (int i = 0; i < DRAWN; i++) {
        bool is = false;
        compose_draw(&c, &s, &random);
        for (int k = 0; k < s.n; k++)
            is |= s.faces[k].tagged && !s.faces[k].ignore;
        shown += is;
    }
    assert_true(shown > DRAWN / 20 && shown < DRAWN / 2);
    sample_free(&s);
}

/* A hat hides the forehead, not the chin, and the box stays. */
static void hats_are_worn(void **state)
{
    (void)state;
    struct compose c = { .options = { .size = CANVAS, .hats = 1 } };
    struct sample s;
    uint64_t random = 4;
    float forehead = 0, chin = 0;
    const struct box face = { 100, 120, 20, 22 };
    fill_packs(&c);
    assert_ok(sample_create(&s, CANVAS));
    for (int i = 0; i < 200; i++) {
        s.n = 1;
        s.faces[0] = (struct scene_face){ .box = face };
        image_fill(s.canvas, 10, 250, 10);
        compose_cover_some(&c, &s, &random);
        assert_memory_equal(&s.faces[0].box, &face, sizeof face);
        forehead += s.canvas.pixels[121 * s.canvas.stride + 110 * IMAGE_PIXEL + 1] != 250;
        chin += s.canvas.pixels[139 * s.canvas.stride + 110 * IMAGE_PIXEL + 1] != 250;
    }
    assert_true(forehead > 120);
    assert_near(chin, 0, 0);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(anchor_is_seen), cmocka_unit_test(upright_picture_covers),
                                        cmocka_unit_test(heads_are_cut_out), cmocka_unit_test(heads_are_painted),
                                        cmocka_unit_test(crowds_are_pasted), cmocka_unit_test(crowds_do_without_heads),
                                        cmocka_unit_test(large_faces_of_crowds_are_shown), cmocka_unit_test(hats_are_worn) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
