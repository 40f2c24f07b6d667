/* SPDX-License-Identifier: MIT
 * Curves and histograms as PNG pictures. */
#ifndef FACETRAIL_TRAIN_PLOT_H
#define FACETRAIL_TRAIN_PLOT_H

#include "base/image.h"
#include "base/status.h"

enum { PLOT_SERIES = 8, PLOT_BINS = 60 };

struct plot_series {
    const char *name; /* in the legend */
    const double *x, *y;
    int n;
};

struct plot {
    const char *title, *x_name, *y_name;
    double x_low, x_high, y_low, y_high; /* equal: from the data */
    int n;                               /* series, at most PLOT_SERIES */
    struct plot_series series[PLOT_SERIES];
};

/* Lines through the points of each series, in their order. Texts are UTF-8. */
enum status plot_curves(const char *path, const struct plot *p);
/* How often each series' x falls into each of PLOT_BINS equal bins, as a part of that series; y is not used. */
enum status plot_histogram(const char *path, const struct plot *p);

/* n pictures of one size side by side, each under its title. */
enum status plot_pictures(const char *path, const struct image *pictures, const char *const *titles, int n);

#endif
