/* SPDX-License-Identifier: MIT
 * Curves and histograms with Cairo: axes with round numbers, a grid, a legend. */
#include "train/plot.h"

#include <cairo.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

enum { WIDTH = 900, HEIGHT = 640, LEFT = 90, RIGHT = 30, TOP = 60, BOTTOM = 70 };

static const double colours[PLOT_SERIES][3] = {
    { 0.00, 0.45, 0.70 }, { 0.84, 0.37, 0.00 }, { 0.00, 0.62, 0.45 }, { 0.80, 0.47, 0.65 },
    { 0.90, 0.62, 0.00 }, { 0.34, 0.71, 0.91 }, { 0.40, 0.40, 0.40 }, { 0.60, 0.20, 0.20 },
};

struct frame { /* what data coordinates become */
    cairo_t *to;
    double x_low, x_high, y_low, y_high;
};

static double at_x(const struct frame *f, double x)
{
    return LEFT + (x - f->x_low) / (f->x_high - f->x_low) * (WIDTH - LEFT - RIGHT);
}

static double at_y(const struct frame *f, double y)
{
    return HEIGHT - BOTTOM - (y - f->y_low) / (f->y_high - f->y_low) * (HEIGHT - TOP - BOTTOM);
}

/* A round step that cuts the range into about six. */
static double step_of(double range)
{
    const double power = pow(10, floor(log10(range / 6)));
    const double rest = range / 6 / power;
    return power * (rest < 1.5 ? 1 : rest < 3.5 ? 2 : rest < 7.5 ? 5 : 10);
}

/* share: where the text's own point is, 0 left, 0.5 middle, 1 right. */
static void text(cairo_t *to, double x, double y, double share, const char *words)
{
    cairo_text_extents_t size;
    cairo_text_extents(to, words, &size);
    cairo_move_to(to, x - share * size.x_advance, y);
    cairo_show_text(to, words);
}

static void line(cairo_t *to, double x0, double y0, double x1, double y1)
{
    cairo_move_to(to, x0, y0);
    cairo_line_to(to, x1, y1);
    cairo_stroke(to);
}

static void number(char *out, size_t size, double value, double step)
{
    const int digits = step >= 1 ? 0 : (int) ceil(-log10(step) - 1e-9);
    snprintf(out, size, "%.*f", digits > 9 ? 9 : digits, fabs(value) < step / 1e6 ? 0 : value);
}

static void draw_axes(const struct frame *f, const struct plot *p)
{
    char words[64];
    cairo_t *to = f->to;
    const double step_x = step_of(f->x_high - f->x_low);
    const double step_y = step_of(f->y_high - f->y_low);
    cairo_set_line_width(to, 1);
    cairo_set_font_size(to, 15);
    for (double x = ceil(f->x_low / step_x - 1e-9) * step_x; x <= f->x_high + step_x * 1e-6; x += step_x) {
        cairo_set_source_rgb(to, 0.87, 0.87, 0.87);
        line(to, at_x(f, x), at_y(f, f->y_low), at_x(f, x), at_y(f, f->y_high));
        cairo_set_source_rgb(to, 0, 0, 0);
        number(words, sizeof words, x, step_x);
        text(to, at_x(f, x), HEIGHT - BOTTOM + 20, 0.5, words);
    }
    for (double y = ceil(f->y_low / step_y - 1e-9) * step_y; y <= f->y_high + step_y * 1e-6; y += step_y) {
        cairo_set_source_rgb(to, 0.87, 0.87, 0.87);
        line(to, at_x(f, f->x_low), at_y(f, y), at_x(f, f->x_high), at_y(f, y));
        cairo_set_source_rgb(to, 0, 0, 0);
        number(words, sizeof words, y, step_y);
        text(to, LEFT - 8, at_y(f, y) + 5, 1, words);
    }
    cairo_rectangle(to, LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    cairo_stroke(to);
    text(to, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 20, 0.5, p->x_name);
    cairo_save(to);
    cairo_translate(to, 28, (TOP + HEIGHT - BOTTOM) / 2.0);
    cairo_rotate(to, -1.5707963267948966);
    text(to, 0, 0, 0.5, p->y_name);
    cairo_restore(to);
    cairo_set_font_size(to, 19);
    text(to, (LEFT + WIDTH - RIGHT) / 2.0, 36, 0.5, p->title);
}

/* How much of the curves lies in a box of the page: points of them, a few pixels apart. */
static int covered(const struct frame *f, const struct plot *p, const double *box)
{
    enum { PARTS = 8 };
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        const struct plot_series *s = &p->series[i];
        for (int k = 0; k + 1 < s->n; k++) {
            for (int part = 0; part <= PARTS; part++) {
                const double share = (double) part / PARTS;
                const double x = at_x(f, s->x[k] + share * (s->x[k + 1] - s->x[k]));
                const double y = at_y(f, s->y[k] + share * (s->y[k + 1] - s->y[k]));
                n += x > box[0] && x < box[2] && y > box[1] && y < box[3]; /* never for what is not finite */
            }
        }
    }
    return n;
}

