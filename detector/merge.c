/* SPDX-License-Identifier: MIT
 * Non-maximum suppression; a face's box and marks are averaged over all windows that saw it, which is steadier
 * from frame to frame than the best window alone. */
#include "detector/merge.h"

#include <math.h>
#include <stdlib.h>

/* Windows that overlap the best one less than this are merged but have no say in where the face is. */
#define NEAR 0.6f
/* A chin or a forehead taken for a face of its own lies in the face so far. */
#define WITHIN 0.7f

static int by_score(const void *a, const void *b)
{
    const struct window *p = a;
    const struct window *q = b;
    if (p->score != q->score) {
        return p->score < q->score ? 1 : -1;
    }
    /* equal scores: by place, so that the result never depends on qsort */
    if (p->box.y != q->box.y) {
        return p->box.y < q->box.y ? -1 : 1;
    }
    return (p->box.x > q->box.x) - (p->box.x < q->box.x);
}

struct sum { /* score-weighted */
    float weight, left, top, right, bottom;
    struct point marks[FACE_MARKS];
};

static void sum_add(struct sum *s, const struct window *w)
{
    const float by = w->score * w->score;
    s->weight += by;
    s->left += by * w->box.x;
    s->top += by * w->box.y;
    s->right += by * (w->box.x + w->box.w);
    s->bottom += by * (w->box.y + w->box.h);
    for (int i = 0; i < FACE_MARKS; i++) {
        s->marks[i].x += by * w->marks[i].x;
        s->marks[i].y += by * w->marks[i].y;
    }
}

static void sum_mean(const struct sum *s, struct window *w)
{
    if (!(s->weight > 0)) {
        return; /* all scores are 0: the best window stays as it is */
    }
    const float by = 1 / s->weight;
    w->box = (struct box){ s->left * by, s->top * by, (s->right - s->left) * by, (s->bottom - s->top) * by };
    for (int i = 0; i < FACE_MARKS; i++) {
        w->marks[i] = (struct point){ s->marks[i].x * by, s->marks[i].y * by };
    }
}

/* Most pairs of a crowd: told from comparisons alone. */
static bool are_apart(struct box a, struct box b)
{
    return a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
}

static bool is_same(struct box best, struct box other, float overlap)
{
    const float both = box_intersection(best, other);
    const float smaller = fminf(box_area(best), box_area(other));
    return box_overlap(best, other) > overlap || (smaller > 0 && both > WITHIN * smaller);
}

int merge_best(struct window *windows, int n, int most)
{
    qsort(windows, (size_t) n, sizeof *windows, by_score);
    return n < most ? n : most;
}

int merge_windows(struct window *windows, int n, float overlap)
{
    if (n <= 0) {
        return 0;
    }
    qsort(windows, (size_t) n, sizeof *windows, by_score);
    int n_out = 0;
    while (n_out < n) {
        struct window *best = &windows[n_out++];
        const struct box around = best->box;
        struct sum sum = { 0 };
        sum_add(&sum, best);
        int kept = n_out;
        for (int i = n_out; i < n; i++) {
            if (are_apart(around, windows[i].box) || !is_same(around, windows[i].box, overlap)) {
                windows[kept++] = windows[i];
            } else if (box_overlap(around, windows[i].box) > NEAR) {
                sum_add(&sum, &windows[i]);
            }
        }
        n = kept;
        sum_mean(&sum, best);
    }
    return n_out;
}
