/* SPDX-License-Identifier: MIT
 * Which scene, where, how large; what is still to be seen of each face. What is pasted in and what hides faces is in
 * compose_paste.c, the drawing itself in compose_paint.c. */
#include "train/compose_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "train/compose_paint.h"
#include "train/compose_place.h"
#include "train/compose_views.h"

static const struct { const char *name; bool scene; } packs[N_PACKS] = {
    { "wider-train", true },   { "masks", true },         { "tags", true },       { "marks-helen", true },
    { "marks-mtfl", true },    { "faces-celeba", false }, { "faces-celeba5", false }, { "faces-fiw", false },
    { "faces-web", false },    { "nofaces", true },       { "multiview-kdef", true },
};
enum { VIEWS_STEP = 2, SMALL = 32 };

/* The masks pack frames tightly: brow to chin, without the forehead that WIDER's boxes have. */
static void loosen(struct scene_table *t)
{
    for (int i = 0; i < t->n_faces; i++) {
        struct box *b = &t->faces[i].box;
        b->y -= 0.10f * b->h;
        b->h *= 1.10f;
        t->faces[i].guessed = true;
    }
}

static enum status open_pack(struct compose *c, int pack)
{
    char tsv[1024];
    char mkv[1024];
    struct scene_table *t = &c->packs[pack];
    if (pack == VIEWS) {
        return c->options.views > 0 ? compose_views_open(t, c->options.folder, VIEWS_STEP) : OK;
    }
    snprintf(tsv, sizeof tsv, "%s/%s.tsv", c->options.folder, packs[pack].name);
    snprintf(mkv, sizeof mkv, "%s/%s.mkv", c->options.folder, packs[pack].name);
    enum status s = scene_table_open(t, tsv, "train");
    if (s) {
        return s;
    }
    const int most = c->options.faces_per_pack;
    if (!packs[pack].scene && most > 0 && t->n_scenes > most) {
        scene_table_thin(t, 0, (t->n_scenes + most - 1) / most, false);
    }
    if (pack == MASKS) {
        loosen(t);
    }
    if (pack == WIDER && c->options.held_out > 0) {
        s = scene_table_open(&c->held_out, tsv, "train");
        if (!s) {
            scene_table_hold_out(&c->held_out, c->options.held_out, true);
            scene_table_hold_out(t, c->options.held_out, false);
            s = scene_load(&c->held_out, mkv);
        }
    }
    return s ? s : scene_load(t, mkv);
}

enum status compose_open(struct compose **out, const struct compose_options *o)
{
    struct compose *c = memory_alloc(1, sizeof *c);
    *out = NULL;
    if (!c) {
        return fail(NO_RESOURCE, "no memory for the scenes");
    }
    c->options = *o;
    for (int i = 0; i < N_PACKS; i++) {
        const enum status s = open_pack(c, i);
        if (s) {
            compose_close(&c);
            return fail_in(s, "scenes");
        }
        log_say(LOG_INFO, "scenes", "%s: %d pictures", packs[i].name, c->packs[i].n_scenes);
    }
    c->options.folder = NULL;
    *out = c;
    return OK;
}

void compose_close(struct compose **c)
{
    if (*c) {
        for (int i = 0; i < N_PACKS; i++) {
            scene_table_close(&(*c)->packs[i]);
        }
        scene_table_close(&(*c)->held_out);
        memory_free(&(*c)->hard);
    }
    memory_free(c);
}

const struct scene_table *compose_held_out(const struct compose *c)
{
    return &c->held_out;
}

const struct scene_table *compose_learnt(const struct compose *c)
{
    return &c->packs[WIDER];
}

void compose_hard_clear(struct compose *c)
{
    c->n_hard = 0;
}

enum status compose_hard_add(struct compose *c, int scene, struct box box)
{
    const enum status s = memory_grow(&c->hard, &c->hard_room, (size_t) c->n_hard + 1, sizeof *c->hard);
    if (!s) {
        c->hard[c->n_hard++] = (struct hard){ scene, box };
    }
    return s;
}

