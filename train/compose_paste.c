/* SPDX-License-Identifier: MIT
 * What compose.c pastes into a scene: single faces, heads cut out of other scenes, crowds of them, pictures without
 * faces; and what hides faces. */
#include <math.h>

#include "base/random.h"
#include "train/compose_internal.h"
#include "train/compose_paint.h"

enum { LEAST_CUT = 16, LEAST_HAT = 14 }; /* smaller heads are not worth cutting out, or a hat */
enum { TRIES = 64 };                     /* to draw a head that is */

/* Free of faces, with a little air? */
static bool is_free(const struct sample *s, struct box b)
{
    for (int i = 0; i < s->n; i++) {
        if (box_intersection(s->faces[i].box, b) > 0) {
            return false;
        }
    }
    return true;
}

/* What is pasted: a picture, or the part of a scene around one of its faces. */
struct piece {
    enum pack pack;
    const struct scene *scene;
    struct image picture;
    float x, y;      /* where it lies in its scene */
    struct box face; /* that gets the wanted height, in the scene; without one the whole piece does */
};

static struct piece whole(const struct compose *c, enum pack pack, uint64_t *random)
{
    const struct scene_table *t = &c->packs[pack];
    const struct scene *scene = compose_any(c, pack, random);
    const struct box all = { 0, 0, (float) scene->picture.w, (float) scene->picture.h };
    return (struct piece){ pack, scene, scene->picture, 0, 0, scene->n ? t->faces[scene->first].box : all };
}

/* A head of a real scene, with some of what is around it. */
static struct piece cut_out(const struct compose *c, uint64_t *random)
{
    const struct scene_table *t = &c->packs[WIDER];
    struct piece p = { .pack = WIDER };
    for (int i = 0; i < TRIES && p.face.h < LEAST_CUT; i++) {
        p.scene = compose_any(c, WIDER, random);
        p.face = p.scene->n ? t->faces[p.scene->first + random_below(random, p.scene->n)].box : (struct box){ 0 };
    }
    if (p.face.h < LEAST_CUT) { /* a folder of small faces */
        return whole(c, TAGS, random);
    }
    const struct image all = p.scene->picture;
    const float air = random_between(random, 0.2f, 0.6f) * p.face.h;
    p.x = floorf(fmaxf(p.face.x - air, 0));
    p.y = floorf(fmaxf(p.face.y - air, 0));
    p.picture = image_view(all, (int) p.x, (int) p.y, (int) (p.face.x + p.face.w + air - p.x),
                           (int) (p.face.y + p.face.h + 2 * air - p.y));
    return p;
}

/* Pastes a piece so that its face becomes `want` pixels high. */
static void paste(const struct compose *c, struct sample *s, struct piece p, float want, uint64_t *random)
{
    const struct scene_table *t = &c->packs[p.pack];
    const float size = (float) c->options.size;
    const float w = (float) p.picture.w;
    const float h = (float) p.picture.h;
    const float scale = fminf(want / fmaxf(p.face.h, 4), p.pack == MTFL ? 1.2f : 2);
    const bool may_turn = p.scene->n && (t->faces[p.scene->first].marked || p.pack == VIEWS);
    const float turn = may_turn ? random_normal(random) * c->options.turn * (random_chance(random, 0.1f) ? 3 : 1) : 0;
    const float a = scale * cosf(turn * 0.0174533f);
    const float b = scale * sinf(turn * 0.0174533f);
    const float half_w = (fabsf(a) * w + fabsf(b) * h) / 2;
    const float half_h = (fabsf(a) * h + fabsf(b) * w) / 2;
    for (int attempt = 0; attempt < 8; attempt++) {
        const float x = random_between(random, 0, size);
        const float y = random_between(random, 0, size);
        const struct box place = { x - half_w, y - half_h, 2 * half_w, 2 * half_h };
        if (!is_free(s, place)) {
            continue;
        }
        const struct warp to_canvas = { a, -b, x - (a * w - b * h) / 2, b, a, y - (b * w + a * h) / 2 };
        const float feather = random_chance(random, 0.5f) ? 0 : random_between(random, 1, 0.1f * scale * w);
        const struct box seen = p.pack == VIEWS ? paint_head(s->canvas, s->spare, p.picture, to_canvas, random)
                                                : paint_scene(s->canvas, s->spare, p.picture, to_canvas, feather);
        const struct warp from_scene = warp_chain(to_canvas, (struct warp){ 1, 0, -p.x, 0, 1, -p.y });
        compose_add_faces(c, s, p.pack, p.scene, from_scene, seen);
        return;
    }
}

