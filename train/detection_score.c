/* SPDX-License-Identifier: MIT
 * Average precision as WIDER FACE's tool has it (all points, one curve over all pictures), IoU 0.5 unless told. */
#include "train/detection_score.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "train/detection_style.h"

enum { FACES = 4096 };

static bool ignored(const struct detection_score *s, const struct wanted *w)
{
    return w->ignore || w->box.h < s->min_size;
}

static int size_of(struct box face)
{
    int i = 0;
    while (i + 1 < DETECTION_SIZES && face.h >= (float) detection_sizes[i + 1]) {
        i++;
    }
    return i;
}

/* The best free true face for a box, else -1; *neither: it belongs to something that does not count. */
static int match(const struct detection_score *s, const struct found *f, const struct wanted *wanted, int n,
                 const bool *taken, bool *neither)
{
    int best = -1;
    float most = s->iou;
    *neither = false;
    for (int i = 0; i < n; i++) {
        const float shared = box_overlap(f->box, wanted[i].box);
        if (ignored(s, &wanted[i])) {
            const float area = box_area(f->box);
            *neither |= shared >= s->iou ||
                        (wanted[i].ignore && area > 0 && box_intersection(f->box, wanted[i].box) >= 0.5f * area);
        } else if (!taken[i] && shared >= most) {
            most = shared;
            best = i;
        }
    }
    return best;
}

enum status detection_add(struct detection_score *s, const struct found *found, int n_found,
                          const struct wanted *wanted, int n_wanted)
{
    bool taken[FACES] = { 0 };
    if (n_wanted > FACES) {
        return fail(BAD_DATA, "%d faces in one picture; at most %d are understood", n_wanted, FACES);
    }
    if (s->restyle) {
        return detection_keep(&s->kept, found, n_found, wanted, n_wanted);
    }
    const enum status bad = memory_grow(&s->all, &s->room, (size_t) (s->n + n_found), sizeof *s->all);
    if (bad) {
        return bad;
    }
    s->pictures++;
    for (int i = 0; i < n_wanted; i++) {
        s->faces += !ignored(s, &wanted[i]);
        s->of_size[size_of(wanted[i].box)] += !ignored(s, &wanted[i]);
    }
    for (int i = 0; i < n_found; i++) {
        bool neither;
        const int hit = match(s, &found[i], wanted, n_wanted, taken, &neither);
        if (hit >= 0) {
            taken[hit] = true;
        } else if (neither || found[i].box.h < s->min_size * 0.8f) {
            continue; /* smaller than anything that is asked for */
        }
        s->all[s->n++] = (struct detection){ found[i].score, hit >= 0, hit >= 0 ? size_of(wanted[hit].box) : 0 };
    }
    return OK;
}

enum status detection_restyle(struct detection_score *s, struct box_style *style)
{
    if (!s->restyle) {
        return OK;
    }
    s->restyle = false;
    const struct detection_picture *p;
    enum status bad = detection_kept_style(s->kept, style);
    for (int i = 0; !bad && (p = detection_kept_at(s->kept, i, *style)); i++) {
        bad = detection_add(s, p->found, p->n_found, p->wanted, p->n_wanted);
    }
    return bad;
}

static int better_first(const void *a, const void *b)
{
    const struct detection *p = a;
    const struct detection *q = b;
    if (p->score != q->score) {
        return p->score < q->score ? 1 : -1;
    }
    return (int) p->hit - (int) q->hit; /* ties: the pessimistic order */
}

void detection_sum(struct detection_score *s, struct detection_curve *out)
{
    memset(out, 0, sizeof *out);
    if (s->n) {
        qsort(s->all, (size_t) s->n, sizeof *s->all, better_first);
    }
    int hits = 0;
    for (int i = 0; i < s->n; i++) {
        hits += s->all[i].hit;
    }
    const double faces = s->faces ? s->faces : 1;
    out->recall = hits / faces;
    double ceiling = 0; /* the precision envelope, from the end */
    bool passed = false;
    for (int i = s->n - 1; i >= 0; i--) {
        const double precision = (double) hits / (i + 1);
        const int wrong = i + 1 - hits;
        ceiling = precision > ceiling ? precision : ceiling;
        if (!passed && wrong <= 0.1 * s->pictures) {
            passed = true;
            out->recall_at_fppi = hits / faces;
            out->score_at_fppi = (double) s->all[i].score;
        }
        if (s->all[i].hit) {
            out->ap += ceiling / faces;
            hits--;
        }
    }
}

void detection_free(struct detection_score *s)
{
    memory_free(&s->all);
    detection_kept_free(&s->kept);
    s->room = 0;
    s->n = s->pictures = s->faces = 0;
}
