/* SPDX-License-Identifier: MIT
 * Heads of many targets: the fast form of FCNT (fcnt_fast.c) with a region of three sizes in place of five and no net, as
 * a face moves little from frame to frame and a detection comes soon. Learnt where detections are, searched between them. */
#include "tracker/heads.h"

#include <math.h>
#include <string.h>

#include "tracker/ridge.h"

enum { GRID = 24, SIDE = GRID * CHANNEL_CELL, MAPS = GRADIENT_MAPS + COLOUR_MAPS };

static const float area = 3; /* side of the region over the root of the box's area */
static const struct ridge_settings settings = {.weight = 0.01f, .rate = 0.12f, .width = 0.0625f, .rounds = 2};

struct head { bool taken, learnt; struct ridge ridge; float usual; };
struct heads {
    struct channels channels;
    struct spectrum spectrum;
    struct ridge_work work;
    uint8_t *pixels;
    float *maps, *x, *sum, *heat; /* [MAPS, cells]; spectra [MAPS, 2, bins], [2, bins]; [cells] */
    float window[GRID];
    int n;
    struct head *all;
};

struct heads *heads_open(struct arena *arena, int max)
{
    struct heads *h = arena_alloc(arena, 1, sizeof *h);
    if (!h)
        return NULL;
    channels_open(&h->channels, arena);
    spectrum_open(&h->spectrum, arena, MAPS, GRID);
    ridge_work_open(&h->work, arena, &h->spectrum);
    size_t bins = (size_t)h->spectrum.bins, cells = (size_t)h->spectrum.cells;
    h->pixels = arena_alloc(arena, SIDE * SIDE, IMAGE_PIXEL);
    h->maps = arena_alloc(arena, MAPS * cells, sizeof(float));
    h->x = arena_alloc(arena, MAPS * 2 * bins, sizeof(float));
    h->sum = arena_alloc(arena, 2 * bins, sizeof(float));
    h->heat = arena_alloc(arena, cells, sizeof(float));
    h->all = arena_alloc(arena, (size_t)max, sizeof *h->all);
    for (int i = 0; i < GRID; i++)
        h->window[i] = 0.5f - 0.5f * cosf(6.2831853f * ((float)i + 0.5f) / GRID);
    for (int i = 0; h->all && i < max; i++)
        ridge_open(&h->all[i].ridge, arena, &h->work, MAPS, &settings);
    h->n = max;
    return h;
}

int heads_take(struct heads *h)
{
    for (int i = 0; i < h->n; i++)
        if (!h->all[i].taken) {
            h->all[i].taken = true;
            h->all[i].learnt = false;
            return i;
        }
    return -1;
}

void heads_give(struct heads *h, int head)
{
    if (head >= 0)
        h->all[head].taken = false;
}

static float cell_of(struct box box)
{
    return area * sqrtf(box_area(box)) / GRID;
}

/* Spectra of the region's maps, each without its mean and faded towards the edge. */
static void look(struct heads *h, struct image im, struct box box)
{
    struct image patch = {h->pixels, SIDE, SIDE, SIDE * IMAGE_PIXEL};
    struct point c = box_centre(box);
    float step = cell_of(box) / CHANNEL_CELL, half = SIDE / 2 * step;
    image_warp(patch, im, (struct warp){step, 0, c.x - half + 0.5f * (step - 1), 0, step, c.y - half + 0.5f * (step - 1)});
    channels_gradients(&h->channels, h->maps, patch, GRID);
    channels_colours(h->maps + GRADIENT_MAPS * h->spectrum.cells, patch, GRID);
    for (int i = 0; i < MAPS; i++) {
        float *map = h->maps + i * GRID * GRID, mean = 0;
        for (int k = 0; k < GRID * GRID; k++)
            mean += map[k] / (GRID * GRID);
        for (int k = 0; k < GRID * GRID; k++)
            map[k] = (map[k] - mean) * h->window[k / GRID] * h->window[k % GRID];
    }
    spectrum_forward(&h->spectrum, h->x, h->maps, MAPS);
}

void heads_learn(struct heads *h, int head, struct image im, struct box box)
{
    static const float share = 0.3f;
    struct head *one = &h->all[head];
    float cell = cell_of(box), dx, dy;
    look(h, im, box);
    if (one->learnt)
        ridge_learn(&one->ridge, h->x);
    else
        ridge_start(&one->ridge, h->x, box.w / cell, box.h / cell);
    ridge_heat(&one->ridge, h->x, h->sum, h->heat);
    float top = ridge_top(&one->ridge, h->heat, &dx, &dy);
    one->usual = one->learnt ? one->usual + share * (top - one->usual) : top;
    one->learnt = true;
}

float heads_search(struct heads *h, int head, struct image im, struct box *box)
{
    const struct head *one = &h->all[head];
    float cell = cell_of(*box), dx, dy;
    if (!one->learnt)
        return 0;
    look(h, im, *box);
    ridge_heat(&one->ridge, h->x, h->sum, h->heat);
    float top = ridge_top(&one->ridge, h->heat, &dx, &dy);
    box->x += dx * cell;
    box->y += dy * cell;
    return one->usual > 0 ? fmaxf(top / one->usual, 0) : 0;
}
