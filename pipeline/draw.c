/* SPDX-License-Identifier: MIT
 * Boxes, names and marks onto a picture, by Cairo, in place. Every coloured line lies on a wider dark one, so that it
 * is seen on any background. Surfaces and labels are kept from frame to frame. */
#include "pipeline/draw.h"

#include <cairo.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/attribute_words.h"
#include "pipeline/draw_label.h"
#include "recognizer/attributes.h"

enum { CANVASES = 16, PLACED_MAX = 256 };

const struct option draw_option_table[] = {
    {"line", OPTION_FLOAT, offsetof(struct draw_options, line), "0", 0, 100, NULL,
     "width of lines in source pixels; 0: by the picture's size"},
    {"font", OPTION_FLOAT, offsetof(struct draw_options, font), "0", 0, 400, NULL,
     "height of names in source pixels; 0: by the sizes of picture and face"},
    {"family", OPTION_TEXT, offsetof(struct draw_options, family), "Sans", 0, 0, NULL, "font of the names"},
    {"marks", OPTION_BOOL, offsetof(struct draw_options, marks), "yes", 0, 0, NULL,
     "eyes, nose and corners of the mouth"},
    {"score", OPTION_BOOL, offsetof(struct draw_options, score), "no", 0, 0, NULL,
     "the detector's score behind the name"},
    {"labels", OPTION_BOOL, offsetof(struct draw_options, labels), "yes", 0, 0, NULL, "names and track numbers"},
    {"coasting", OPTION_BOOL, offsetof(struct draw_options, coasting), "no", 0, 0, NULL,
     "also faces that are not seen at the moment, dashed, where they are expected"},
    {0},
};

/* A Cairo context on one frame's pixels; frames come back, so contexts are kept. */
struct canvas { struct image im; cairo_surface_t *surface; cairo_t *cr; };

struct draw {
    struct draw_options options;
    struct canvas canvases[CANVASES];
    int next_canvas;
    struct label_cache labels;
    float rates[FACE_ATTRIBUTES]; /* how many faces have each attribute */
    int n_placed;
    struct box placed[PLACED_MAX]; /* labels of this frame */
};

struct draw_colour draw_track_colour(int track)
{
    /* Hues a golden section apart, in three shades. */
    double hue = fmod(track * 0.61803398875 + 0.08, 1.0) * 6, s = track % 3 == 1 ? 0.55 : 0.78;
    double k = hue - floor(hue), low = 1 - s, down = 1 - s * k, up = 1 - s * (1 - k);
    switch ((int)hue) {
    case 0:
        return (struct draw_colour){1, up, low};
    case 1:
        return (struct draw_colour){down, 1, low};
    case 2:
        return (struct draw_colour){low, 1, up};
    case 3:
        return (struct draw_colour){low, down, 1};
    case 4:
        return (struct draw_colour){up, low, 1};
    default:
        return (struct draw_colour){1, low, down};
    }
}

static enum status draw_open(void *state, const struct run_context *context, const void *options)
{
    struct draw *d = state;
    d->options = *(const struct draw_options *)options;
    for (int i = 0; i < FACE_ATTRIBUTES && context->attributes; i++)
        d->rates[i] = attributes_rate(context->attributes, i);
    d->labels.family = d->options.family && *d->options.family ? d->options.family : "Sans";
    return OK;
}

static bool same_image(struct image a, struct image b)
{
    return a.pixels == b.pixels && a.w == b.w && a.h == b.h && a.stride == b.stride;
}

static void canvas_close(struct canvas *c)
{
    if (c->cr)
        cairo_destroy(c->cr);
    if (c->surface)
        cairo_surface_destroy(c->surface);
    *c = (struct canvas){0};
}