int compose_scenes(const struct compose *c)
{
    return c->packs[WIDER].n_scenes + c->packs[MASKS].n_scenes + c->packs[TAGS].n_scenes;
}

enum status sample_create(struct sample *s, int size)
{
    memset(s, 0, sizeof *s);
    struct image *const both[] = { &s->canvas, &s->spare };
    for (int i = 0; i < 2; i++) {
        *both[i] = (struct image){ NULL, size, size, size * IMAGE_PIXEL };
        both[i]->pixels = memory_alloc((size_t) size, (size_t) both[i]->stride);
        if (!both[i]->pixels) {
            sample_free(s);
            return fail(NO_RESOURCE, "no memory for a picture of %d x %d", size, size);
        }
    }
    return OK;
}

void sample_free(struct sample *s)
{
    memory_free(&s->canvas.pixels);
    memory_free(&s->spare.pixels);
}

float compose_lowest(const struct compose *c)
{
    return fminf(14, 1.2f * c->options.smallest);
}

const struct scene *compose_any(const struct compose *c, enum pack pack, uint64_t *random)
{
    const struct scene_table *t = &c->packs[pack];
    return &t->scenes[random_below(random, t->n_scenes)];
}

void compose_add_faces(const struct compose *c, struct sample *s, enum pack pack, const struct scene *scene,
                       struct warp to_canvas, struct box seen)
{
    const struct scene_table *t = &c->packs[pack];
    for (int i = 0; i < scene->n && s->n < SAMPLE_FACES; i++) {
        struct scene_face f = t->faces[scene->first + i];
        const struct box b = f.box;
        const struct point mid = warp_point(to_canvas, box_centre(b));
        /* upright box around the turned ellipse */
        const float w = hypotf(to_canvas.a * b.w, to_canvas.b * b.h);
        const float h = hypotf(to_canvas.c * b.w, to_canvas.d * b.h);
        f.box = (struct box){ mid.x - w / 2, mid.y - h / 2, w, h };
        for (int j = 0; f.marked && j < FACE_MARKS; j++) {
            f.marks[j] = warp_point(to_canvas, f.marks[j]);
        }
        if (f.marked && to_canvas.b != 0) { /* turned: the old box no longer fits */
            f.box = scene_box_of_marks(f.marks);
        }
        const float whole = box_area(f.box);
        const float part = whole > 0 ? box_intersection(f.box, seen) / whole : 0;
        if (part < 0.05f) {
            continue;
        }
        f.ignore |= part < 0.6f || f.box.h < c->options.smallest;
        if (part < 0.97f) { /* cut off: as the labellers do, the box ends where the picture ends */
            const float right = fminf(f.box.x + f.box.w, seen.x + seen.w);
            const float bottom = fminf(f.box.y + f.box.h, seen.y + seen.h);
            f.box.x = fmaxf(f.box.x, seen.x);
            f.box.y = fmaxf(f.box.y, seen.y);
            f.box.w = right - f.box.x;
            f.box.h = bottom - f.box.y;
            f.guessed = false;
        }
        s->faces[s->n++] = f;
    }
}

/* A piece of a face-free scene over the whole canvas. */
static void ground(const struct compose *c, struct sample *s, uint64_t *random)
{
    const struct scene *scene = compose_any(c, NOFACES, random);
    const float size = (float) c->options.size;
    const float w = (float) scene->picture.w;
    const float h = (float) scene->picture.h;
    const float scale = random_doubling(random, 1, 2) * size / fminf(w, h);
    const float x = random_between(random, 0, scale * w - size);
    const float y = random_between(random, 0, scale * h - size);
    paint_random(s->canvas, random);
    paint_scene(s->canvas, s->spare, scene->picture, (struct warp){ scale, 0, -x, 0, scale, -y }, 0);
}

/* In a crowd nearly all faces are tiny; a face as high as this is always taken when drawn, lower ones the less often. */
#define TAKEN 32
enum { DRAWS = 8 };

