/* SPDX-License-Identifier: MIT
 * Streams through the packs once, cutting patches. */
#include "train/mine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "detector/marks.h"
#include "nets/models/models.h"
#include "train/finds.h"

enum { FOUND = 64 }; /* of a picture */
#define LEAST_HEIGHT 16.0f /* a patch of fewer pixels teaches nothing */

/* Labels of every pack lie to the right of where a net puts the marks that learnt from faces and their mirror pictures
 * alike and so knows no side; on mirrored pictures they lie as far to the left (docs/results.md). */
static const struct pack {
    const char *name;
    bool scene;          /* the detector looks at it; else one patch a marked face */
    enum mine_kind kind; /* of patches with true marks */
    float right;         /* so far, in distances of the eyes */
    bool held_out;       /* has pictures that LNet did not learn from */
} packs[] = {
    { "wider-train", true, MINE_RIGHT, 0, true },
    { "masks", true, MINE_RIGHT, 0, false },
    { "nofaces", true, MINE_RIGHT, 0, false },
    { "marks-helen", false, MINE_HELEN, 0.024f, false },
    { "marks-mtfl", false, MINE_MTFL, 0.038f, false },
    { "tags", false, MINE_FACES, 0.022f, false },
    { "faces-celeba", false, MINE_FACES, 0.016f, false },
    { "faces-celeba5", false, MINE_FACES, 0.007f, false },
    { "faces-fiw", false, MINE_FACES, 0.011f, false },
    { "faces-web", false, MINE_FACES, 0.017f, false },
};
enum { PACKS = sizeof packs / sizeof packs[0] };

struct mining {
    struct mine *mine;
    struct scene_table table; /* of single faces */
    const struct pack *pack;
    int most, n_right, n_wrong, pictures;
};

struct warp mine_warp(void)
{
    const float shift = (MINE_SIDE - MINE_ZOOM * (MARKS_CROP - 1)) / 2 - 0.5f;
    return (struct warp){ MINE_ZOOM, 0, shift, 0, MINE_ZOOM, shift };
}

static enum status add(struct mine *m, enum mine_kind kind, struct image im, const struct point *at,
                       const struct point *marks)
{
    struct patch p = { .image = { NULL, MINE_SIDE, MINE_SIDE, MINE_SIDE * IMAGE_PIXEL }, .face = kind != MINE_WRONG };
    const struct warp to_picture = marks_warp(at);
    const struct warp to_crop = warp_inverse(to_picture);
    enum status s = memory_grow(&m->patches[kind], &m->room[kind], (size_t) m->n[kind] + 1, sizeof p);
    if (s) {
        return s;
    }
    p.image.pixels = memory_alloc(MINE_SIDE, (size_t) p.image.stride);
    if (!p.image.pixels) {
        return fail(NO_RESOURCE, "no memory for %d patches", m->n[kind]);
    }
    image_warp(p.image, im, warp_chain(to_picture, warp_inverse(mine_warp())));
    p.marked = marks != NULL;
    for (int i = 0; marks && i < FACE_MARKS; i++) {
        p.marks[i] = warp_point(to_crop, marks[i]);
    }
    m->patches[kind][m->n[kind]++] = p;
    return OK;
}

/* How a found box stands to the true faces: 1 right, 0 wrong, -1 neither. */
static int verdict(const struct scene_table *t, const struct scene *scene, struct box found)
{
    float most = 0;
    for (int i = 0; i < scene->n; i++) {
        const struct scene_face *f = &t->faces[scene->first + i];
        const float shared = box_overlap(found, f->box);
        if (f->ignore && box_intersection(found, f->box) > 0) {
            return -1;
        }
        most = shared > most ? shared : most;
    }
    return most > 0.5f ? 1 : most < 0.25f ? 0 : -1;
}

static enum status see_finds(void *context, const struct scene_table *t, const struct scene *scene, const struct face *faces,
                             int n)
{
    struct mining *m = context;
    enum status s = OK;
    for (int i = 0; i < n && i < FOUND && !s; i++) {
        const int right = verdict(t, scene, faces[i].box);
        int *count = right ? &m->n_right : &m->n_wrong;
        if (right >= 0 && *count < m->most) {
            ++*count;
            s = add(m->mine, right ? MINE_RIGHT : MINE_WRONG, scene->picture, faces[i].marks, NULL);
        }
    }
    return s;
}

static enum status see_faces(void *context, struct scene *scene)
{
    struct mining *m = context;
    progress_show("%d of %d pictures", m->pictures++, m->table.n_scenes);
    for (int i = 0; i < scene->n; i++) {
        struct scene_face f = m->table.faces[scene->first + i];
        if (f.marked && !f.ignore) {
            const struct point to_right = { f.marks[1].x - f.marks[0].x, f.marks[1].y - f.marks[0].y };
            const float by = m->pack->right * hypotf(to_right.x, to_right.y);
            for (int k = 0; k < FACE_MARKS; k++) {
                f.marks[k].x -= by;
            }
            const enum status s = add(m->mine, m->pack->kind, scene->picture, f.marks, f.marks);
            if (s) {
                return s;
            }
        }
    }
    return OK;
}

static enum status mine_faces(struct mining *m, const struct mine_options *o)
{
    char tsv[1024];
    char mkv[1024];
    snprintf(tsv, sizeof tsv, "%s/%s.tsv", o->folder, m->pack->name);
    snprintf(mkv, sizeof mkv, "%s/%s.mkv", o->folder, m->pack->name);
    enum status s = scene_table_open(&m->table, tsv, "train");
    if (s) {
        return s;
    }
    if (m->pack->kind == MINE_FACES && m->table.n_scenes > o->faces_per_pack) {
        scene_table_thin(&m->table, 0, (m->table.n_scenes + o->faces_per_pack - 1) / o->faces_per_pack, false);
    }
    s = scene_each(&m->table, mkv, see_faces, m);
    progress_clear();
    scene_table_close(&m->table);
    return s;
}

enum status mine_open(struct mine *m, const struct mine_options *o, struct workers *workers)
{
    const struct finds_options looks = { .folder = o->folder, .detector = o->detector, .score = o->score,
                                         .least_height = LEAST_HEIGHT, .held_out = o->held_out, .workers = workers };
    struct finds *finds = NULL;
    enum status s = finds_open(&finds, &looks);
    for (int i = 0; i < PACKS && !s; i++) {
        struct mining one = { .mine = m, .pack = &packs[i], .most = o->most };
        s = packs[i].scene ? finds_each(finds, packs[i].name, packs[i].held_out, see_finds, &one) : mine_faces(&one, o);
        log_say(LOG_INFO, "patches", "%s: %d faces with marks, %d of HELEN, %d of MTFL, %d found, %d mistakes", packs[i].name,
                m->n[MINE_FACES], m->n[MINE_HELEN], m->n[MINE_MTFL], m->n[MINE_RIGHT], m->n[MINE_WRONG]);
    }
    finds_close(&finds);
    return s;
}

void mine_close(struct mine *m)
{
    for (int k = 0; k < MINE_KINDS; k++) {
        for (int i = 0; i < m->n[k]; i++) {
            memory_free(&m->patches[k][i].image.pixels);
        }
        memory_free(&m->patches[k]);
        m->n[k] = 0;
    }
}
