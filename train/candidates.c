/* SPDX-License-Identifier: MIT */
#include "train/candidates.h"

#include <math.h>

#include "base/log.h"
#include "base/memory.h"
#include "detector/verdict.h"
#include "nets/models/models.h"
#include "train/finds.h"

#define LEAST_HEIGHT 8.0f

static const struct pack {
    const char *name;
    bool edges;    /* its boxes are whole faces, as LNet's are */
    bool held_out; /* has pictures that LNet did not learn from */
} packs[] = { { "wider-train", true, true }, { "masks", false, false }, { "nofaces", false, false } };
enum { PACKS = sizeof packs / sizeof packs[0] };

struct looking {
    struct candidates *out;
    const struct pack *pack;
    int most;
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
static bool compare(const struct looking *l, const struct scene_table *t, const struct scene *scene, struct box found,
                    struct candidate *out, enum candidate_kind *kind)
{
    float most = 0;
    *out = (struct candidate){ .window = found, .face = found };
    for (int i = 0; i < scene->n; i++) {
        const struct scene_face *f = &t->faces[scene->first + i];
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

static enum status see(void *context, const struct scene_table *t, const struct scene *scene, const struct face *faces, int n)
{
    const struct looking *l = context;
    int count[CANDIDATE_KINDS] = { 0 };
    enum status s = OK;
    for (int i = 0; i < n && !s; i++) {
        struct candidate c;
        enum candidate_kind kind;
        if (compare(l, t, scene, faces[i].box, &c, &kind) && count[kind] < l->most) {
            count[kind]++;
            s = add(l->out, kind, scene->picture, c);
        }
    }
    return s;
}

enum status candidates_open(struct candidates *c, const struct candidates_options *o, struct workers *workers)
{
    const struct finds_options looks = { .folder = o->folder, .detector = o->detector, .score = o->score, .closer = true,
                                         .least_height = LEAST_HEIGHT, .held_out = o->held_out, .workers = workers };
    struct finds *finds = NULL;
    enum status s = finds_open(&finds, &looks);
    for (int i = 0; i < PACKS && !s; i++) {
        struct looking l = { .out = c, .pack = &packs[i], .most = o->most };
        s = finds_each(finds, packs[i].name, packs[i].held_out, see, &l);
        log_say(LOG_INFO, "candidates", "%s: %d faces, %d others", packs[i].name, c->n[CANDIDATE_FACE], c->n[CANDIDATE_OTHER]);
    }
    finds_close(&finds);
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