static bool is_taken(struct box face, uint64_t *random)
{
    return random_chance(random, fminf(1, face.h / TAKEN));
}

/* A scene and the place in it that the canvas is to show. */
static struct box draw_anchor(const struct compose *c, enum pack *pack, const struct scene **scene, uint64_t *random)
{
    *pack = random_chance(random, 0.8f) ? WIDER : random_chance(random, 0.8f) ? MASKS : TAGS;
    const struct scene_table *t = &c->packs[*pack];
    if (*pack == WIDER && c->n_hard && random_chance(random, c->options.hard)) {
        const struct hard *place;
        int draws = 0;
        do {
            place = &c->hard[random_below(random, c->n_hard)];
        } while (++draws < DRAWS && !is_taken(place->box, random));
        *scene = &t->scenes[place->scene];
        return place->box;
    }
    do {
        *scene = compose_any(c, *pack, random);
    } while (!(*scene)->n);
    struct box anchor;
    int draws = 0;
    do {
        anchor = t->faces[(*scene)->first + random_below(random, (*scene)->n)].box;
    } while (++draws < DRAWS && !is_taken(anchor, random));
    return anchor;
}

/* Begins the canvas with a crop of a scene with a face of wanted size in it. */
static void begin_with_faces(const struct compose *c, struct sample *s, uint64_t *random)
{
    const struct scene *scene;
    enum pack pack;
    const float size = (float) c->options.size;
    struct box anchor = draw_anchor(c, &pack, &scene, random);
    if (anchor.h < 4) {
        anchor.h = anchor.w = 4;
    }
    const float low = compose_lowest(c);
    const float want = random_chance(random, c->options.small) ? random_doubling(random, low, SMALL)
                       : random_chance(random, 0.65f)            ? random_doubling(random, low, 110)
                                                                 : random_between(random, 70, 1.05f * size);
    /* a face blown up much teaches blur only */
    const float most = anchor.h < 40 ? 1.6f : 3;
    const float scale = fminf(fmaxf(want / anchor.h, 0.6f * size / (float) (scene->picture.w + scene->picture.h)), most);
    float turn = 0;
    if (c->options.tilt > 0 && random_chance(random, 0.6f)) {
        turn = c->options.tilt * random_normal(random) * (random_chance(random, 0.1f) ? 6 : 1);
    }
    const struct warp to_canvas = compose_place(scene->picture, anchor, scale, turn, size, random);
    const bool covers = turn == 0 && scale * (float) scene->picture.w >= size && scale * (float) scene->picture.h >= size;
    if (!covers && random_chance(random, 0.6f)) {
        ground(c, s, random);
    } else if (!covers) {
        paint_random(s->canvas, random);
    }
    const struct box seen = paint_scene(s->canvas, s->spare, scene->picture, to_canvas, 0);
    compose_add_faces(c, s, pack, scene, to_canvas, seen);
}

static void mirror(struct sample *s)
{
    const float w = (float) s->canvas.w;
    image_mirror(s->canvas);
    for (int i = 0; i < s->n; i++) {
        struct scene_face *f = &s->faces[i];
        const struct point from[FACE_MARKS] = { f->marks[1], f->marks[0], f->marks[2], f->marks[4], f->marks[3] };
        f->box.x = w - f->box.x - f->box.w;
        for (int j = 0; j < FACE_MARKS; j++) {
            f->marks[j] = (struct point){ w - from[j].x, from[j].y };
        }
    }
}

void compose_draw(const struct compose *c, struct sample *s, uint64_t *random)
{
    s->n = 0;
    const bool real = random_chance(random, c->options.real);
    if (real) {
        begin_with_faces(c, s, random);
    } else {
        ground(c, s, random);
    }
    compose_paste_some(c, s, random_below(random, real ? 3 : 6), random);
    if (random_chance(random, c->options.crowd)) {
        compose_paste_crowd(c, s, random);
    }
    compose_cover_some(c, s, random);
    if (random_chance(random, 0.5f)) {
        mirror(s);
    }
    paint_light(s->canvas, s->spare, c->options.grey, random);
}
