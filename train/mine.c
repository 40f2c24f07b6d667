/* SPDX-License-Identifier: MIT
 * Streams through the packs once, cutting patches. */
#include "train/mine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "detector/marks.h"
#include "nets/models/models.h"
#include "train/finds.h"

enum { FOUND = 64 }; /* of a picture */
#define LEAST_HEIGHT 16.0f /* a patch of fewer pixels teaches nothing */

/* Where a pack's labels lie, seen from where a net puts the marks that learnt from HELEN's style alone and from faces and
 * their mirror images alike, so that it knows no side; in hundredths of the eye distance (docs/results.md). The net is to
 * learn one style. */
struct label_style {
    float right;                       /* of all marks; on mirrored pictures they lie as far to the left */
    float eyes_below, nose_below, mouth_below;
    float eyes_apart, mouth_apart; /* each of both */
};
static const struct label_style helen = { .right = 1.2f };
static const struct label_style afw = { .right = 1.8f };
static const struct label_style detected = { 0, -2.0f, 1.1f, -1.6f, 0.5f, -1.1f }; /* by another detector */
static const struct label_style mtfl = { 1.2f, -1.9f, 3.3f, -0.6f, 0.5f, 0 };
static const struct label_style aaf = { -0.6f, -2.6f, -2.4f, -2.1f, 0.9f, -0.7f };

static const struct pack {
    const char *name;
    const struct label_style *labels; /* of one marked face a picture; NULL: scenes, which the detector looks at */
    enum mine_kind kind;              /* of patches with true marks */
    bool held_out;                    /* has pictures that LNet did not learn from */
    bool may_lack;
} packs[] = {
    { .name = "wider-train", .kind = MINE_RIGHT, .held_out = true },
    { .name = "masks", .kind = MINE_RIGHT },
    { .name = "nofaces", .kind = MINE_RIGHT },
    { .name = "marks-helen", &helen, MINE_HELEN },
    { .name = "marks-afw", &afw, MINE_HELEN, .may_lack = true },
    { .name = "marks-mtfl", &mtfl, MINE_MTFL },
    { .name = "marks-aaf", &aaf, MINE_FACES, .may_lack = true },
    { .name = "tags", &detected, MINE_FACES },
    { .name = "faces-celeba", &detected, MINE_FACES },
    { .name = "faces-celeba5", &detected, MINE_FACES },
    { .name = "faces-fiw", &detected, MINE_FACES },
    { .name = "faces-web", &detected, MINE_FACES },
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
        p.marks[i] = marks_to_crop(to_crop, marks[i]);
    }
    m->patches[kind][m->n[kind]++] = p;
    return OK;
}

/* A face's marks in HELEN's style. */
static void restyle(struct point *marks, const struct label_style *l)
{
    const struct point by[FACE_MARKS] = {
        { l->right - l->eyes_apart, l->eyes_below }, { l->right + l->eyes_apart, l->eyes_below }, { l->right, l->nose_below },
        { l->right - l->mouth_apart, l->mouth_below }, { l->right + l->mouth_apart, l->mouth_below },
    };
    const struct point to_right = { marks[1].x - marks[0].x, marks[1].y - marks[0].y }; /* a turned face's, and its length */
    for (int k = 0; k < FACE_MARKS; k++) {
        marks[k].x -= (to_right.x * by[k].x - to_right.y * by[k].y) / 100;
        marks[k].y -= (to_right.y * by[k].x + to_right.x * by[k].y) / 100;
    }
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
            restyle(f.marks, m->pack->labels);
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
    if (m->pack->may_lack && !file_exists(tsv)) {
        log_say(LOG_INFO, "patches", "%s: not there", tsv);
        return OK;
    }
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
        s = packs[i].labels ? mine_faces(&one, o) : finds_each(finds, packs[i].name, packs[i].held_out, see_finds, &one);
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
