/* SPDX-License-Identifier: MIT
 * Inside tracker/: heads with a closed form for FCNT in real time. A head is one convolution of all maps, found by ridge
 * regression over all circular shifts of the search region (Henriques et al., KCF, 2015), limited to the target's own
 * window (Galoogahi et al., Background-Aware Correlation Filters, ICCV 2017), in the frequency domain. */
#ifndef FACETRAIL_TRACKER_RIDGE_H
#define FACETRAIL_TRACKER_RIDGE_H

#include <stdbool.h>

#include "base/image.h"
#include "base/memory.h"

/* A map: [grid, grid], the grid even and at most GRID. Its spectrum: real parts [grid, half], then imaginary parts; the
 * other half is their mirror. The constants are those of the largest grid, which a single target has. */
enum { RIDGE_GRID = 40, RIDGE_HALF = RIDGE_GRID / 2 + 1, RIDGE_CELLS = RIDGE_GRID * RIDGE_GRID,
       RIDGE_BINS = RIDGE_GRID * RIDGE_HALF };

/* spectrum.c: the Fourier transform of many small maps as matrix products. */
struct spectrum {
    int max, grid, half, cells, bins; /* half = grid / 2 + 1, cells = grid^2, bins = grid half */
    float *across, *down, *back, *rows, *both; /* tables; scratch of one map */
};
void spectrum_open(struct spectrum *s, struct arena *arena, int max, int grid);
void spectrum_forward(const struct spectrum *s, float *out, const float *maps, int n); /* out [n, 2, bins] */
void spectrum_back(const struct spectrum *s, float *maps, const float *in, int n);
/* Maps that are zero elsewhere, which is not read; and only those cells back. */
struct cells { int left, top, right, bottom; };
void spectrum_forward_of(const struct spectrum *s, float *out, const float *maps, int n, struct cells c);
void spectrum_back_to(const struct spectrum *s, float *maps, const float *in, int n, struct cells c);

/* ridge.c: heads. What they need only while they learn is shared by all that have the same work. */
struct ridge_settings { float weight, rate, width; int rounds; };
struct ridge_work {
    const struct spectrum *spectrum;
    float *near, *price, *space; /* for spectrum->max maps: [n, 2, bins] each; space [n, cells] */
    float *energy, *mix;         /* [bins], [2, bins] */
};
struct ridge {
    const struct spectrum *spectrum;
    const struct ridge_work *work;
    struct ridge_settings settings;
    int n;
    struct cells window;   /* what the filter covers */
    float *label;          /* [2, bins]: spectrum of the wanted heat, which is real: its peak is at cell 0, 0 */
    float *model, *filter; /* [n, 2, bins] each */
};
void ridge_work_open(struct ridge_work *w, struct arena *arena, const struct spectrum *s);
void ridge_open(struct ridge *r, struct arena *arena, const struct ridge_work *w, int n, const struct ridge_settings *o);
/* The target covers w x h cells around the middle. `x`: spectrum of its maps. */
void ridge_start(struct ridge *r, const float *x, float w, float h);
void ridge_learn(struct ridge *r, const float *x); /* joins the model by the rate; the filter follows */
/* heat [cells]; spectrum: scratch [2, bins]. */
void ridge_heat(const struct ridge *r, const float *x, float *spectrum, float *heat);
/* The largest value, and its place in cells from cell 0, 0 of the circle, between cells by parabolas. */
float ridge_top(const struct ridge *r, const float *heat, float *dx, float *dy);
/* x shifted so that what was at (dx, dy) cells from the middle comes to the middle; in place. */
void ridge_shift(const struct ridge *r, float *x, float dx, float dy);
/* FCNT's significance of each map (papers.md section 9): how much the squared error of the heat rises without it. Exact,
 * as the head is linear. */
void ridge_significance(struct ridge *r, const float *x, float *significance);

/* channels.c: maps that need no net. GRADIENT_MAPS histograms of oriented gradients over cells of 4 x 4 pixels
 * (Felzenszwalb et al., PAMI 2010, section 6.2), and COLOUR_MAPS: how much of a cell has each of six hues, or is dark,
 * middle or light grey. */
enum { CHANNEL_CELL = 4, GRADIENT_BINS = 18, GRADIENT_MAPS = 31, COLOUR_MAPS = 9, CHANNEL_GRID = RIDGE_GRID };
struct channels {
    float *turns;  /* [256, 256]: direction of a gradient in bins */
    float *bins, *energy; /* scratch for CHANNEL_GRID^2 cells and a border */
};
void channels_open(struct channels *c, struct arena *arena);
/* out [GRADIENT_MAPS, grid, grid] of the picture's first 4 grid x 4 grid pixels. */
void channels_gradients(const struct channels *c, float *out, struct image im, int grid);
void channels_colours(float *out, struct image im, int grid);

/* scale.c: how large is it now: a filter over a row of sizes (Danelljan et al., DSST, BMVC 2014). */
enum { SCALES = 17, SCALE_GRID = 8, SCALE_DIMENSIONS = GRADIENT_MAPS * SCALE_GRID * SCALE_GRID };
struct scale_filter {
    const struct channels *channels;
    float step, rate;
    float *features, *spectrum, *top; /* [SCALES, D], [2 SCALES, D], [2 SCALES, D] */
    float *table;                     /* [2 SCALES, SCALES] */
    float bottom[SCALES], window[SCALES], label[2 * SCALES];
    uint8_t *pixels;
};
void scale_open(struct scale_filter *f, struct arena *arena, const struct channels *c, float step, float rate);
void scale_learn(struct scale_filter *f, struct image im, struct box box, bool first);
float scale_search(struct scale_filter *f, struct image im, struct box box); /* times the box's size */

#endif
