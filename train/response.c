/* SPDX-License-Identifier: MIT */
#include "train/response.h"

#include <math.h>

#include "nets/models/models.h"

enum { STEP = 4, GRID = LNET_TAGS_SIDE / STEP, SMALLEST = 24 }; /* pixels between the places that are looked at */

/* Between the cells' centres; beyond the outermost the map goes on level. */
static float between(const float *map, float x, float y)
{
    float most = LNET_TAGS_CELLS - 1.001f;
    float cx = fminf(fmaxf((x - LNET_TAGS_FIRST) / LNET_TAGS_STRIDE, 0), most);
    float cy = fminf(fmaxf((y - LNET_TAGS_FIRST) / LNET_TAGS_STRIDE, 0), most);
    int ix = (int)cx, iy = (int)cy;
    const float *at = map + iy * LNET_TAGS_CELLS + ix;
    float right = cx - (float)ix, low = cy - (float)iy;
    return (at[0] * (1 - right) + at[1] * right) * (1 - low) +
           (at[LNET_TAGS_CELLS] * (1 - right) + at[LNET_TAGS_CELLS + 1] * right) * low;
}

/* Sum over the places x0 .. x1 - 1, y0 .. y1 - 1. */
static double sum(double (*total)[GRID + 1], int x0, int y0, int x1, int y1)
{
    return total[y1][x1] - total[y0][x1] - total[y1][x0] + total[y0][x0];
}

static int within(int v, int most)
{
    return v < 0 ? 0 : v > most ? most : v;
}

struct response response_read(const float *map, int w, int h)
{
    double total[GRID + 1][GRID + 1] = { { 0 } };
    int across = within(w / STEP, GRID), down = within(h / STEP, GRID);
    float highest = -INFINITY;
    struct response r = { .score = -INFINITY };
    for (int y = 0; y < down; y++) {
        double row = 0;
        for (int x = 0; x < across; x++) {
            float px = STEP * ((float)x + 0.5f), py = STEP * ((float)y + 0.5f), v = between(map, px, py);
            row += (double)v;
            total[y + 1][x + 1] = total[y][x + 1] + row;
            if (v > highest) {
                highest = v;
                r.peak = (struct point){ px, py };
            }
        }
    }
    for (float size = SMALLEST / STEP; (int)size <= across && (int)size <= down; size *= 1.25f) {
        int side = (int)size, ring = (side + 1) / 2;
        for (int y = 0; y + side <= down; y++)
            for (int x = 0; x + side <= across; x++) {
                int x0 = within(x - ring, across), y0 = within(y - ring, down);
                int x1 = within(x + side + ring, across), y1 = within(y + side + ring, down);
                double inside = sum(total, x, y, x + side, y + side), around = sum(total, x0, y0, x1, y1) - inside;
                int n = (x1 - x0) * (y1 - y0) - side * side;
                float score = (float)(inside / (side * side) - (n ? around / n : 0));
                if (score > r.score) {
                    r.score = score;
                    r.window = (struct box){ (float)(STEP * x), (float)(STEP * y), (float)(STEP * side), (float)(STEP * side) };
                }
            }
    }
    return r;
}

enum status response_open(struct response_net *r, const struct net *n)
{
    enum status s = net_find(n, "picture", &r->picture);
    if (!s)
        s = net_find(n, "response", &r->map);
    return s ? s : net_run_create(&r->run, n, 1, NET_INFER);
}

struct response response_of(struct response_net *r, struct image picture)
{
    uint8_t pixels[LNET_TAGS_SIDE * LNET_TAGS_SIDE * IMAGE_PIXEL];
    float shrink = fmaxf(1, (float)(picture.w > picture.h ? picture.w : picture.h) / LNET_TAGS_SIDE);
    struct image small = picture;
    if (shrink > 1) {
        small = (struct image){ pixels, within((int)((float)picture.w / shrink), LNET_TAGS_SIDE),
                                within((int)((float)picture.h / shrink), LNET_TAGS_SIDE), LNET_TAGS_SIDE * IMAGE_PIXEL };
        image_resize(small, picture);
    }
    net_run_picture(r->run, r->picture, small);
    net_run_forward(r->run, 0);
    struct response found = response_read(net_run_at(r->run, r->map).at, small.w, small.h);
    found.peak = (struct point){ found.peak.x * shrink, found.peak.y * shrink };
    found.window = (struct box){ found.window.x * shrink, found.window.y * shrink, found.window.w * shrink,
                                 found.window.h * shrink };
    return found;
}

void response_close(struct response_net *r)
{
    net_run_free(&r->run);
}
