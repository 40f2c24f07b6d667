/* SPDX-License-Identifier: MIT */
#include "train/candidates.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "detector/detector.h"
#include "detector/verdict.h"
#include "nets/models/models.h"
#include "train/scene.h"

enum { FOUND = 1024 };
#define LEAST_HEIGHT 8.0f

static const struct pack {
    const char *name;
    bool edges;    /* its boxes are whole faces, as LNet's are */
    bool held_out; /* has pictures that LNet did not learn from */
} packs[] = { { "wider-train", true, true }, { "masks", false, false }, { "nofaces", false, false } };
enum { PACKS = sizeof packs / sizeof packs[0] };

struct looking {
    struct candidates *out;
    const struct candidates_options *options;
    const struct pack *pack;
    struct scene_table table;
    struct detector *detector;
    int pictures;
};

static struct box through(struct warp w, struct box b)
{
    const struct point p = warp_point(w, (struct point){ b.x - 0.5f, b.y - 0.5f }); /* a warp maps pixels' centres */
    return (struct box){ p.x + 0.5f, p.y + 0.5f, b.w * w.a, b.h * w.d };
}

static enum status add(struct candidates *c, enum candidate_kind kind, struct image im, struct candidate what)
{
    const float margin = (CANDIDATE_SIDE - VERDICT_CROP) / 2.0f;
    const struct warp to_picture = warp_chain(verdict_warp(what.window), (struct warp){ 1, 0, -margin, 0, 1, -margin });
    const struct warp to_patch = warp_inverse(to_picture);
    enum status s = memory_grow(&c->of[kind], &c->room[kind], (size_t) c->n[kind] + 1, sizeof what);
    if (s) {
        return s;
    }
    what.image = (struct image){ NULL, CANDIDATE_SIDE, CANDIDATE_SIDE, CANDIDATE_SIDE * IMAGE_PIXEL };
    what.image.pixels = memory_alloc(CANDIDATE_SIDE, (size_t) what.image.stride);
    if (!what.image.pixels) {
        return fail(NO_RESOURCE, "no memory for %d patches", c->n[kind]);
    }
    image_warp(what.image, im, to_picture);
    what.window = through(to_patch, what.window);
    what.face = through(to_patch, what.face);
    c->of[kind][c->n[kind]++] = what;
    return OK;
}

/* A found box beside the true faces; false: something without a good label is near. Between a right and a wrong box there
 * are some that only learn where the face is. */
static bool compare(const struct looking *l, const struct scene *scene, struct box found, struct candidate *out,
                    enum candidate_kind *kind)
{
    float most = 0;
    *out = (struct candidate){ .window = found, .face = found };
    for (int i = 0; i < scene->n; i++) {
        const struct scene_face *f = &l->table.faces[scene->first + i];
        const float shared = box_overlap(found, f->box);
        if (f->ignore && box_intersection(found, f->box) > 0) {
            return false;
        }
        if (shared > most) {
            most = shared;
            out->face = f->box;
            out->boxed = l->pack->edges && !f->guessed && shared > 0.3f;
        }
    }
    *kind = most > 0.4f ? CANDIDATE_FACE : CANDIDATE_OTHER;
    out->known = most > (l->pack->edges ? 0.45f : 0.5f) || most < (l->pack->edges ? 0.35f : 0.25f);
    return out->known || out->boxed;
}

static enum status see(void *context, struct scene *scene)
{
    struct looking *l = context;
    struct face faces[FOUND];
    int n = 0;
    int count[CANDIDATE_KINDS] = { 0 };
    progress_show("%s %d of %d", l->pack->name, ++l->pictures, l->table.n_scenes);
    enum status s = detector_run(l->detector, scene->picture, LEAST_HEIGHT, faces, FOUND, &n);
    for (int i = 0; i < n && !s; i++) {
        struct candidate c;
        enum candidate_kind kind;
        if (compare(l, scene, faces[i].box, &c, &kind) && count[kind] < l->options->most) {
            count[kind]++;
            s = add(l->out, kind, scene->picture, c);
        }
    }
    return s;
}

static enum status look_through(struct candidates *out, const struct candidates_options *o, struct detector *d,
                                const struct pack *pack)
{
    char tsv[1024];
    char mkv[1024];
    struct looking l = { .out = out, .options = o, .detector = d, .pack = pack };
    snprintf(tsv, sizeof tsv, "%s/%s.tsv", o->folder, pack->name);
    snprintf(mkv, sizeof mkv, "%s/%s.mkv", o->folder, pack->name);
    enum status s = scene_table_open(&l.table, tsv, "train");
    if (s) {
        return s;
    }
    if (pack->held_out && o->held_out > 0) {
        scene_table_hold_out(&l.table, o->held_out, false);
    }
    s = scene_each(&l.table, mkv, see, &l);
    progress_clear();
    scene_table_close(&l.table);
    return s;
}

enum status candidates_open(struct candidates *c, const struct candidates_options *o)
{
    struct detector_options looks;
    struct detector *d = NULL;
    option_defaults(detector_option_table, &looks);
    looks.weights = o->detector;
    looks.marks = looks.verdict = "none";
    looks.score = o->score;
    enum status s = detector_open(&d, &looks);
    for (int i = 0; i < PACKS && !s; i++) {
        s = look_through(c, o, d, &packs[i]);
        log_say(LOG_INFO, "candidates", "%s: %d faces, %d others", packs[i].name, c->n[CANDIDATE_FACE], c->n[CANDIDATE_OTHER]);
    }
    detector_close(&d);
    return s;
}

void candidates_close(struct candidates *c)
{
    for (int k = 0; k < CANDIDATE_KINDS; k++) {
        for (int i = 0; i < c->n[k]; i++) {
            memory_free(&c->of[k][i].image.pixels);
        }
        memory_free(&c->of[k]);
        c->n[k] = 0;
    }
}
