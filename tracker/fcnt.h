/* SPDX-License-Identifier: MIT
 * Inside tracker/: the parts of FCNT (papers.md section 9). Maps are [map][y][x] on one square grid of cells over a
 * square region of the picture. */
#ifndef FACETRAIL_TRACKER_FCNT_H
#define FACETRAIL_TRACKER_FCNT_H

#include "base/image.h"
#include "base/memory.h"
#include "base/option.h"
#include "nets/net.h"

/* What is looked at: centre and side in picture pixels. */
struct region { float cx, cy, side; };

/* fcnt_maps.c: the feature net over a region. The higher layer is brought to the lower one's grid, bilinear. Maps of
 * the first look have mean 0 and deviation 1; later ones are brought by the same numbers. */
enum { FCNT_SIDE = 100, FCNT_GRID = 46, FCNT_CELLS = FCNT_GRID * FCNT_GRID }; /* the paper's 46 x 46 cells */
struct fcnt_maps {
    struct net *net;
    struct net_run *run;
    int picture, low_layer, high_layer, n_low, n_high;
    float *low, *high; /* [n_low, FCNT_CELLS], [n_high, FCNT_CELLS] */
    float *mean, *over; /* [n_low + n_high]: value = (map - mean) * over */
};
/* weights: of DeepID2; "": the shipped ones. */
enum status fcnt_maps_open(struct fcnt_maps *m, struct arena *arena, const char *weights);
void fcnt_maps_look(struct fcnt_maps *m, struct image im, struct region r, bool first);
void fcnt_maps_close(struct fcnt_maps *m);
/* The box in cells of the grid, and back. */
struct box fcnt_to_cells(struct region r, struct box box);
/* A Gaussian of deviation w / 3 and h / 3 inside the box (in cells), 0 outside. */
void fcnt_target(float *heat, struct box cells);

/* select.c: which maps tell the target from its surroundings: those whose absence would cost most. */
enum fcnt_saliency { FCNT_SECOND_ORDER, FCNT_RELEASED }; /* the paper's form, the released code's */
struct fcnt_select_settings { int form, iterations; float rate, momentum, decay, drop; };
struct fcnt_select; /* a sel-CNN for one number of maps */
enum status fcnt_select_open(struct fcnt_select **out, int n_maps, const struct fcnt_select_settings *s);
/* Learns to give `target` from the maps, then each map's significance; higher is more. */
void fcnt_select_run(struct fcnt_select *s, const float *maps, const float *target, float *significance);
/* The `keep` most significant ones (or with `worst` the least), in rising order of their numbers. */
void fcnt_select_best(int *out, int keep, const float *significance, int n, bool worst);
void fcnt_select_close(struct fcnt_select **s);
/* s_k = sum over cells of -g f + h f^2 / 2, g and h the first and second derivatives of L = sum (heat - target)^2 by the
 * cell's value f: the rise of L when map k is set to zero, as a sum over its cells alone. heat = 3x3 convolution of the
 * maps with `weights` [n, 9]. The released form: -(g f + h f^2 / 2), h back-propagated from ones. */
void fcnt_saliency(float *significance, const float *maps, int n, const float *weights, const float *heat,
                   const float *target, int form);

/* fcnt_head.c: SNet or GNet. */
struct fcnt_head_settings { int maps; float rate, momentum, decay; };
struct fcnt_head;
enum status fcnt_head_open(struct fcnt_head **out, int n_maps, const struct fcnt_head_settings *s);
/* Weights as at the beginning, from a fixed seed; then `steps` of gradient descent on one sample. */
void fcnt_head_start(struct fcnt_head *h, const float *maps, const float *target, int steps);
/* One batch of two samples; of the second only cells where mask is not 0 count. */
struct fcnt_sample { const float *maps, *target, *mask; }; /* mask NULL: all cells */
void fcnt_head_update(struct fcnt_head *h, const struct fcnt_sample *two, int steps);
void fcnt_head_heat(struct fcnt_head *h, const float *maps, float *heat);
double fcnt_head_loss(const struct fcnt_head *h); /* of the last step */
void fcnt_head_close(struct fcnt_head **h);

/* propose.c: candidate boxes drawn around the last state, scored by the mean of a heat map inside them. */
struct fcnt_state { float cx, cy, scale, aspect; }; /* scale: width / 64; aspect: height / width */
struct fcnt_found { struct fcnt_state state; float confidence, score; };
struct fcnt_propose {
    int particles;
    float spread, scale_noise, area_power; /* deviation of the place in pixels, of the scale; of the rank */
};
struct box fcnt_state_box(struct fcnt_state s);
struct fcnt_state fcnt_box_state(struct box b);
/* sums [FCNT_GRID + 1, FCNT_GRID + 1]: integral of the map. */
void fcnt_integrate(double *sums, const float *heat);
double fcnt_sum_in(const double *sums, struct box cells); /* fractional edges count by their part */
/* The heat map over its largest value, what is not above `floor` set to 0. */
void fcnt_clean(float *heat, float floor);
struct fcnt_found fcnt_search(const double *sums, struct region r, struct fcnt_state last, struct image im,
                              const struct fcnt_propose *p, uint64_t *random);
/* Sum of the map's values above `level` outside the box over that inside. */
float fcnt_distraction(const float *heat, struct box cells, float level);

#endif
