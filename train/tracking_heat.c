/* SPDX-License-Identifier: MIT
 * Heat in colour over the dimmed region, one panel a head. */
#include "train/tracking_heat.h"

#include <math.h>

#include "base/memory.h"
#include "train/plot.h"

enum { SIDE = 276, PANELS = 3 };

/* From blue over green to red, over the dimmed picture. */
static void paint_heat(struct image out, struct image region, const float *heat, int grid)
{
    float most = 1e-9f;
    for (int i = 0; i < grid * grid; i++)
        most = fmaxf(most, heat[i]);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            float h = fmaxf(heat[y * grid / SIDE * grid + x * grid / SIDE] / most, 0);
            uint8_t *to = out.pixels + y * out.stride + x * IMAGE_PIXEL;
            const uint8_t *from = region.pixels + y * region.stride + x * IMAGE_PIXEL;
            float colour[3] = {fmaxf(0, 1 - 2 * h), 1 - fabsf(2 * h - 1), fmaxf(0, 2 * h - 1)};
            for (int c = 0; c < 3; c++)
                to[c] = (uint8_t)(0.45f * (float)from[c] + 0.55f * 255 * colour[c]);
        }
}

static void paint_box(struct image im, struct box b)
{
    enum { LINE = 2 };
    int x = (int)b.x, y = (int)b.y, w = (int)b.w, h = (int)b.h;
    const struct image sides[4] = {image_view(im, x, y, w, LINE), image_view(im, x, y + h - LINE, w, LINE),
                                   image_view(im, x, y, LINE, h), image_view(im, x + w - LINE, y, LINE, h)};
    for (int i = 0; i < 4; i++)
        image_fill(sides[i], 255, 220, 0);
}

enum status tracking_heat(const char *path, const struct single_kind *kind, void *tracker, struct image im, struct box found)
{
    static const char *const titles[PANELS] = {"search region", "GNet's heat", "SNet's heat"};
    struct single_heats h;
    struct image panels[PANELS];
    size_t bytes = SIDE * SIDE * IMAGE_PIXEL;
    if (!kind->heats)
        return fail(BAD_USAGE, "eval tracking: %s has no heads whose heat could be drawn", kind->name);
    kind->heats(tracker, &h);
    uint8_t *pixels = memory_alloc(PANELS, bytes);
    if (!pixels)
        return fail(NO_RESOURCE, "%s: no memory", path);
    for (int i = 0; i < PANELS; i++)
        panels[i] = (struct image){pixels + (size_t)i * bytes, SIDE, SIDE, SIDE * IMAGE_PIXEL};
    float step = h.region.w / SIDE;
    image_warp(panels[0], im, (struct warp){step, 0, h.region.x, 0, step, h.region.y});
    paint_heat(panels[1], panels[0], h.general, h.grid);
    paint_heat(panels[2], panels[0], h.specific, h.grid);
    paint_box(panels[0], (struct box){(found.x - h.region.x) / step, (found.y - h.region.y) / step, found.w / step, found.h / step});
    enum status s = plot_pictures(path, panels, titles, PANELS);
    memory_free(&pixels);
    return s;
}
