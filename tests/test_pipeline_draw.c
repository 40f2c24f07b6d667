/* SPDX-License-Identifier: MIT
 * Drawing and hiding: into memory, then the pixels are looked at. FACETRAIL_LOOK=FILE.png keeps the picture. */
#include "tests/kit.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "pipeline/attribute_words.h"
#include "pipeline/draw.h"
#include "pipeline/draw_label.h"
#include "pipeline/draw_png.h"
#include "pipeline/sinks.h"

enum { W = 960, H = 540 };

struct scene { struct frame frame; struct face faces[8]; uint8_t *pixels; };

/* Bands from black to white with stripes: what must stay readable. */
static void background(struct image im)
{
    for (int y = 0; y < im.h; y++)
        for (int x = 0; x < im.w; x++) {
            uint8_t v = (uint8_t)(x * 255 / im.w);
            uint8_t *p = im.pixels + (size_t)y * (size_t)im.stride + (size_t)x * 4;
            p[0] = v;
            p[1] = (uint8_t)(y % 40 < 20 ? v : 255 - v);
            p[2] = v;
        }
}

static struct scene scene(void)
{
    static const char *const names[] = {"Ada Lovelace", "", "محمود درويش", "山田 太郎", "A name that is far too long to be "
                                        "shown in full anywhere near a face, whoever bears it, so it is cut short in the end"};
    static const struct box boxes[] = {{60, 60, 120, 150}, {300, 2, 80, 100}, {880, 200, 100, 120}, {420, 300, 60, 70},
                                       {150, 420, 110, 150}};
    struct scene s = {0};
    s.pixels = memory_alloc((size_t)W * H, 4);
    assert_non_null(s.pixels);
    s.frame.source = s.frame.image = (struct image){s.pixels, W, H, W * 4};
    s.frame.to_source = 1;
    background(s.frame.source);
    for (int i = 0; i < 5; i++) {
        struct face *f = &s.faces[i];
        *f = (struct face){.has = FACE_TRACKED | FACE_MARKED, .box = boxes[i], .score = 0.9f, .track = i * 7 + 1};
        for (int k = 0; k < FACE_MARKS; k++)
            f->marks[k] = (struct point){f->box.x + f->box.w * (0.3f + 0.2f * (float)(k % 3)), f->box.y + f->box.h * (0.4f + 0.1f * (float)k)};
        if (*names[i]) {
            f->has |= FACE_NAMED;
            snprintf(f->name, sizeof f->name, "%s", names[i]);
        }
    }
    s.frame.n_faces = 5;
    return s;
}

static void *open_sink(const struct stage_kind *kind, const void *options)
{
    struct run_context none = {0};
    void *state = memory_alloc(1, kind->state_size);
    assert_non_null(state);
    assert_ok(kind->open(state, &none, options));
    return state;
}

static struct draw_options usual(void)
{
    struct draw_options o;
    option_defaults(draw_option_table, &o);
    return o;
}

static const uint8_t *at(const struct scene *s, int x, int y)
{
    return s->pixels + ((size_t)y * W + (size_t)x) * 4;
}

static void keep_picture(const struct scene *s)
{
    unsigned char *png;
    size_t size;
    const char *path = getenv("FACETRAIL_LOOK");
    if (!path)
        return;
    assert_ok(draw_png(&png, &size, s->frame.source));
    kit_write(path, png, size);
    memory_free(&png);
}

static void draws_boxes_and_labels(void **unused)
{
    (void)unused;
    struct draw_options o = usual();
    struct scene s = scene(), clean = scene();
    s.frame.faces = s.faces;
    void *d = open_sink(&sink_draw, &o);
    assert_ok(sink_draw.run(d, &s.frame));
    keep_picture(&s);
    struct draw_colour c = draw_track_colour(1);
    const uint8_t *p = at(&s, 60, 135); /* the left line of the first box */
    assert_near(p[2], 255 * c.r, 8);
    assert_near(p[1], 255 * c.g, 8);
    assert_near(p[0], 255 * c.b, 8);
    assert_memory_equal(at(&s, 120, 82), at(&clean, 120, 82), 4); /* a face's middle stays as it was */
    assert_true(at(&s, 72, 49)[1] < 70 || at(&s, 72, 49)[1] > 180); /* the label above it: dark, or a letter */
    int changed = 0; /* the second box touches the top: its label is below */
    for (int y = 104; y < 125; y++)
        changed += memcmp(at(&s, 320, y), at(&clean, 320, y), 4) != 0;
    assert_true(changed > 10);
    sink_draw.close(d);
    memory_free(&d);
    memory_free(&s.pixels);
    memory_free(&clean.pixels);
}

