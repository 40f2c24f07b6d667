/* SPDX-License-Identifier: MIT
 * Candidate boxes of FCNT (papers.md section 9): drawn around the last state, scored by the mean of a heat map inside,
 * which an integral of the map gives in four look-ups. */
#include <math.h>

#include "base/random.h"
#include "tracker/fcnt.h"

static const float unit_width = 64;

struct box fcnt_state_box(struct fcnt_state s)
{
    float w = s.scale * unit_width, h = w * s.aspect;
    return (struct box){s.cx - w / 2, s.cy - h / 2, w, h};
}

struct fcnt_state fcnt_box_state(struct box b)
{
    struct point c = box_centre(b);
    return (struct fcnt_state){c.x, c.y, b.w / unit_width, b.h / b.w};
}

void fcnt_integrate(double *sums, const float *heat)
{
    enum { ROW = FCNT_GRID + 1 };
    for (int x = 0; x < ROW; x++)
        sums[x] = 0;
    for (int y = 0; y < FCNT_GRID; y++) {
        double row = 0;
        sums[(y + 1) * ROW] = 0;
        for (int x = 0; x < FCNT_GRID; x++) {
            row += heat[y * FCNT_GRID + x];
            sums[(y + 1) * ROW + x + 1] = sums[y * ROW + x + 1] + row;
        }
    }
}

/* The integral up to (x, y), bilinear between its whole places: as if each cell were flat. */
static double integral(const double *sums, float x, float y)
{
    enum { ROW = FCNT_GRID + 1 };
    x = fminf(fmaxf(x, 0), FCNT_GRID);
    y = fminf(fmaxf(y, 0), FCNT_GRID);
    int x0 = (int)fminf(x, FCNT_GRID - 1), y0 = (int)fminf(y, FCNT_GRID - 1);
    double fx = x - (float)x0, fy = y - (float)y0;
    const double *p = sums + y0 * ROW + x0, *q = p + ROW;
    return (1 - fy) * (p[0] + fx * (p[1] - p[0])) + fy * (q[0] + fx * (q[1] - q[0]));
}

double fcnt_sum_in(const double *sums, struct box c)
{
    return integral(sums, c.x + c.w, c.y + c.h) - integral(sums, c.x, c.y + c.h) - integral(sums, c.x + c.w, c.y) +
           integral(sums, c.x, c.y);
}

void fcnt_clean(float *heat, float floor)
{
    float most = 0;
    for (int k = 0; k < FCNT_CELLS; k++)
        most = fmaxf(most, heat[k]);
    for (int k = 0; k < FCNT_CELLS; k++) {
        float v = most > 0 ? heat[k] / most : 0;
        heat[k] = v > floor ? v : 0;
    }
}

/* What lies outside the grid counts as 0. */
static struct fcnt_found rate(const double *sums, struct region r, struct fcnt_state s, float area_power)
{
    struct box cells = fcnt_to_cells(r, fcnt_state_box(s));
    float area = box_area(cells), confidence = area > 0 ? (float)fcnt_sum_in(sums, cells) / area : 0;
    return (struct fcnt_found){s, confidence, confidence * powf(area, area_power)};
}

/* The target's centre stays in the picture. */
static struct fcnt_state draw(struct fcnt_state s, struct image im, const struct fcnt_propose *p, uint64_t *random)
{
    s.cx = fminf(fmaxf(s.cx + p->spread * random_normal(random), 0), (float)im.w);
    s.cy = fminf(fmaxf(s.cy + p->spread * random_normal(random), 0), (float)im.h);
    if (p->scale_noise > 0)
        s.scale *= fminf(fmaxf(1 + p->scale_noise * random_normal(random), 0.9f), 1.1f);
    return s;
}

struct fcnt_found fcnt_search(const double *sums, struct region r, struct fcnt_state last, struct image im,
                              const struct fcnt_propose *p, uint64_t *random)
{
    struct fcnt_found best = rate(sums, r, last, p->area_power);
    for (int i = 1; i < p->particles; i++) {
        struct fcnt_found one = rate(sums, r, draw(last, im, p, random), p->area_power);
        if (one.score > best.score)
            best = one;
    }
    return best;
}

float fcnt_distraction(const float *heat, struct box cells, float level)
{
    float inside = 0, outside = 0;
    for (int k = 0; k < FCNT_CELLS; k++) {
        float x = (float)(k % FCNT_GRID) + 0.5f, y = (float)(k / FCNT_GRID) + 0.5f;
        bool in = x >= cells.x && x < cells.x + cells.w && y >= cells.y && y < cells.y + cells.h;
        if (heat[k] > level)
            *(in ? &inside : &outside) += heat[k];
    }
    return inside > 0 ? outside / inside : outside > 0 ? INFINITY : 0;
}
