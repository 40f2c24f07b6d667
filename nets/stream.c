/* SPDX-License-Identifier: MIT
 * The first layers of a net on a large picture, some rows of all of them at a time: what lies between them is a window of
 * rows that stays in the caches, where whole maps would go to memory and come back. */
#include <limits.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "nets/internal.h"

/* The largest window; maps that are larger than this somewhere make it worth while (docs/speed.md). */
enum { WINDOW_FLOATS = 64 * 1024, WORTH_FLOATS = 768 * 1024 };

static bool by_rows(const struct net_run *r, int i, struct layer_reach *reach)
{
    const struct node *d = &r->net->nodes[i];
    return r->nodes[i].needed && d->n_from == 1 && !d->keep && d->kind && d->kind->infer &&
           d->kind->infer->reach(d->options, reach);
}

/* The only layer that reads what layer i, and a relu done by it, put out; -1: there are several, or it is kept. */
static int reader_of(const struct net_run *r, int i)
{
    const struct node *d = &r->net->nodes[i];
    int reader;
    if (net_run_users(r, i, &reader) != 1 || (d->kind && d->keep))
        return -1;
    return r->nodes[reader].fused ? reader_of(r, reader) : reader;
}

/* Layers behind each other from the picture on, each the only one that reads the one before. */
static int chain_of(const struct net_run *r, struct stream_step *steps, int most)
{
    struct layer_reach reach;
    int n = 0, i = 0;
    while (i < r->net->n_nodes && !r->nodes[i].needed)
        i++;
    i = i < r->net->n_nodes ? reader_of(r, i) : -1;
    for (; i >= 0 && n < most && by_rows(r, i, &reach); i = reader_of(r, i))
        steps[n++] = (struct stream_step){ .node = i, .reach = reach, .rows = r->nodes[i].out.shape.h };
    return n;
}

static size_t row_of(const struct net_run *r, const struct stream_step *s)
{
    const struct shape shape = r->nodes[s->node].out.shape;
    return (size_t)(shape.c * shape.w);
}

/* Rows of the first layer at a time, so that no window is much larger than WINDOW_FLOATS; 0: all maps are small. */
static int band_of(const struct net_run *r, const struct stream_step *steps, int n)
{
    size_t largest = 0, rows = (size_t)steps[0].rows;
    for (int k = 0; k + 1 < n; k++) {
        const size_t per_row = row_of(r, &steps[k]) * (size_t)steps[k].rows / rows;
        largest = per_row > largest ? per_row : largest;
    }
    if (n < 3 || largest * rows < WORTH_FLOATS)
        return 0;
    const int band = (int)(WINDOW_FLOATS / largest);
    return band < 2 ? 2 : band < (int)rows ? band : (int)rows;
}

void stream_plan(struct net_run *r, float *(*take)(void *from, size_t n), void *from)
{
    struct stream *s = &r->stream;
    const int n = chain_of(r, s->steps, STREAM_STEPS);
    s->band = r->batch == 1 ? band_of(r, s->steps, n) : 0;
    if (!s->band)
        return;
    s->n = n;
    for (int k = 0; k < n; k++) {
        struct stream_step *step = &s->steps[k];
        const struct layer_reach *next = &s->steps[k + 1].reach;
        step->out.shape = r->nodes[step->node].out.shape;
        if (k + 1 < n) {
            const int made = (s->band * step->rows + s->steps[0].rows - 1) / s->steps[0].rows;
            const int most = made + next->kernel - 1 + next->stride - 1;
            step->out.shape.h = most < step->rows ? most : step->rows;
            step->out.at = take(from, shape_count(step->out.shape));
        }
        r->nodes[step->node].streamed = true;
    }
}

/* Rows that can be made of the first `have` rows of `rows` of the input. */
static int reached(const struct stream_step *s, int have, int rows)
{
    const int over = have + s->reach.above - s->reach.kernel;
    return have == rows ? s->rows : over < 0 ? 0 : over / s->reach.stride + 1;
}

/* The rows that the next layer is done with go from the window. */
static void make_room(struct stream_step *s, const struct stream_step *next)
{
    const int still = next->made * next->reach.stride - next->reach.above;
    const int base = still < 0 ? 0 : still / next->reach.stride * next->reach.stride;
    const size_t row = (size_t)s->out.shape.w;
    if (base <= s->base || base > s->made)
        return;
    for (int c = 0; c < s->out.shape.c && s->made > base; c++) {
        float *plane = s->out.at + (size_t)(c * s->out.shape.h) * row;
        memmove(plane, plane + (size_t)(base - s->base) * row, (size_t)(s->made - base) * row * sizeof *plane);
    }
    s->base = base;
}

/* Below the last row lies nothing, which the next layer reads as zeros. */
static void end(struct stream_step *s)
{
    const size_t row = (size_t)s->out.shape.w;
    const int below = s->base + s->out.shape.h - s->rows;
    for (int c = 0; c < s->out.shape.c && below > 0; c++)
        memset(s->out.at + ((size_t)(c * s->out.shape.h) + (size_t)(s->rows - s->base)) * row, 0, (size_t)below * row * sizeof(float));
}

/* Makes rows of step k as far as its input and its window go; at most so many. */
static int step_on(struct net_run *r, int k, int most)
{
    struct stream_step *s = &r->stream.steps[k], *before = k ? s - 1 : NULL, *next = k + 1 < r->stream.n ? s + 1 : NULL;
    const struct node *node = &r->net->nodes[s->node];
    struct pass p = net_run_pass(r, s->node, false);
    const int base = before ? before->base : 0, rows = before ? before->rows : p.in[0].shape.h;
    if (s->made == s->rows)
        return 0;
    int n = reached(s, before ? before->made : rows, rows) - s->made;
    if (next) {
        make_room(s, next);
        const int room = s->base + s->out.shape.h - s->made;
        n = n < room ? n : room;
        p.out = s->out;
    }
    n = n < most ? n : most;
    if (n <= 0)
        return 0;
    if (before)
        p.in = &before->out;
    p.rows = (struct pass_rows){ s->made - base / s->reach.stride, n, s->made - s->base };
    node->kind->forward(node->options, &p);
    s->made += n;
    if (next && s->made == s->rows)
        end(s);
    return n;
}

void stream_forward(struct net_run *r)
{
    struct stream *s = &r->stream;
    const struct stream_step *last = &s->steps[s->n - 1];
    int64_t before = clock_us();
    for (int k = 0; k < s->n; k++)
        s->steps[k].made = s->steps[k].base = 0;
    while (last->made < last->rows) {
        int made = 0;
        for (int k = 0; k < s->n; k++) {
            made += step_on(r, k, k ? INT_MAX : s->band);
            const int64_t now = clock_us();
            r->nodes[s->steps[k].node].spent_us += now - before;
            before = now;
        }
        CHECK(made > 0);
    }
}