static void draws_nothing_unreported(void **unused)
{
    (void)unused;
    struct draw_options o = usual();
    struct scene s = scene(), clean = scene();
    s.frame.faces = s.faces;
    for (int i = 0; i < 5; i++)
        s.faces[i].has |= FACE_COASTING;
    s.faces[0].has = 0;
    s.faces[0].box.w = NAN;
    void *d = open_sink(&sink_draw, &o);
    assert_ok(sink_draw.run(d, &s.frame));
    assert_memory_equal(s.pixels, clean.pixels, (size_t)W * H * 4);
    sink_draw.close(d);
    memory_free(&d);
    memory_free(&s.pixels);
    memory_free(&clean.pixels);
}

static void strange_boxes_do_no_harm(void **unused)
{
    (void)unused;
    static const struct box boxes[] = {{-500, -500, 100, 100}, {1e9f, 0, 10, 10}, {0, 0, 1e9f, 1e9f}, {NAN, 0, 10, 10}, {5, 5, 0, 0}};
    struct draw_options o = usual();
    struct blur_options blur;
    option_defaults(blur_option_table, &blur);
    blur.whom = BLUR_ALL;
    struct scene s = scene();
    s.frame.faces = s.faces;
    for (int i = 0; i < 5; i++)
        s.faces[i].box = boxes[i];
    void *d = open_sink(&sink_draw, &o), *b = open_sink(&sink_blur, &blur);
    assert_ok(sink_blur.run(b, &s.frame));
    assert_ok(sink_draw.run(d, &s.frame));
    sink_draw.close(d);
    memory_free(&d);
    memory_free(&b);
    memory_free(&s.pixels);
}

static void labels_are_kept(void **unused)
{
    (void)unused;
    static struct label_cache c;
    c.family = "Sans";
    const struct label *a = label_get(&c, 3, "Ada", "", true, 20, 400);
    assert_non_null(a);
    cairo_surface_t *picture = a->picture;
    assert_true(a->w > 40 && a->h >= 20);
    for (int i = 0; i < LABEL_SLOTS - 1; i++)
        assert_non_null(label_get(&c, 100 + i, "other", "", false, 12, 400));
    assert_ptr_equal(label_get(&c, 3, "Ada", "", true, 20, 400)->picture, picture);
    const struct label *cut = label_get(&c, 4, "A very long name that does not fit into so little room", "", true, 20, 150);
    assert_true(cut->w <= 150);
    int one_line = a->h;
    const struct label *two = label_get(&c, 3, "Ada", "smiling, glasses", true, 20, 400);
    assert_ptr_not_equal(two->picture, picture); /* another text is another label */
    assert_true(two->h > one_line + 10 && two->h < 3 * one_line && two->w > 100);
    assert_true(label_get(&c, 3, "Ada", "smiling, glasses, and more than there is room for", true, 20, 150)->w <= 150);
    label_free(&c);
}

/* The mean difference from one row's pixel to the next inside a face: how much detail is left. */
static double detail(const struct scene *s, struct box b)
{
    double sum = 0;
    int n = 0;
    for (int y = (int)b.y + 1; y < (int)(b.y + b.h); y++)
        for (int x = (int)b.x; x < (int)(b.x + b.w); x++, n++)
            sum += abs(at(s, x, y)[1] - at(s, x, y - 1)[1]);
    return sum / n;
}

