/* SPDX-License-Identifier: MIT
 * How found boxes differ from labels: four medians. */
#include "train/detection_style.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "train/scene.h"

#define LEAST_OVERLAP 0.2f

struct detection_kept {
    struct detection_picture *pictures;
    size_t room;
    int n;
};

static enum status copy(void *out, const void *from, int n, size_t size)
{
    void *to = memory_alloc((size_t) n + 1, size);
    if (!to) {
        return fail(NO_RESOURCE, "no memory for %d boxes", n);
    }
    if (n > 0) {
        memcpy(to, from, (size_t) n * size);
    }
    memcpy(out, &to, sizeof to);
    return OK;
}

enum status detection_keep(struct detection_kept **kept, const struct found *found, int n_found, const struct wanted *wanted,
                           int n_wanted)
{
    if (!*kept && !(*kept = memory_alloc(1, sizeof **kept))) {
        return fail(NO_RESOURCE, "no memory for the pictures");
    }
    struct detection_kept *k = *kept;
    struct detection_picture p = { .n_found = n_found, .n_wanted = n_wanted };
    enum status s = memory_grow(&k->pictures, &k->room, (size_t) k->n + 1, sizeof *k->pictures);
    s = s ? s : copy(&p.found, found, n_found, sizeof *found);
    s = s ? s : copy(&p.wanted, wanted, n_wanted, sizeof *wanted);
    if (s) {
        memory_free(&p.found);
        return s;
    }
    k->pictures[k->n++] = p;
    return OK;
}

static const struct found *best_for(const struct detection_picture *p, struct box wanted)
{
    const struct found *best = NULL;
    float most = LEAST_OVERLAP;
    for (int i = 0; i < p->n_found; i++) {
        const float shared = box_overlap(p->found[i].box, wanted);
        if (shared >= most) {
            most = shared;
            best = &p->found[i];
        }
    }
    return best;
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *) a;
    const float y = *(const float *) b;
    return (x > y) - (x < y);
}

static float median(float *v, int n)
{
    qsort(v, (size_t) n, sizeof *v, ascending);
    return v[n / 2];
}

enum status detection_kept_style(const struct detection_kept *kept, struct box_style *style)
{
    *style = (struct box_style){ 0, 0, 1, 1 };
    int most = 0;
    int n = 0;
    for (int i = 0; kept && i < kept->n; i++) {
        most += kept->pictures[i].n_wanted;
    }
    float *v = memory_alloc((size_t) most * 4 + 1, sizeof *v);
    if (!v) {
        return fail(NO_RESOURCE, "no memory for the style of %d boxes", most);
    }
    for (int i = 0; kept && i < kept->n; i++) {
        const struct detection_picture *p = &kept->pictures[i];
        for (int j = 0; j < p->n_wanted; j++) {
            const struct box w = p->wanted[j].box;
            const struct found *f = p->wanted[j].ignore ? NULL : best_for(p, w);
            if (!f || f->box.w <= 0 || f->box.h <= 0) {
                continue;
            }
            const struct point from = box_centre(f->box);
            const struct point to = box_centre(w);
            v[n] = (to.x - from.x) / f->box.w;
            v[most + n] = (to.y - from.y) / f->box.h;
            v[2 * most + n] = w.w / f->box.w;
            v[3 * most + n] = w.h / f->box.h;
            n++;
        }
    }
    if (n > 0) {
        *style = (struct box_style){ median(v, n), median(v + most, n), median(v + 2 * most, n), median(v + 3 * most, n) };
    }
    memory_free(&v);
    return OK;
}

const struct detection_picture *detection_kept_at(struct detection_kept *kept, int i, struct box_style style)
{
    if (!kept || i >= kept->n) {
        return NULL;
    }
    struct detection_picture *p = &kept->pictures[i];
    for (int k = 0; k < p->n_found; k++) {
        struct box *b = &p->found[k].box;
        const struct point mid = box_centre(*b);
        const float w = b->w * style.w;
        const float h = b->h * style.h;
        *b = (struct box){ mid.x + style.dx * b->w - w / 2, mid.y + style.dy * b->h - h / 2, w, h };
    }
    return p;
}

/* Medians over the 870 faces of HELEN's train part, where brows (points 18 to 27) and lips (49 to 68) are marked, in lengths
 * from the middle of the eyes to that of the mouth's corners. */
#define INNER_W 1.789f
#define INNER_H 1.653f
#define INNER_UP 0.098f /* its middle above that of eyes and mouth */

struct box detection_inner(const struct face *f)
{
    if (!(f->has & FACE_MARKED)) {
        return f->box;
    }
    const struct scene_axis axis = scene_axis_of_marks(f->marks);
    const float length = hypotf(axis.down.x, axis.down.y);
    const struct point mid = { axis.middle.x - INNER_UP * axis.down.x, axis.middle.y - INNER_UP * axis.down.y };
    return (struct box){ mid.x - INNER_W * length / 2, mid.y - INNER_H * length / 2, INNER_W * length, INNER_H * length };
}

void detection_kept_free(struct detection_kept **kept)
{
    for (int i = 0; *kept && i < (*kept)->n; i++) {
        memory_free(&(*kept)->pictures[i].found);
        memory_free(&(*kept)->pictures[i].wanted);
    }
    if (*kept) {
        memory_free(&(*kept)->pictures);
    }
    memory_free(kept);
}
