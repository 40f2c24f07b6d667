/* SPDX-License-Identifier: MIT
 * im2col and back: the patches under a kernel as columns of a matrix. */
#ifndef FACETRAIL_NETS_LAYERS_PATCHES_H
#define FACETRAIL_NETS_LAYERS_PATCHES_H

#include "base/kernels.h"
#include "nets/net.h"

struct patches { int c, h, w; int kernel, stride, pad; int oh, ow; const struct kernels *kernels; };

/* Output rows y0 .. y1 - 1 of one sample: col [c * kernel * kernel, (y1 - y0) * ow]. */
void patches_rows(float *col, const float *in, const struct patches *p, int y0, int y1);
/* The transpose: adds the columns back to where they came from. */
void patches_rows_back(float *in_grad, const float *col, const struct patches *p, int y0, int y1);
/* The rectangle of outputs [y0, y1) x [x0, x1) of n samples, `step` floats from sample to sample:
 * col [c * kernel * kernel, n * places]. */
void patches_region(float *col, const float *in, size_t step, int n, const struct patches *p, int y0, int y1, int x0,
                    int x1);
void patches_region_back(float *in_grad, size_t step, const float *col, int n, const struct patches *p, int y0, int y1,
                         int x0, int x1);

#endif