static void labels_say_what_tells_most(void **unused)
{
    (void)unused;
    float p[FACE_ATTRIBUTES], rates[FACE_ATTRIBUTES];
    char text[ATTRIBUTE_WORDS_TEXT];
    for (int i = 0; i < FACE_ATTRIBUTES; i++) {
        p[i] = 0.1f;
        rates[i] = 0.3f;
    }
    attribute_words(text, p, rates);
    assert_string_equal(text, "");
    p[2] = 0.99f;  /* attractive: not ours to say */
    p[15] = 0.95f; /* glasses */
    rates[15] = 0.06f;
    p[31] = 0.97f; /* smiling */
    rates[31] = 0.5f;
    p[21] = 0.96f; /* mouth open: the mouth has its word */
    rates[21] = 0.5f;
    p[20] = 0.79f; /* man: not sure */
    attribute_words(text, p, rates);
    assert_string_equal(text, "glasses, smiling");
    p[9] = 0.9f;  /* blond */
    p[38] = 0.9f; /* necktie */
    rates[38] = 0.07f;
    attribute_words(text, p, rates);
    assert_string_equal(text, "glasses, necktie, smiling"); /* three at most */
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        p[i] = 1;
    attribute_words(text, p, rates);
    assert_true(strlen(text) < sizeof text - 1);
    p[15] = NAN;
    attribute_words(text, p, rates);
    assert_null(strstr(text, "glasses"));
}

static void blur_hides(void **unused)
{
    (void)unused;
    struct blur_options o;
    option_defaults(blur_option_table, &o);
    for (int whom = BLUR_ALL; whom <= BLUR_KNOWN; whom++) {
        struct scene s = scene(), clean = scene();
        s.frame.faces = s.faces;
        for (size_t i = 0; i < (size_t)W * H * 4; i++) /* noise is all detail */
            s.pixels[i] = clean.pixels[i] = (uint8_t)(i * 2654435761u >> 13);
        o.whom = whom;
        void *b = open_sink(&sink_blur, &o);
        assert_ok(sink_blur.run(b, &s.frame));
        bool known_hidden = detail(&s, s.faces[0].box) < 0.25 * detail(&clean, s.faces[0].box);
        bool unknown_hidden = detail(&s, s.faces[1].box) < 0.25 * detail(&clean, s.faces[1].box);
        assert_int_equal(known_hidden, whom != BLUR_UNKNOWN);
        assert_int_equal(unknown_hidden, whom != BLUR_KNOWN);
        assert_memory_equal(at(&s, 700, 100), at(&clean, 700, 100), 4);
        /* The face is lost in the next frame: its place stays hidden. */
        memcpy(s.pixels, clean.pixels, (size_t)W * H * 4);
        s.frame.n_faces = 0;
        s.frame.time_us = 40000;
        assert_ok(sink_blur.run(b, &s.frame));
        assert_int_equal(detail(&s, s.faces[0].box) < 0.25 * detail(&clean, s.faces[0].box), known_hidden);
        memory_free(&b);
        memory_free(&s.pixels);
        memory_free(&clean.pixels);
    }
}

static void panel_is_dark_with_letters(void **unused)
{
    (void)unused;
    int w, h;
    draw_panel_size("name: Ада 😀", 15, 300, &w, &h);
    assert_true(w > 60 && w <= 300 && h > 15 && h < 60);
    uint8_t *pixels = memory_alloc((size_t)w * (size_t)h, 4);
    draw_panel((struct image){pixels, w, h, w * 4}, "name: Ада 😀", 15);
    int light = 0;
    for (int i = 0; i < w * h; i++)
        light += pixels[4 * i + 1] > 160;
    assert_true(light > 40 && light < w * h / 3);
    memory_free(&pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_boxes_and_labels), cmocka_unit_test(draws_nothing_unreported),
        cmocka_unit_test(strange_boxes_do_no_harm), cmocka_unit_test(labels_are_kept),
        cmocka_unit_test(labels_say_what_tells_most), cmocka_unit_test(blur_hides),
        cmocka_unit_test(panel_is_dark_with_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
