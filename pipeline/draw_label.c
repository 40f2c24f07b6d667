/* SPDX-License-Identifier: MIT
 * Labels by Pango: any script, right-to-left too. The name and the number are laid out apart, so that a name's
 * direction does not move the number. */
#include "pipeline/draw_label.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/draw.h"

struct parts { PangoLayout *name, *number, *more; int name_w, number_w, text_h, more_w, more_h; };

static PangoLayout *layout(cairo_t *cr, const char *family, int font, bool bold, const char *text, int max_w)
{
    PangoLayout *l = pango_cairo_create_layout(cr);
    PangoFontDescription *d = pango_font_description_new();
    pango_font_description_set_family(d, family);
    pango_font_description_set_absolute_size(d, font * PANGO_SCALE);
    pango_font_description_set_weight(d, bold ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(l, d);
    pango_font_description_free(d);
    pango_layout_set_single_paragraph_mode(l, TRUE);
    pango_layout_set_text(l, text, -1);
    int w;
    pango_layout_get_pixel_size(l, &w, NULL);
    if (max_w > 0 && w > max_w) {
        pango_layout_set_width(l, max_w * PANGO_SCALE);
        pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_END);
    }
    return l;
}

static int width_of(PangoLayout *l, int *h)
{
    int w, own;
    pango_layout_get_pixel_size(l, &w, &own);
    *h = *h > own ? *h : own;
    return w;
}

static void pill(cairo_t *cr, double x, double y, double w, double h, double r)
{
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + w - r, y + r, r, -M_PI / 2, 0);
    cairo_arc(cr, x + w - r, y + h - r, r, 0, M_PI / 2);
    cairo_arc(cr, x + r, y + h - r, r, M_PI / 2, M_PI);
    cairo_arc(cr, x + r, y + r, r, M_PI, 1.5 * M_PI);
    cairo_close_path(cr);
}

static void show(cairo_t *cr, PangoLayout *l, double x, double y)
{
    cairo_move_to(cr, x, y);
    pango_cairo_show_layout(cr, l);
}

static void paint(struct label *label, const struct parts *p, int pad, int gap)
{
    struct draw_colour c = draw_track_colour(label->track);
    cairo_t *cr = cairo_create(label->picture);
    pill(cr, 0.75, 0.75, label->w - 1.5, label->h - 1.5, p->text_h * 0.38);
    cairo_set_source_rgba(cr, 0.06, 0.06, 0.08, 0.82);
    cairo_fill_preserve(cr);
    cairo_set_source_rgb(cr, c.r, c.g, c.b);
    cairo_set_line_width(cr, 1.5);
    cairo_stroke(cr);
    double white = label->known ? 1.0 : 0.78;
    cairo_set_source_rgb(cr, white, white, white);
    double top = (label->h - p->text_h - p->more_h) / 2.0;
    show(cr, p->name, pad, top);
    if (p->more)
        show(cr, p->more, pad, top + p->text_h);
    cairo_set_source_rgb(cr, 0.35 + 0.65 * c.r, 0.35 + 0.65 * c.g, 0.35 + 0.65 * c.b);
    show(cr, p->number, pad + p->name_w + gap, top);
    cairo_destroy(cr);
    cairo_surface_flush(label->picture);
}

static int more_font(int font)
{
    int smaller = (int)lround(font * 0.75);
    return smaller > 9 ? smaller : 9;
}

