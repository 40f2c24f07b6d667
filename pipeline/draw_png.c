/* SPDX-License-Identifier: MIT
 * Pictures as PNG bytes, by Cairo. */
#include "pipeline/draw_png.h"

#include <cairo.h>
#include <string.h>

#include "base/memory.h"

struct growing { unsigned char *at; size_t n, room; };

static cairo_status_t append(void *context, const unsigned char *data, unsigned length)
{
    struct growing *g = context;
    size_t want = g->n + length;
    /* Doubling: libpng writes in small pieces. */
    if (want > g->room && memory_grow(&g->at, &g->room, want < 2 * g->room ? 2 * g->room : want, 1))
        return CAIRO_STATUS_NO_MEMORY;
    memcpy(g->at + g->n, data, length);
    g->n = want;
    return CAIRO_STATUS_SUCCESS;
}

enum status draw_png(unsigned char **bytes, size_t *size, struct image im)
{
    *bytes = NULL;
    *size = 0;
    if (im.w <= 0 || im.h <= 0)
        return OK;
    struct growing g = {0};
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, im.w, im.h);
    cairo_status_t bad = cairo_surface_status(s);
    if (!bad) {
        cairo_surface_flush(s);
        struct image copy = {cairo_image_surface_get_data(s), im.w, im.h, cairo_image_surface_get_stride(s)};
        image_copy(copy, im);
        cairo_surface_mark_dirty(s);
        bad = cairo_surface_write_to_png_stream(s, append, &g);
    }
    cairo_surface_destroy(s);
    if (bad) {
        memory_free(&g.at);
        return fail(NO_RESOURCE, "PNG of %dx%d: %s", im.w, im.h, cairo_status_to_string(bad));
    }
    *bytes = g.at;
    *size = g.n;
    return OK;
}
