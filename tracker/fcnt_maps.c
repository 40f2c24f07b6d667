/* SPDX-License-Identifier: MIT
 * DeepID2's convolutions over a search region: 100 x 100 pixels give 46 x 46 cells of conv2 (the paper's grid), and
 * 21 x 21 of conv3, which are brought to the same grid. Each map is standardised by the first region's mean and
 * deviation: the heads' learning rates then need not know the net. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "nets/models/fcnt.h"
#include "nets/models/models.h"
#include "tracker/fcnt.h"

enum { PATH = 1024, HIGH_GRID = 21 };
/* Cell i of conv2 has its centre at 2 i + 4.5 pixels from the region's edge, cell i of conv3 at 4 i + 9.5. */
static const float low_step = 2, low_first = 4.5f, high_step = 4, high_first = 9.5f;

static enum status make_net(struct fcnt_maps *m, const char *path)
{
    struct net *face = NULL;
    int taken = 0;
    enum status s = net_load(&face, path, "deepid2");
    if (s)
        return s;
    const struct deepid2_options *o = net_options(face);
    struct fcnt_maps_options mine = {.maps = o->maps, .low = 2 * o->maps, .high = 12 * o->maps, .side = FCNT_SIDE};
    if (o->normalize)
        s = fail(BAD_MATCH, "%s: not folded: the tracker wants the shipped form", path);
    if (!s)
        s = net_create(&m->net, &model_fcnt_maps, &mine, 1);
    if (!s)
        s = net_borrow(m->net, path, &taken);
    if (!s && taken != 6)
        s = fail(BAD_MATCH, "%s: holds %d of the 6 arrays of three convolutions", path, taken);
    m->n_low = 2 * mine.maps;
    m->n_high = mine.high;
    net_free(&face);
    return s;
}

enum status fcnt_maps_open(struct fcnt_maps *m, struct arena *arena, const char *weights)
{
    char path[PATH];
    enum status s = weights && *weights ? OK : file_find_weights(path, sizeof path, "fcnt");
    if (!s)
        s = make_net(m, weights && *weights ? weights : path);
    if (!s)
        s = net_run_create(&m->run, m->net, 1, NET_INFER);
    if (s || (s = net_find(m->net, "picture", &m->picture)) || (s = net_find(m->net, "low", &m->low_layer)) ||
        (s = net_find(m->net, "high", &m->high_layer)))
        return s;
    int n = m->n_low + m->n_high;
    m->low = arena_alloc(arena, (size_t)m->n_low * FCNT_CELLS, sizeof(float));
    m->high = arena_alloc(arena, (size_t)m->n_high * FCNT_CELLS, sizeof(float));
    m->mean = arena_alloc(arena, (size_t)n, sizeof(float));
    m->over = arena_alloc(arena, (size_t)n, sizeof(float));
    return OK;
}

void fcnt_maps_close(struct fcnt_maps *m)
{
    net_run_free(&m->run);
    net_free(&m->net);
}

/* Along one axis: the two conv3 cells around each conv2 cell and the second one's share. */
struct between { int at[FCNT_GRID]; float share[FCNT_GRID]; };

static void set_between(struct between *b)
{
    for (int i = 0; i < FCNT_GRID; i++) {
        float at = (low_step * (float)i + low_first - high_first) / high_step;
        at = fminf(fmaxf(at, 0), HIGH_GRID - 1.001f);
        b->at[i] = (int)at;
        b->share[i] = at - (float)b->at[i];
    }
}

static void enlarge(float *out, const float *in, const struct between *b)
{
    float rows[HIGH_GRID][FCNT_GRID];
    for (int y = 0; y < HIGH_GRID; y++)
        for (int x = 0; x < FCNT_GRID; x++) {
            const float *p = in + y * HIGH_GRID + b->at[x];
            rows[y][x] = p[0] + b->share[x] * (p[1] - p[0]);
        }
    for (int y = 0; y < FCNT_GRID; y++) {
        const float *p = rows[b->at[y]], *q = rows[b->at[y] + 1];
        for (int x = 0; x < FCNT_GRID; x++)
            out[y * FCNT_GRID + x] = p[x] + b->share[y] * (q[x] - p[x]);
    }
}

/* A map that says nothing here (deviation near 0) stays near 0: it must not become noise. */
static void measure(struct fcnt_maps *m, const float *maps, int n, int first)
{
    double all = 0;
    for (int i = 0; i < n; i++) {
        const float *p = maps + (size_t)i * FCNT_CELLS;
        double sum = 0, squares = 0;
        for (int k = 0; k < FCNT_CELLS; k++) {
            sum += p[k];
            squares += (double)p[k] * p[k];
        }
        double mean = sum / FCNT_CELLS, variance = fmax(squares / FCNT_CELLS - mean * mean, 0);
        m->mean[first + i] = (float)mean;
        m->over[first + i] = (float)variance;
        all += variance / n;
    }
    for (int i = 0; i < n; i++)
        m->over[first + i] = 1 / sqrtf(m->over[first + i] + (float)(0.01 * all) + 1e-12f);
}

static void standardise(const struct fcnt_maps *m, float *maps, int n, int first)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < FCNT_CELLS; k++) {
            float *p = &maps[(size_t)i * FCNT_CELLS + (size_t)k];
            *p = (*p - m->mean[first + i]) * m->over[first + i];
        }
}

void fcnt_maps_look(struct fcnt_maps *m, struct image im, struct region r, bool first)
{
    struct between b;
    float step = r.side / FCNT_SIDE;
    /* pixel (0, 0) of the region has its centre half a step inside */
    struct warp w = {step, 0, r.cx - r.side / 2 + step / 2 - 0.5f, 0, step, r.cy - r.side / 2 + step / 2 - 0.5f};
    image_warp_planes(net_run_at(m->run, m->picture).at, FCNT_SIDE, FCNT_SIDE, im, w);
    net_run_forward(m->run, 0);
    memcpy(m->low, net_run_at(m->run, m->low_layer).at, (size_t)m->n_low * FCNT_CELLS * sizeof(float));
    const float *high = net_run_at(m->run, m->high_layer).at;
    set_between(&b);
    for (int i = 0; i < m->n_high; i++)
        enlarge(m->high + (size_t)i * FCNT_CELLS, high + (size_t)i * HIGH_GRID * HIGH_GRID, &b);
    if (first) {
        measure(m, m->low, m->n_low, 0);
        measure(m, m->high, m->n_high, m->n_low);
    }
    standardise(m, m->low, m->n_low, 0);
    standardise(m, m->high, m->n_high, m->n_low);
}

/* Cell i covers [i, i + 1). */
struct box fcnt_to_cells(struct region r, struct box box)
{
    float to_region = FCNT_SIDE / r.side, cells = to_region / low_step;
    float edge = low_first / low_step - 0.5f;
    return (struct box){(box.x - (r.cx - r.side / 2)) * cells - edge, (box.y - (r.cy - r.side / 2)) * cells - edge,
                        box.w * cells, box.h * cells};
}

void fcnt_target(float *heat, struct box cells)
{
    struct point c = box_centre(cells);
    for (int y = 0; y < FCNT_GRID; y++)
        for (int x = 0; x < FCNT_GRID; x++) {
            float dx = ((float)x + 0.5f - c.x) / cells.w, dy = ((float)y + 0.5f - c.y) / cells.h;
            bool inside = fabsf(dx) <= 0.5f && fabsf(dy) <= 0.5f;
            heat[y * FCNT_GRID + x] = inside ? expf(-4.5f * (dx * dx + dy * dy)) : 0;
        }
}