static void render(struct label *label, const char *family)
{
    char number[32];
    cairo_surface_t *dot = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, 1, 1);
    cairo_t *cr = cairo_create(dot);
    int pad = (int)ceil(label->font * 0.45), gap = (int)ceil(label->font * 0.35);
    snprintf(number, sizeof number, "%d", label->track);
    struct parts p = {.number = layout(cr, family, label->font, false, number, 0)};
    p.number_w = width_of(p.number, &p.text_h);
    int room = label->max_w - 2 * pad - gap - p.number_w;
    p.name = layout(cr, family, label->font, label->known, label->text, room > label->font ? room : label->font);
    p.name_w = width_of(p.name, &p.text_h);
    if (*label->more) {
        p.more = layout(cr, family, more_font(label->font), false, label->more, label->max_w - 2 * pad);
        p.more_w = width_of(p.more, &p.more_h);
    }
    label->w = p.name_w + gap + p.number_w;
    label->w = 2 * pad + (label->w > p.more_w ? label->w : p.more_w);
    label->h = p.text_h + p.more_h + (int)ceil(label->font * 0.2);
    label->picture = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, label->w, label->h);
    if (cairo_surface_status(label->picture) == CAIRO_STATUS_SUCCESS) {
        paint(label, &p, pad, gap);
    } else {
        cairo_surface_destroy(label->picture);
        label->picture = NULL;
    }
    g_object_unref(p.name);
    g_object_unref(p.number);
    if (p.more)
        g_object_unref(p.more);
    cairo_destroy(cr);
    cairo_surface_destroy(dot);
}

static bool is_same(const struct label *l, const struct label *wanted)
{
    return l->picture && l->track == wanted->track && l->font == wanted->font && l->known == wanted->known &&
           l->max_w == wanted->max_w && strcmp(l->text, wanted->text) == 0 && strcmp(l->more, wanted->more) == 0;
}

const struct label *label_get(struct label_cache *c, int track, const char *name, const char *more, bool known, int font,
                              int max_w)
{
    struct label *oldest = &c->labels[0];
    struct label wanted = {.track = track, .font = font, .max_w = max_w, .known = known, .used = ++c->clock};
    snprintf(wanted.text, sizeof wanted.text, "%s", name);
    snprintf(wanted.more, sizeof wanted.more, "%s", more);
    for (int i = 0; i < LABEL_SLOTS; i++) {
        struct label *l = &c->labels[i];
        if (is_same(l, &wanted)) {
            l->used = c->clock;
            return l;
        }
        if (!l->picture || (oldest->picture && l->used < oldest->used))
            oldest = oldest->picture ? l : oldest;
    }
    if (oldest->picture)
        cairo_surface_destroy(oldest->picture);
    *oldest = wanted;
    render(oldest, c->family);
    return oldest->picture ? oldest : NULL;
}

void label_free(struct label_cache *c)
{
    for (int i = 0; i < LABEL_SLOTS; i++)
        if (c->labels[i].picture)
            cairo_surface_destroy(c->labels[i].picture);
    memset(c->labels, 0, sizeof c->labels);
}

enum { PANEL_PAD = 8 };

void draw_panel_size(const char *text, float font, int max_w, int *w, int *h)
{
    cairo_surface_t *dot = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, 1, 1);
    cairo_t *cr = cairo_create(dot);
    PangoLayout *l = layout(cr, "Sans", (int)font, false, text, max_w - 2 * PANEL_PAD);
    *h = 0;
    *w = width_of(l, h) + 2 * PANEL_PAD;
    *h += PANEL_PAD;
    g_object_unref(l);
    cairo_destroy(cr);
    cairo_surface_destroy(dot);
}

void draw_panel(struct image out, const char *text, float font)
{
    cairo_surface_t *s = cairo_image_surface_create_for_data(out.pixels, CAIRO_FORMAT_RGB24, out.w, out.h, out.stride);
    cairo_t *cr = cairo_create(s);
    cairo_set_source_rgb(cr, 0.09, 0.09, 0.11);
    cairo_paint(cr);
    PangoLayout *l = layout(cr, "Sans", (int)font, false, text, out.w - 2 * PANEL_PAD);
    cairo_set_source_rgb(cr, 0.94, 0.94, 0.94);
    show(cr, l, PANEL_PAD, PANEL_PAD / 2.0);
    g_object_unref(l);
    cairo_destroy(cr);
    cairo_surface_destroy(s);
}
