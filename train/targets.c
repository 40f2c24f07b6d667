/* SPDX-License-Identifier: MIT
 * Assignment by size and centre: a face belongs to the strides whose range holds its size, and there to the cells
 * near its centre. A ring around them, faces a little out of range and ignored regions count neither way. */
#include "train/targets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Sums over cells become of the order of one a picture. */
#define PER_PICTURE (1.0f / 16)

enum { AT_MOST_CELLS = 512 };

void targets_sizes(int i, float *least, float *most)
{
    static const float range[LNET_STRIDES][2] = { { 0, 72 }, { 44, 180 }, { 112, 1e6f } };
    *least = range[i][0];
    *most = range[i][1];
}

enum status targets_find(struct targets *out, const struct net *n)
{
    static const char *const names[T_MAPS] = { "face", "care", "box", "inside", "marks", "marked", "tags", "tagged" };
    for (int i = 0; i < LNET_STRIDES; i++) {
        for (int j = 0; j < T_MAPS; j++) {
            char name[32];
            snprintf(name, sizeof name, "%s%d", names[j], LNET_FIRST_STRIDE << i);
            out->layer[i][j] = -1;
            enum status s = net_find(n, name, &out->layer[i][j]);
            if (s && j < T_TAGS) {
                return s;
            }
        }
    }
    return OK;
}

struct maps { /* one sample's targets at one stride */
    float *at[T_MAPS];
    int w, h, stride;
    size_t plane;
};

static struct maps maps_of(const struct targets *t, struct net_run *run, int sample, int i)
{
    struct maps m = { .stride = LNET_FIRST_STRIDE << i };
    for (int j = 0; j < T_MAPS; j++) {
        if (t->layer[i][j] < 0) {
            continue;
        }
        const struct tensor all = net_run_at(run, t->layer[i][j]);
        const size_t one = (size_t) all.shape.c * (size_t) all.shape.h * (size_t) all.shape.w;
        m.at[j] = all.at + (size_t) sample * one;
        memset(m.at[j], 0, one * sizeof(float));
        m.w = all.shape.w;
        m.h = all.shape.h;
    }
    m.plane = (size_t) m.w * (size_t) m.h;
    for (size_t k = 0; k < m.plane; k++) {
        m.at[T_CARE][k] = PER_PICTURE;
    }
    return m;
}

struct cells { int x0, y0, x1, y1; }; /* from, to (not included) */

/* Cells whose centres lie in the rectangle. */
static struct cells cells_in(const struct maps *m, float x0, float y0, float x1, float y1)
{
    const float s = (float) m->stride;
    struct cells c = { (int) ceilf(x0 / s - 0.5f), (int) ceilf(y0 / s - 0.5f), (int) ceilf(x1 / s - 0.5f),
                       (int) ceilf(y1 / s - 0.5f) };
    c.x0 = c.x0 < 0 ? 0 : c.x0;
    c.y0 = c.y0 < 0 ? 0 : c.y0;
    c.x1 = c.x1 > m->w ? m->w : c.x1;
    c.y1 = c.y1 > m->h ? m->h : c.y1;
    return c;
}

static struct cells cells_near(const struct maps *m, struct point p, float reach_x, float reach_y)
{
    return cells_in(m, p.x - reach_x, p.y - reach_y, p.x + reach_x, p.y + reach_y);
}

static void mark_cell(struct maps *m, size_t at, const struct scene_face *f, struct point centre, float size)
{
    const float s = (float) m->stride;
    for (int j = 0; j < FACE_MARKS; j++) {
        const size_t x = at + (size_t) (2 * j) * m->plane;
        const size_t y = x + m->plane;
        m->at[T_MARKS][x] = (f->marks[j].x - centre.x) / s;
        m->at[T_MARKS][y] = (f->marks[j].y - centre.y) / s;
        m->at[T_MARKED][x] = m->at[T_MARKED][y] = f->marked ? 12 * PER_PICTURE * s / size : 0;
    }
    for (int j = 0; m->at[T_TAGS] && j < FACE_ATTRIBUTES; j++) {
        m->at[T_TAGS][at + (size_t) j * m->plane] = (float) ((f->tags >> j) & 1);
        m->at[T_TAGGED][at + (size_t) j * m->plane] = f->tagged ? PER_PICTURE : 0;
    }
}