static struct canvas *canvas_for(struct draw *d, struct image im)
{
    for (int i = 0; i < CANVASES; i++)
        if (d->canvases[i].cr && same_image(d->canvases[i].im, im))
            return &d->canvases[i];
    struct canvas *c = &d->canvases[d->next_canvas++ % CANVASES];
    canvas_close(c);
    c->im = im;
    c->surface = cairo_image_surface_create_for_data(im.pixels, CAIRO_FORMAT_RGB24, im.w, im.h, im.stride);
    c->cr = cairo_create(c->surface);
    cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(c->cr, CAIRO_LINE_CAP_ROUND);
    return c;
}

static float short_side(struct image im)
{
    return (float)(im.w < im.h ? im.w : im.h);
}

static double line_width(const struct draw *d, struct image im, struct box b)
{
    if (d->options.line > 0)
        return (double)d->options.line;
    double by_picture = fmin(fmax((double)short_side(im) / 240, 1.5), 10);
    return fmin(by_picture, fmax(1.2, (double)fminf(b.w, b.h) / 18));
}

/* In steps, so that a face that comes nearer does not need a new label in every frame. */
static int font_size(const struct draw *d, struct image im, struct box b)
{
    static const int steps[] = {10, 12, 14, 17, 20, 24, 29, 35, 42, 50, 60, 72, 86, 103, 124, 148};
    if (d->options.font > 0)
        return (int)fmaxf(d->options.font, 4);
    float want = fminf(fmaxf(short_side(im) / 26, 12), fmaxf(b.w / 4.5f, short_side(im) / 45));
    int size = steps[0];
    for (size_t i = 0; i < sizeof steps / sizeof *steps && (float)steps[i] <= want; i++)
        size = steps[i];
    return size;
}

static void rounded_box(cairo_t *cr, struct box b)
{
    double r = fmin((double)b.w, (double)b.h) * 0.1;
    double x0 = (double)b.x, y0 = (double)b.y, x1 = x0 + (double)b.w, y1 = y0 + (double)b.h;
    cairo_new_sub_path(cr);
    cairo_arc(cr, x1 - r, y0 + r, r, -M_PI / 2, 0);
    cairo_arc(cr, x1 - r, y1 - r, r, 0, M_PI / 2);
    cairo_arc(cr, x0 + r, y1 - r, r, M_PI / 2, M_PI);
    cairo_arc(cr, x0 + r, y0 + r, r, M_PI, 1.5 * M_PI);
    cairo_close_path(cr);
}

static void draw_box(cairo_t *cr, struct box b, double line, struct draw_colour c, bool dashed)
{
    double dashes[2] = {line * 3, line * 3};
    cairo_set_dash(cr, dashes, dashed ? 2 : 0, 0);
    rounded_box(cr, b);
    cairo_set_source_rgba(cr, 0, 0, 0, 0.55);
    cairo_set_line_width(cr, line + 2);
    cairo_stroke_preserve(cr);
    cairo_set_source_rgb(cr, c.r, c.g, c.b);
    cairo_set_line_width(cr, line);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
}

static void draw_marks(cairo_t *cr, const struct face *f, float scale, double line, struct draw_colour c)
{
    double r = fmax(line * 0.8, (double)(f->box.h * scale) / 60);
    for (int i = 0; i < FACE_MARKS; i++) {
        cairo_new_sub_path(cr);
        cairo_arc(cr, (double)(f->marks[i].x * scale), (double)(f->marks[i].y * scale), r, 0, 2 * M_PI);
        cairo_set_source_rgba(cr, 0, 0, 0, 0.6);
        cairo_set_line_width(cr, 2);
        cairo_stroke_preserve(cr);
        cairo_set_source_rgb(cr, c.r, c.g, c.b);
        cairo_fill(cr);
    }
}

static bool is_free(const struct draw *d, struct box b)
{
    for (int i = 0; i < d->n_placed; i++)
        if (box_intersection(d->placed[i], b) > 0)
            return false;
    return true;
}

static float within(float at, float size, float whole)
{
    return fmaxf(0, fminf(at, whole - size));
}