/* In the corner where it hides least of the curves, the lower right one if it may. */
static void draw_legend(const struct frame *f, const struct plot *p)
{
    cairo_t *to = f->to;
    double widest = 0;
    cairo_set_font_size(to, 15);
    for (int i = 0; i < p->n; i++) {
        cairo_text_extents_t size;
        cairo_text_extents(to, p->series[i].name, &size);
        widest = fmax(widest, size.x_advance);
    }
    const double across[2] = { WIDTH - RIGHT - widest - 60, LEFT + 20 };
    const double down[2] = { HEIGHT - BOTTOM - 16 - 22 * p->n, TOP + 14 };
    double x = 0;
    double y = 0;
    int least = -1;
    for (int corner = 0; corner < 4; corner++) {
        const double left = across[corner / 2];
        const double top = down[corner % 2];
        const double box[4] = { left - 10, top - 6, left + widest + 50, top + 22 * p->n + 6 };
        const int hidden = covered(f, p, box);
        if (least < 0 || hidden < least) {
            least = hidden;
            x = left;
            y = top;
        }
    }
    cairo_set_source_rgba(to, 1, 1, 1, 0.85);
    cairo_rectangle(to, x - 10, y - 6, widest + 60, 22 * p->n + 12);
    cairo_fill(to);
    for (int i = 0; i < p->n; i++) {
        cairo_set_source_rgb(to, colours[i][0], colours[i][1], colours[i][2]);
        cairo_set_line_width(to, 4);
        line(to, x, y + 11 + 22 * i, x + 28, y + 11 + 22 * i);
        cairo_set_source_rgb(to, 0, 0, 0);
        text(to, x + 38, y + 16 + 22 * i, 0, p->series[i].name);
    }
}

