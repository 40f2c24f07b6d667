/* SPDX-License-Identifier: MIT
 * The picture in tiles; those with a small window in them are cut out with a margin, doubled and searched. */
#include "detector/closer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "detector/merge.h"
#include "nets/net.h"

enum { TILE = 160, MARGIN = 16, CUT = TILE + 2 * MARGIN, FOUND = 4096 };
/* Lower windows are small. Chosen, like CLOSER_HINT, on the pictures of WIDER's train part that LNet did not see, at half
 * their size (docs/results.md). */
#define SMALL 36

struct closer {
    struct locate locate;
    struct net_run *run; /* of one doubled cut */
    int input;
    struct image doubled;
    struct window *found; /* in one cut */
    bool *wanted; /* a tile each, row by row */
    size_t room;
    int across, down;
};

enum status closer_open(struct closer **out, const struct net *net, const struct locate *locate, bool half, bool int8)
{
    struct closer *c = memory_alloc(1, sizeof *c);
    *out = NULL;
    if (!c) {
        return fail(NO_RESOURCE, "no memory for the detector");
    }
    c->locate = *locate;
    c->doubled = (struct image){ memory_alloc(2 * CUT, 2 * CUT * IMAGE_PIXEL), 2 * CUT, 2 * CUT, 2 * CUT * IMAGE_PIXEL };
    c->found = memory_alloc(FOUND, sizeof *c->found);
    enum status s = c->doubled.pixels && c->found ? net_find(net, "picture", &c->input)
                                                  : fail(NO_RESOURCE, "no memory for the detector");
    s = s ? s : net_run_create_sized(&c->run, net, 1, 2 * CUT, 2 * CUT, NET_INFER);
    if (s) {
        closer_close(&c);
        return s;
    }
    net_run_half(c->run, half);
    net_run_int8(c->run, int8);
    *out = c;
    return OK;
}

void closer_close(struct closer **c)
{
    if (*c) {
        net_run_free(&(*c)->run);
        memory_free(&(*c)->doubled.pixels);
        memory_free(&(*c)->found);
        memory_free(&(*c)->wanted);
    }
    memory_free(c);
}

enum status closer_plan(struct closer *c, int w, int h)
{
    c->across = (w + TILE - 1) / TILE;
    c->down = (h + TILE - 1) / TILE;
    return memory_grow(&c->wanted, &c->room, (size_t) c->across * (size_t) c->down, sizeof *c->wanted);
}

/* The tile in which the middle of a small window lies; -1: none, or the window is not small. */
static int tile_of(const struct closer *c, const struct window *w)
{
    const struct point mid = box_centre(w->box);
    const int x = (int) floorf(mid.x / TILE);
    const int y = (int) floorf(mid.y / TILE);
    const bool inside = x >= 0 && x < c->across && y >= 0 && y < c->down;
    return inside && w->box.h < SMALL ? y * c->across + x : -1;
}

static void move(struct window *w, struct point by)
{
    w->box.x += by.x;
    w->box.y += by.y;
    for (int k = 0; k < FACE_MARKS; k++) {
        w->marks[k].x += by.x;
        w->marks[k].y += by.y;
    }
}

static int look_at(struct closer *c, struct image im, int tile, float least, struct window *windows, int n, int max)
{
    const int left = tile % c->across * TILE - MARGIN;
    const int top = tile / c->across * TILE - MARGIN;
    const struct point from = { (float) (left > 0 ? left : 0), (float) (top > 0 ? top : 0) };
    const struct image cut = image_view(im, left, top, CUT, CUT);
    c->doubled.w = 2 * cut.w;
    c->doubled.h = 2 * cut.h;
    image_resize(c->doubled, cut);
    net_run_picture(c->run, c->input, c->doubled);
    net_run_forward(c->run, 0);
    const int found = locate_windows(&c->locate, c->run, 0, least, 0.5f, c->found, 0, max < FOUND ? max : FOUND);
    if (n + found > max) { /* a crowd, and a threshold far below any use: the weakest go */
        n = merge_best(windows, n, max - found);
    }
    for (int i = 0; i < found; i++) {
        move(&c->found[i], from);
        if (tile_of(c, &c->found[i]) == tile) { /* others are larger, or another tile's */
            windows[n++] = c->found[i];
        }
    }
    return n;
}

/* Notes the tiles that hold a hint. */
static void choose_tiles(struct closer *c, const struct window *windows, int n)
{
    memset(c->wanted, 0, (size_t) (c->across * c->down) * sizeof *c->wanted);
    for (int i = 0; i < n; i++) {
        const int tile = tile_of(c, &windows[i]);
        if (tile >= 0 && windows[i].score >= CLOSER_HINT) {
            c->wanted[tile] = true;
        }
    }
}

int closer_look(struct closer *c, struct image im, float least, struct window *windows, int n, int max)
{
    int kept = 0;
    choose_tiles(c, windows, n);
    for (int i = 0; i < n; i++) {
        if (locate_logit(windows[i].score) >= least) {
            windows[kept++] = windows[i];
        }
    }
    n = kept;
    for (int t = 0; t < c->across * c->down; t++) {
        n = c->wanted[t] ? look_at(c, im, t, least, windows, n, max) : n;
    }
    return n;
}