void compose_paste_crowd(const struct compose *c, struct sample *s, uint64_t *random)
{
    static const enum pack kinds[] = { WIDER, WIDER, WIDER, TAGS, CELEBA, WEB };
    const float low = compose_lowest(c);
    const float want = random_doubling(random, low, 24);
    const int n = 8 + random_below(random, 24);
    for (int i = 0; i < n; i++) {
        const enum pack pack = kinds[random_below(random, (int) (sizeof kinds / sizeof *kinds))];
        const float height = fmaxf(want * expf(0.15f * random_normal(random)), low);
        paste(c, s, pack == WIDER ? cut_out(c, random) : whole(c, pack, random), height, random);
    }
}

void compose_paste_some(const struct compose *c, struct sample *s, int n, uint64_t *random)
{
    static const enum pack kinds[] = { TAGS, TAGS, TAGS, HELEN, MTFL, CELEBA, CELEBA, CELEBA5, FIW, FIW, WEB, WEB };
    for (int i = 0; i < n; i++) {
        if (random_chance(random, 0.2f)) {
            paste(c, s, whole(c, NOFACES, random), random_doubling(random, 20, 150), random);
        } else {
            const bool view = random_chance(random, c->options.views);
            const enum pack pack = view ? VIEWS : kinds[random_below(random, (int) (sizeof kinds / sizeof *kinds))];
            const float size = (float) c->options.size;
            const bool large = !i && random_chance(random, 0.3f);
            const float want = large ? random_between(random, 80, 0.95f * size) : random_doubling(random, 15, 130);
            paste(c, s, whole(c, pack, random), want, random);
        }
    }
}

/* A crown from above the head to somewhere in the forehead; a brim below it or not. */
static void paint_hat(const struct compose *c, struct sample *s, struct box b, uint64_t *random)
{
    const float brow = b.y + random_between(random, 0.08f, 0.3f) * b.h;
    const float high = random_between(random, 0.25f, 0.6f) * b.h;
    const float wide = random_between(random, 1, 1.3f) * b.w;
    const float mid = b.x + b.w / 2;
    paint_cover(s->canvas, (struct box){ mid - wide / 2, brow - high, wide, high }, compose_any(c, NOFACES, random)->picture, random);
    if (random_chance(random, 0.5f)) {
        const float brim = random_between(random, 1.2f, 1.8f) * b.w;
        paint_cover(s->canvas, (struct box){ mid - brim / 2, brow - 0.08f * b.h, brim, random_between(random, 0.08f, 0.2f) * b.h },
                    compose_any(c, NOFACES, random)->picture, random);
    }
}

void compose_cover_some(const struct compose *c, struct sample *s, uint64_t *random)
{
    for (int i = 0; i < s->n; i++) {
        const struct box b = s->faces[i].box;
        if (!s->faces[i].ignore && b.h >= LEAST_HAT && random_chance(random, c->options.hats)) {
            paint_hat(c, s, b, random);
        }
        if (s->faces[i].ignore || b.h < 24 || !random_chance(random, 0.12f)) {
            continue;
        }
        const float part = random_between(random, 0.2f, 0.45f);
        struct box over = b;
        switch (random_below(random, 4)) {
        case 0: over.h *= part; break;
        case 1: over.y += b.h * (1 - part); over.h *= part; break;
        case 2: over.w *= part; break;
        default: over.x += b.w * (1 - part); over.w *= part; break;
        }
        paint_cover(s->canvas, over, compose_any(c, NOFACES, random)->picture, random);
    }
}
