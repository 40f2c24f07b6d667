/* SPDX-License-Identifier: MIT
 * A target that is there stands out even when it has changed; where it is gone several places are as good as each other.
 * The numbers were set on the TLD sequences, and so that no OTB target is taken for gone (docs/results.md). */
#include "tracker/gone.h"

#include <math.h>

enum { PATIENCE = 5, EDGE = 15 }; /* frames */

static float seen_of(struct box b, struct image im)
{
    return box_intersection(b, (struct box){0, 0, (float)im.w, (float)im.h}) / box_area(b);
}

void gone_start(struct gone *g)
{
    g->low = g->edge = g->place = 0;
}

bool gone_is_leaving(const struct gone *g)
{
    return g->edge > 0;
}

void gone_is_back(struct gone *g)
{
    g->low = g->place = 0;
}

bool gone_watch(struct gone *g, const struct gone_rules *r, float heat, float usual, float alone, struct box box,
                struct image im)
{
    static const float whole = 0.8f, easier = 1.4f; /* times r->lost at the picture's edge, where targets go */
    static const float hardly = 0.75f; /* times r->lost: what stands out then is something else */
    bool stands_out = alone >= r->alone;
    g->edge = seen_of(box, im) < whole ? EDGE : g->edge - (g->edge > 0);
    if (g->low >= PATIENCE) {
        if (heat >= r->found * usual && stands_out)
            gone_is_back(g);
    } else if (heat < (stands_out ? hardly : g->edge ? easier : 1) * r->lost * usual)
        g->low++;
    else
        g->low -= g->low > 0;
    return g->low >= PATIENCE;
}

static void grid_of(struct image im, float side, int *across, int *down)
{
    *across = (int)ceilf((float)im.w / (0.5f * side));
    *down = (int)ceilf((float)im.h / (0.5f * side));
}

int gone_places(struct image im, float side)
{
    int across, down;
    grid_of(im, side, &across, &down);
    return across * down;
}

struct box gone_place(struct box like, struct image im, float side, int k)
{
    int across, down;
    grid_of(im, side, &across, &down);
    like.x = ((float)(k % across) + 0.5f) * (float)im.w / (float)across - like.w / 2;
    like.y = ((float)(k / across) + 0.5f) * (float)im.h / (float)down - like.h / 2;
    return like;
}

float gone_enough(const struct gone *g, const struct gone_rules *r, float usual, float here, int all)
{
    static const float at_once = 0.9f, clearly = 1.3f;
    return fmaxf((g->place < all ? fmaxf(at_once, r->found) : r->found) * usual, clearly * here);
}

bool gone_is_new(struct gone *g, float heat, int all)
{
    static const float changed = 1.25f;
    int k = g->place % all;
    if (k >= GONE_PLACES)
        return true;
    bool first = g->place < all, is_new = first || heat > changed * g->known[k];
    g->known[k] = first ? heat : fmaxf(heat, g->known[k]);
    return is_new;
}
