/* SPDX-License-Identifier: MIT
 * The ways to convolve behind layer_conv. */
#ifndef FACETRAIL_NETS_LAYERS_CONV_H
#define FACETRAIL_NETS_LAYERS_CONV_H

#include "nets/internal.h"
#include "nets/layers/layers.h"
#include "nets/layers/patches.h"

struct patches conv_patches(const struct conv *o, struct shape in, const struct kernels *k);
int conv_tile_rows(const struct patches *p); /* output rows whose patches stay in the second-level cache */
/* The grid's regions along an axis of `n` outputs: region g covers [conv_cut(n, grid, g), conv_cut(n, grid, g + 1)). */
int conv_cut(int n, int grid, int g);
int conv_cells(const struct conv *o, int n); /* regions along an axis of n outputs */

void conv_shared_forward(const struct conv *o, const struct pass *pass);
void conv_shared_backward(const struct conv *o, const struct pass *pass);
/* Step 1 without padding: products with shifted rows, no patches. */
bool conv_rows_fits(const struct conv *o);
/* Where the taps of `planes` input planes begin, plane by plane. */
void conv_rows_offsets(int32_t *offsets, const struct patches *p, int planes);
size_t conv_rows_scratch(const struct conv *o, const struct patches *p);
void conv_rows_forward(const struct conv *o, const struct pass *pass);
void conv_rows_backward(const struct conv *o, const struct pass *pass);
/* The same when pass->half. */
size_t conv_rows_half_scratch(const struct conv *o, const struct patches *p);
void conv_rows_half_forward(const struct conv *o, const struct pass *pass);
void conv_rows_half_backward(const struct conv *o, const struct pass *pass);
/* 1x1 when pass->int8; forward only. pass->keep: levels of the weights, and what they are worth. */
bool conv_int8_fits(const struct conv *o);
size_t conv_int8_levels(const struct conv *o, int maps_in); /* floats of them */
void conv_int8_prepare(const struct conv *o, const struct pass *pass);
size_t conv_int8_scratch(const struct conv *o, const struct patches *p);
void conv_int8_forward(const struct conv *o, const struct pass *pass);
/* Levels of weights [maps, rows, width] in pass->keep. */
size_t conv_levels_size(int maps, int rows, int width);
void conv_levels_prepare(const struct conv *o, const struct pass *pass, const float *weights, int rows, int width);
/* A product of them with levels of an input that lies within `range`; its ends are written to `ends`, so many floats a map. */
enum { CONV_LEVELS_ENDS = 2 };
struct conv_levels { const uint32_t *packed; float low, per; struct kernels_ends ends; };
struct conv_levels conv_levels_at(const struct conv *o, const struct pass *pass, struct kernels_range range, float *ends);
/* 3x3, step 1, many maps, shared or in regions: a quarter of the products. */
bool conv_winograd_fits(const struct conv *o, const struct patches *p);
bool conv_winograd_pays(const struct conv *o, const struct patches *p, int n); /* fits, and n samples are enough */
size_t conv_winograd_scratch(const struct conv *o, const struct patches *p, int n);
/* Factors of the weights that are kept from `prepare` on: 0 where regions have their own, or they are too many. */
size_t conv_winograd_levels(const struct conv *o, const struct patches *p);
void conv_winograd_prepare(const struct conv *o, const struct pass *pass);
void conv_winograd_forward(const struct conv *o, const struct pass *pass);
void conv_winograd_backward(const struct conv *o, const struct pass *pass);
/* Step above 1: products with shifted rows of the picture's phases; forward only. */
bool conv_phases_fits(const struct conv *o);
enum { PIXEL_MAPS = 3 };
bool conv_phases_pixels(const struct conv *o);   /* the same for pass->picture */
size_t conv_phases_levels(const struct conv *o); /* for it: floats, and filling them */
void conv_phases_prepare(const struct conv *o, const struct pass *pass);
size_t conv_phases_scratch(const struct conv *o, const struct patches *p);
void conv_phases_forward(const struct conv *o, const struct pass *pass);
/* A kernel at every place, step 1, no padding: samples side by side. */
bool conv_unshared_fits(const struct conv *o);
bool conv_unshared_pays(const struct conv *o, int n); /* fits, and n samples are enough */
size_t conv_unshared_scratch(const struct conv *o, const struct patches *p);
void conv_unshared_forward(const struct conv *o, const struct pass *pass);
void conv_unshared_backward(const struct conv *o, const struct pass *pass);
void conv_regions_forward(const struct conv *o, const struct pass *pass);
void conv_regions_backward(const struct conv *o, const struct pass *pass);
size_t conv_regions_scratch(const struct conv *o, const struct patches *p, int n);
int conv_regions_chunk(const struct patches *p, int cells_y, int cells_x, int n); /* samples a product */

#endif
