/* SPDX-License-Identifier: MIT
 * Reads LNet's maps: each cell whose face response passes is a window with a box and five marks (papers.md
 * section 8; boxes by regression instead of EdgeBox proposals). Only passing cells cost anything. */
#include "detector/locate.h"

#include <math.h>
#include <stdio.h>

#include "detector/merge.h"

enum { TOO_FAR = 5 }; /* exp(5) strides: larger than any picture; keeps a broken net's boxes finite */

float locate_logit(float probability)
{
    float p = fminf(fmaxf(probability, 1e-6f), 1 - 1e-6f);
    return logf(p / (1 - p));
}

enum status locate_find(struct locate *out, const struct net *n)
{
    for (int i = 0; i < LNET_STRIDES; i++) {
        const char *const names[] = { "response", "boxes", "points" };
        int *const numbers[] = { &out->response[i], &out->box[i], &out->marks[i] };
        for (int j = 0; j < 3; j++) {
            char name[32];
            snprintf(name, sizeof name, "%s%d", names[j], LNET_FIRST_STRIDE << i);
            enum status s = net_find(n, name, numbers[j]);
            if (s) {
                return fail_in(s, "face localizer");
            }
        }
    }
    return OK;
}

static struct window decode_cell(const struct locate_cell *cell, float x, float y, float step)
{
    struct window w = { .score = 0 };
    float far[4];
    for (int i = 0; i < 4; i++) {
        far[i] = expf(fminf(fmaxf(cell->box[i], -TOO_FAR), TOO_FAR)) * step;
    }
    w.box = (struct box){ x - far[0], y - far[1], far[0] + far[2], far[1] + far[3] };
    for (int i = 0; i < FACE_MARKS; i++) {
        w.marks[i].x = x + cell->marks[2 * i] * step;
        w.marks[i].y = y + cell->marks[2 * i + 1] * step;
    }
    return w;
}

int locate_decode(const float *response, struct locate_cells cells, int h, int w, int stride, float least, float scale,
                  struct window *out, int n, int max)
{
    const float step = (float) stride * scale;
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            const float is = response[(size_t) y * (size_t) w + (size_t) x];
            if (is < least) {
                continue;
            }
            if (n == max) { /* rare: only thresholds far below any use fill the room */
                n = merge_best(out, n, max / 2);
                least = fmaxf(least, n ? locate_logit(out[n - 1].score) : least);
                if (n == max || is < least) {
                    continue;
                }
            }
            struct locate_cell cell;
            cells.read(cells.from, x, y, &cell);
            out[n] = decode_cell(&cell, ((float) x + 0.5f) * step, ((float) y + 0.5f) * step, step);
            out[n].score = 1 / (1 + expf(-is));
            n++;
        }
    }
    return n;
}

struct place { struct net_run *run; int box, marks, sample; };

static void read_place(const void *from, int x, int y, struct locate_cell *out)
{
    const struct place *p = from;
    net_run_place(p->run, p->box, p->sample, x, y, out->box);
    net_run_place(p->run, p->marks, p->sample, x, y, out->marks);
}

int locate_windows(const struct locate *l, struct net_run *r, int sample, float least, float scale,
                   struct window *out, int n, int max)
{
    for (int i = 0; i < LNET_STRIDES; i++) {
        const struct tensor response = net_run_at(r, l->response[i]);
        const struct shape s = response.shape;
        const struct place place = { r, l->box[i], l->marks[i], sample };
        n = locate_decode(response.at + (size_t) (sample * s.h * s.w), (struct locate_cells){ read_place, &place }, s.h, s.w,
                          LNET_FIRST_STRIDE << i, least, scale, out, n, max);
    }
    return n;
}