/* Above the box, or below it when there is no room or another label; always inside the picture. */
static struct box place(struct draw *d, struct image im, struct box face, int w, int h, float gap)
{
    struct box above = {within(face.x, (float)w, (float)im.w), face.y - gap - (float)h, (float)w, (float)h};
    struct box below = above;
    below.y = face.y + face.h + gap;
    bool above_fits = above.y >= 0, below_fits = below.y + below.h <= (float)im.h;
    struct box at = above;
    if (!(above_fits && is_free(d, above)) && below_fits && (is_free(d, below) || !above_fits))
        at = below;
    at.y = within(at.y, (float)h, (float)im.h);
    if (d->n_placed < PLACED_MAX)
        d->placed[d->n_placed++] = at;
    return at;
}

static void draw_label(struct draw *d, cairo_t *cr, struct image im, const struct face *f, struct box b, double line)
{
    char text[LABEL_TEXT], more[ATTRIBUTE_WORDS_TEXT] = "";
    bool known = f->has & FACE_NAMED;
    const char *name = known ? f->name : "unknown";
    if (d->options.score)
        snprintf(text, sizeof text, "%s %.2f", name, (double)f->score);
    else
        snprintf(text, sizeof text, "%s", name);
    if (f->has & FACE_DESCRIBED)
        attribute_words(more, f->attributes, d->rates);
    const struct label *l = label_get(&d->labels, f->track, text, more, known, font_size(d, im, b), im.w * 6 / 10);
    if (!l)
        return;
    struct box at = place(d, im, b, l->w, l->h, (float)line);
    cairo_set_source_surface(cr, l->picture, floor((double)at.x), floor((double)at.y));
    cairo_paint(cr);
    cairo_set_source_rgb(cr, 0, 0, 0); /* lets go of the label's surface */
}

static bool is_drawn(const struct draw *d, const struct face *f, struct image im, float scale)
{
    if (!(f->has & FACE_TRACKED) || (!face_is_reported(f) && !d->options.coasting))
        return false;
    struct box b = box_scale(f->box, scale);
    return box_is_finite(b) && b.w >= 1 && b.h >= 1 && b.w <= 4 * (float)im.w && b.h <= 4 * (float)im.h;
}

static enum status draw_run(void *state, struct frame *frame)
{
    struct draw *d = state;
    struct image im = frame->source;
    if (frame->n_faces == 0)
        return OK;
    struct canvas *c = canvas_for(d, im);
    d->n_placed = 0;
    cairo_surface_mark_dirty(c->surface); /* the decoder wrote into it since */
    for (int i = 0; i < frame->n_faces; i++) {
        const struct face *f = &frame->faces[i];
        if (!is_drawn(d, f, im, frame->to_source))
            continue;
        struct box b = box_scale(f->box, frame->to_source);
        double line = line_width(d, im, b);
        struct draw_colour colour = draw_track_colour(f->track);
        draw_box(c->cr, b, line, colour, f->has & FACE_COASTING);
        if (d->options.marks && (f->has & FACE_MARKED))
            draw_marks(c->cr, f, frame->to_source, line, colour);
    }
    for (int i = 0; d->options.labels && i < frame->n_faces; i++) {
        const struct face *f = &frame->faces[i];
        struct box b = box_scale(f->box, frame->to_source);
        if (is_drawn(d, f, im, frame->to_source))
            draw_label(d, c->cr, im, f, b, line_width(d, im, b));
    }
    cairo_surface_flush(c->surface);
    return OK;
}

static void draw_close(void *state)
{
    struct draw *d = state;
    label_free(&d->labels);
    for (int i = 0; i < CANVASES; i++)
        canvas_close(&d->canvases[i]);
}

const struct stage_kind sink_draw = {
    .name = "draw", .about = "boxes, names and marks", .state_size = sizeof(struct draw), .open = draw_open, .run = draw_run,
    .close = draw_close,
};
