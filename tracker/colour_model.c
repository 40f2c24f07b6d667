/* SPDX-License-Identifier: MIT
 * Two histograms of colours, and the share of the first in each place's colour. */
#include "tracker/colour_model.h"

#include <math.h>
#include <string.h>

enum { LEVELS = 16, BINS = LEVELS * LEVELS * LEVELS, FIELD = COLOUR_FIELD, ROW = FIELD + 1, PIXELS = 2 };

void colour_model_open(struct colour_model *m, struct arena *arena)
{
    m->object = arena_alloc(arena, BINS, sizeof(float));
    m->around = arena_alloc(arena, BINS, sizeof(float));
    m->likely = arena_alloc(arena, FIELD * FIELD, sizeof(float));
    m->sums = arena_alloc(arena, ROW * ROW, sizeof(float));
}

static int bin_of(struct image region, int x, int y)
{
    const uint8_t *p = region.pixels + (ptrdiff_t)(y * PIXELS) * region.stride + x * PIXELS * IMAGE_PIXEL;
    return (p[IMAGE_R] / (256 / LEVELS) * LEVELS + p[IMAGE_G] / (256 / LEVELS)) * LEVELS + p[IMAGE_B] / (256 / LEVELS);
}

/* Places of the field along one axis that a part of the box covers. */
struct range { int from, to; };
static struct range range_of(float middle, float size)
{
    int from = (int)roundf(2 * (middle - size / 2)), to = (int)roundf(2 * (middle + size / 2));
    to = to > from ? to : from + 1;
    return (struct range){from < 0 ? 0 : from, to > FIELD ? FIELD : to};
}

void colour_model_learn(struct colour_model *m, struct image region, struct box cells, float rate)
{
    static const float inner = 0.8f, border = 1.1f, outer = 2.4f; /* times the box's sides */
    struct point c = box_centre(cells);
    struct range in_x = range_of(c.x, inner * cells.w), in_y = range_of(c.y, inner * cells.h);
    struct range no_x = range_of(c.x, border * cells.w), no_y = range_of(c.y, border * cells.h);
    struct range out_x = range_of(c.x, outer * cells.w), out_y = range_of(c.y, outer * cells.h);
    int inside = (in_x.to - in_x.from) * (in_y.to - in_y.from);
    int outside = (out_x.to - out_x.from) * (out_y.to - out_y.from) - (no_x.to - no_x.from) * (no_y.to - no_y.from);
    if (inside <= 0 || outside <= 0)
        return;
    for (int i = 0; i < BINS; i++) {
        m->object[i] *= 1 - rate;
        m->around[i] *= 1 - rate;
    }
    for (int y = out_y.from; y < out_y.to; y++)
        for (int x = out_x.from; x < out_x.to; x++) {
            if (x >= in_x.from && x < in_x.to && y >= in_y.from && y < in_y.to)
                m->object[bin_of(region, x, y)] += rate / (float)inside;
            else if (x < no_x.from || x >= no_x.to || y < no_y.from || y >= no_y.to)
                m->around[bin_of(region, x, y)] += rate / (float)outside;
        }
}

void colour_model_look(struct colour_model *m, struct image region)
{
    static const float rare = 1e-4f, unknown = 0.3f; /* what a colour that was never seen says */
    memset(m->sums, 0, ROW * sizeof *m->sums);
    for (int y = 0; y < FIELD; y++) {
        float *sums = m->sums + (y + 1) * ROW, row = 0;
        sums[0] = 0;
        for (int x = 0; x < FIELD; x++) {
            int bin = bin_of(region, x, y);
            float v = (m->object[bin] + unknown * rare) / (m->object[bin] + m->around[bin] + rare);
            m->likely[y * FIELD + x] = v;
            row += v;
            sums[x + 1] = sums[x + 1 - ROW] + row;
        }
    }
}

/* The integral up to a place between cells. */
static float sum_to(const struct colour_model *m, float x, float y)
{
    x = fminf(fmaxf(2 * x, 0), FIELD);
    y = fminf(fmaxf(2 * y, 0), FIELD);
    int u = x < FIELD ? (int)x : FIELD - 1, v = y < FIELD ? (int)y : FIELD - 1;
    float a = x - (float)u, b = y - (float)v;
    const float *p = m->sums + v * ROW + u, *q = p + ROW;
    return (1 - b) * ((1 - a) * p[0] + a * p[1]) + b * ((1 - a) * q[0] + a * q[1]);
}

float colour_model_mean(const struct colour_model *m, struct box c)
{
    float sum = sum_to(m, c.x + c.w, c.y + c.h) - sum_to(m, c.x, c.y + c.h) - sum_to(m, c.x + c.w, c.y) + sum_to(m, c.x, c.y);
    return sum / fmaxf(4 * c.w * c.h, 1e-6f);
}