static void draw_series(const struct frame *f, const struct plot_series *s, const double *colour)
{
    cairo_t *to = f->to;
    cairo_save(to);
    cairo_rectangle(to, LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    cairo_clip(to);
    cairo_set_source_rgb(to, colour[0], colour[1], colour[2]);
    cairo_set_line_width(to, 2.5);
    bool begun = false;
    for (int i = 0; i < s->n; i++) {
        if (!isfinite(s->x[i]) || !isfinite(s->y[i])) {
            begun = false;
            continue;
        }
        (begun ? cairo_line_to : cairo_move_to)(to, at_x(f, s->x[i]), at_y(f, s->y[i]));
        begun = true;
    }
    cairo_stroke(to);
    cairo_restore(to);
}

static void widen(double *low, double *high, const double *v, int n)
{
    for (int i = 0; i < n; i++) {
        if (isfinite(v[i])) {
            *low = fmin(*low, v[i]);
            *high = fmax(*high, v[i]);
        }
    }
}

static void limits(struct frame *f, const struct plot *p)
{
    *f = (struct frame){ f->to, p->x_low, p->x_high, p->y_low, p->y_high };
    const bool find_x = p->x_low == p->x_high;
    const bool find_y = p->y_low == p->y_high;
    f->x_low = find_x ? INFINITY : f->x_low;
    f->x_high = find_x ? -INFINITY : f->x_high;
    f->y_low = find_y ? INFINITY : f->y_low;
    f->y_high = find_y ? -INFINITY : f->y_high;
    for (int i = 0; i < p->n; i++) {
        if (find_x) {
            widen(&f->x_low, &f->x_high, p->series[i].x, p->series[i].n);
        }
        if (find_y && p->series[i].y) {
            widen(&f->y_low, &f->y_high, p->series[i].y, p->series[i].n);
        }
    }
    double *const pairs[2][2] = { { &f->x_low, &f->x_high }, { &f->y_low, &f->y_high } };
    for (int i = 0; i < 2; i++) {
        if (!isfinite(*pairs[i][0]) || !isfinite(*pairs[i][1])) { /* no data at all */
            *pairs[i][0] = 0;
            *pairs[i][1] = 1;
        } else if (*pairs[i][0] >= *pairs[i][1]) {
            *pairs[i][1] = *pairs[i][0] + 1;
        }
    }
    if (find_y) { /* the highest point is not the frame itself */
        f->y_high += (f->y_high - f->y_low) / 20;
    }
}

/* A white page. */
static cairo_t *open_page(int w, int h)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    cairo_t *to = cairo_create(surface);
    cairo_surface_destroy(surface); /* the page keeps it */
    cairo_set_source_rgb(to, 1, 1, 1);
    cairo_paint(to);
    cairo_select_font_face(to, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    return to;
}

static enum status close_page(cairo_t *page, const char *path)
{
    const cairo_status_t done = cairo_surface_write_to_png(cairo_get_target(page), path);
    cairo_destroy(page);
    return done ? fail(NO_RESOURCE, "%s: %s", path, cairo_status_to_string(done)) : OK;
}

enum status plot_curves(const char *path, const struct plot *p)
{
    struct frame f = { .to = open_page(WIDTH, HEIGHT) };
    limits(&f, p);
    draw_axes(&f, p);
    for (int i = 0; i < p->n && i < PLOT_SERIES; i++) {
        draw_series(&f, &p->series[i], colours[i]);
    }
    draw_legend(&f, p);
    return close_page(f.to, path);
}

enum status plot_pictures(const char *path, const struct image *pictures, const char *const *titles, int n)
{
    enum { GAP = 12, TITLE = 34 };
    const int w = pictures[0].w, h = pictures[0].h;
    cairo_t *to = open_page(n * (w + GAP) + GAP, h + TITLE + GAP);
    cairo_set_font_size(to, 16);
    for (int i = 0; i < n; i++) {
        const int left = GAP + i * (w + GAP);
        cairo_surface_t *one =
            cairo_image_surface_create_for_data(pictures[i].pixels, CAIRO_FORMAT_RGB24, w, h, pictures[i].stride);
        cairo_set_source_surface(to, one, left, TITLE);
        cairo_paint(to);
        cairo_surface_destroy(one);
        cairo_set_source_rgb(to, 0.1, 0.1, 0.1);
        text(to, left + w / 2.0, TITLE - 11, 0.5, titles[i]);
    }
    return close_page(to, path);
}

enum status plot_histogram(const char *path, const struct plot *p)
{
    static const int corners = 2 * PLOT_BINS;
    double x[PLOT_SERIES][2 * PLOT_BINS];
    double y[PLOT_SERIES][2 * PLOT_BINS];
    struct plot steps = *p;
    struct frame f = { 0 };
    limits(&f, p);
    steps.x_low = f.x_low;
    steps.x_high = f.x_high;
    steps.y_low = steps.y_high = 0;
    for (int i = 0; i < p->n && i < PLOT_SERIES; i++) {
        const struct plot_series *s = &p->series[i];
        const double bin = (f.x_high - f.x_low) / PLOT_BINS;
        for (int k = 0; k < corners; k++) {
            x[i][k] = f.x_low + bin * ((k + 1) / 2);
            y[i][k] = 0;
        }
        for (int k = 0; k < s->n; k++) {
            const double at = (s->x[k] - f.x_low) / bin;
            const int b = !(at >= 0) ? 0 : at >= PLOT_BINS ? PLOT_BINS - 1 : (int) at;
            y[i][2 * b] += 1.0 / s->n;
            y[i][2 * b + 1] += 1.0 / s->n;
        }
        steps.series[i] = (struct plot_series){ s->name, x[i], y[i], corners };
    }
    return plot_curves(path, &steps);
}
