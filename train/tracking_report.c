/* SPDX-License-Identifier: MIT
 * What `eval tracking` prints and draws beside its last line. */
#include "train/tracking_report.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "train/plot.h"

enum { PATH = 1024 };

void tracking_print_attributes(const struct sequences *s, const struct tracking_score *scores)
{
    bool any = false;
    for (int i = 0; i < SEQUENCE_ATTRIBUTES; i++) {
        double precision = 0, auc = 0;
        int n = 0;
        for (size_t k = 0; k < s->n; k++)
            if (s->all[k].attributes >> i & 1) {
                precision += scores[k].precision20;
                auc += scores[k].auc;
                n++;
            }
        if (n && !any)
            printf("%-20s %7s %12s %8s\n", "attribute", "targets", "precision20", "auc");
        if (n)
            printf("%-20s %7d %12.4f %8.4f\n", sequence_attribute(i), n, precision / n, auc / n);
        any = any || n;
    }
}

enum status tracking_write(const char *folder, const char *name, const struct box *found, const float *sure, int n)
{
    char path[PATH];
    struct file_write w;
    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    enum status s = file_make_folders_above(path);
    if (!s)
        s = file_create(&w, path);
    if (s)
        return s;
    for (int i = 0; i < n; i++)
        fprintf(w.to, "%.2f,%.2f,%.2f,%.2f,%.3f\n", found[i].x + 1, found[i].y + 1, found[i].w, found[i].h, sure[i]);
    return file_commit(&w);
}

void tracking_print_returns(const struct tracking_returns *r)
{
    if (r->absent > 0)
        printf("returns=%d found_again=%d found_again25=%d absent=%ld said_absent=%ld\n", r->returns, r->found, r->found25,
               r->absent, r->silent);
}

static enum status draw_one(const char *path, const char *title, const char *x_name, const double *x, const double *y,
                            int n, const char *name)
{
    struct plot p = {.title = title, .x_name = x_name, .y_name = "part of the frames",
                     .x_low = 0, .x_high = x[n - 1], .y_low = 0, .y_high = 1, .n = 1};
    p.series[0] = (struct plot_series){.name = name, .x = x, .y = y, .n = n};
    return plot_curves(path, &p);
}

enum status tracking_draw(const char *out, const char *tracker, const struct tracking_score *mean, int n)
{
    char path[PATH], title[128], legend[64];
    double x[TRACKING_PIXELS];
    const char *dot = strrchr(out, '.');
    int stem = dot && !strchr(dot, '/') ? (int)(dot - out) : (int)strlen(out);
    if (snprintf(path, sizeof path, "%.*s-precision.png", stem, out) >= PATH)
        return fail(BAD_USAGE, "%s: the name is too long", out);
    for (int i = 0; i < TRACKING_OVERLAPS; i++)
        x[i] = (double)i / (TRACKING_OVERLAPS - 1);
    snprintf(title, sizeof title, "Success over %d targets", n);
    snprintf(legend, sizeof legend, "%s: %.3f", tracker, mean->auc);
    enum status s = draw_one(out, title, "overlap", x, mean->success, TRACKING_OVERLAPS, legend);
    for (int i = 0; i < TRACKING_PIXELS; i++)
        x[i] = i;
    snprintf(title, sizeof title, "Precision over %d targets", n);
    snprintf(legend, sizeof legend, "%s: %.3f", tracker, mean->precision20);
    return s ? s : draw_one(path, title, "pixels off", x, mean->precision, TRACKING_PIXELS, legend);
}