static struct point cell_centre(const struct maps *m, int x, int y)
{
    return (struct point){ ((float) x + 0.5f) * (float) m->stride, ((float) y + 0.5f) * (float) m->stride };
}

static void box_cell(struct maps *m, size_t at, const struct scene_face *f, struct point c, float weight)
{
    const struct box b = f->box;
    const float far[4] = { c.x - b.x, c.y - b.y, b.x + b.w - c.x, b.y + b.h - c.y };
    const float nearest = fminf(fminf(far[0], far[1]), fminf(far[2], far[3]));
    for (int k = 0; k < 4; k++) {
        m->at[T_BOX][at + (size_t) k * m->plane] = fmaxf(far[k], 0) / (float) m->stride;
    }
    /* boxes made from marks or tightly drawn ones say less about where a face ends */
    m->at[T_INSIDE][at] = nearest <= 0 ? 0 : 2 * weight * PER_PICTURE * (f->guessed ? 0.4f : 1);
}

static void fill_cell(struct maps *m, int x, int y, const struct scene_face *f, float weight, float size)
{
    const size_t at = (size_t) y * (size_t) m->w + (size_t) x;
    const struct point c = cell_centre(m, x, y);
    m->at[T_FACE][at] = 1;
    m->at[T_CARE][at] = weight * PER_PICTURE;
    box_cell(m, at, f, c, weight);
    mark_cell(m, at, f, c, size);
}

/* Whether these cells respond counts neither way, but for those of a face; where `around` is a face, they learn its box. */
static void forget(struct maps *m, struct cells c, const struct scene_face *around, float weight)
{
    for (int y = c.y0; y < c.y1; y++) {
        for (int x = c.x0; x < c.x1; x++) {
            const size_t at = (size_t) y * (size_t) m->w + (size_t) x;
            if (m->at[T_FACE][at] == 0) {
                m->at[T_CARE][at] = 0;
                if (around) {
                    box_cell(m, at, around, cell_centre(m, x, y), weight);
                }
            }
        }
    }
}

static void add_face(struct maps *m, int i, const struct scene_face *f)
{
    float least, most;
    const float s = (float) m->stride;
    const struct box b = f->box;
    const float size = fmaxf(b.w, b.h);
    const struct point mid = box_centre(b);
    targets_sizes(i, &least, &most);
    if (f->ignore) {
        forget(m, cells_in(m, b.x, b.y, b.x + b.w, b.y + b.h), NULL, 0);
        return;
    }
    const float reach_x = fminf(fmaxf(0.3f * b.w, 0.5f * s), 1.5f * s);
    const float reach_y = fminf(fmaxf(0.3f * b.h, 0.5f * s), 1.5f * s);
    const struct cells c = cells_near(m, mid, reach_x, reach_y);
    if (size >= least && size < most) {
        const int n = (c.x1 - c.x0) * (c.y1 - c.y0);
        const float weight = n > 0 ? fminf(2, 3 / sqrtf((float) n)) : 1;
        for (int y = c.y0; y < c.y1; y++) {
            for (int x = c.x0; x < c.x1; x++) {
                fill_cell(m, x, y, f, weight, size);
            }
        }
        forget(m, cells_near(m, mid, reach_x + 0.5f * s, reach_y + 0.5f * s), f, 0.5f * weight);
    } else if (size >= 0.7f * least && size < 1.4f * most) {
        forget(m, cells_near(m, mid, reach_x + 0.5f * s, reach_y + 0.5f * s), NULL, 0);
    }
}

/* Larger faces first, so that a small face before a large one keeps its cells. */
static int by_area(const struct scene_face *faces, int n, int *order)
{
    n = n > AT_MOST_CELLS ? AT_MOST_CELLS : n;
    for (int i = 0; i < n; i++) {
        int at = i;
        for (; at > 0 && box_area(faces[order[at - 1]].box) < box_area(faces[i].box); at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
    return n;
}

void targets_fill(const struct targets *t, struct net_run *run, int sample, const struct scene_face *faces, int n)
{
    int order[AT_MOST_CELLS];
    n = by_area(faces, n, order);
    for (int i = 0; i < LNET_STRIDES; i++) {
        struct maps m = maps_of(t, run, sample, i);
        for (int k = 0; k < n; k++) {
            add_face(&m, i, &faces[order[k]]);
        }
    }
}
