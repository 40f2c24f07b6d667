/* SPDX-License-Identifier: MIT
 * A cut changes the colours (histogram) and the places of light and dark (coarse grid, brightness and contrast taken
 * out, so that a flash is no cut) at once, and far more than the frames before did, so that a quick pan is none. */
#include "pipeline/cut.h"

#include <math.h>
#include <string.h>

enum { STEP_CELLS = 6 }; /* samples across a cell */

static const float colours_least = 0.25f; /* share of the picture whose colour class changed */
static const float layout_least = 0.45f;  /* 1 - correlation of the grids */
static const float layout_alone = 0.65f;  /* dark scenes have the same few colours: this much is enough by itself */
static const float both_least = 0.45f;    /* mean of the two; this much is a cut without a doubt */
static const float times_usual = 3.0f;

static void measure(struct image im, float *luma, float *colours)
{
    const float share = 1.0f / (CUT_CELLS * STEP_CELLS * STEP_CELLS);
    memset(luma, 0, CUT_CELLS * sizeof *luma);
    memset(colours, 0, CUT_BINS * sizeof *colours);
    for (int j = 0; j < CUT_H * STEP_CELLS; j++) {
        int y = (int)((int64_t)(2 * j + 1) * im.h / (2 * CUT_H * STEP_CELLS));
        const uint8_t *row = im.pixels + (size_t)y * (size_t)im.stride;
        for (int i = 0; i < CUT_W * STEP_CELLS; i++) {
            int x = (int)((int64_t)(2 * i + 1) * im.w / (2 * CUT_W * STEP_CELLS));
            const uint8_t *p = row + (size_t)x * IMAGE_PIXEL;
            luma[(j / STEP_CELLS) * CUT_W + i / STEP_CELLS] +=
                (float)(p[IMAGE_R] * 2 + p[IMAGE_G] * 5 + p[IMAGE_B]) / (8.0f * STEP_CELLS * STEP_CELLS);
            colours[(p[IMAGE_R] >> 6) * 16 + (p[IMAGE_G] >> 6) * 4 + (p[IMAGE_B] >> 6)] += share;
        }
    }
}

/* 0: the same up to brightness and contrast; 1: nothing in common. Flat pictures are alike. */
static float layout_change(const float *a, const float *b)
{
    double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
    for (int i = 0; i < CUT_CELLS; i++) {
        sa += (double)a[i];
        sb += (double)b[i];
    }
    for (int i = 0; i < CUT_CELLS; i++) {
        double da = (double)a[i] - sa / CUT_CELLS, db = (double)b[i] - sb / CUT_CELLS;
        aa += da * da;
        bb += db * db;
        ab += da * db;
    }
    const double flat = 4.0 * CUT_CELLS; /* a deviation of two grey levels */
    if (aa < flat && bb < flat)
        return 0;
    if (aa < flat || bb < flat)
        return 1;
    double change = 1 - ab / sqrt(aa * bb);
    return (float)fmin(fmax(change, 0), 1);
}

static float colour_change(const float *a, const float *b)
{
    float sum = 0;
    for (int i = 0; i < CUT_BINS; i++)
        sum += fabsf(a[i] - b[i]);
    return sum / 2;
}

bool cut_sees(struct cut *c, struct image im)
{
    float luma[CUT_CELLS], colours[CUT_BINS];
    measure(im, luma, colours);
    float layout = layout_change(c->luma, luma), colour = colour_change(c->colours, colours);
    float change = (layout + colour) / 2;
    bool other = colour >= colours_least && layout >= layout_least && change >= both_least;
    bool cut = c->seen > 0 && (other || layout >= layout_alone) && change >= times_usual * c->usual;
    if (c->seen == 0 || cut)
        c->usual = 0;
    else
        c->usual += 0.3f * (change - c->usual);
    c->seen++;
    memcpy(c->luma, luma, sizeof luma);
    memcpy(c->colours, colours, sizeof colours);
    return cut;
}
