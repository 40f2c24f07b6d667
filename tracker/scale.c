/* SPDX-License-Identifier: MIT
 * The target's size by a filter over a row of sizes (Danelljan et al., DSST, BMVC 2014): gradients of the box at 17
 * sizes, correlated along the sizes. */
#include <math.h>
#include <string.h>

#include "nets/gemm.h"
#include "tracker/ridge.h"

enum { D = SCALE_DIMENSIONS, SIDE = SCALE_GRID * CHANNEL_CELL, MIDDLE = SCALES / 2 };

static float factor(const struct scale_filter *f, int i)
{
    return powf(f->step, (float)(i - MIDDLE));
}

void scale_open(struct scale_filter *f, struct arena *arena, const struct channels *c, float step, float rate)
{
    static const double deviation = 1.0, full = 6.283185307179586;
    f->channels = c;
    f->step = step;
    f->rate = rate;
    f->features = arena_alloc(arena, SCALES * D, sizeof(float));
    f->spectrum = arena_alloc(arena, 2 * SCALES * D, sizeof(float));
    f->top = arena_alloc(arena, 2 * SCALES * D, sizeof(float));
    f->table = arena_alloc(arena, 2 * SCALES * SCALES, sizeof(float));
    f->pixels = arena_alloc(arena, SIDE * SIDE, IMAGE_PIXEL);
    memset(f->label, 0, sizeof f->label);
    for (int k = 0; f->table && k < SCALES; k++)
        for (int i = 0; i < SCALES; i++) {
            double a = full * (k * i % SCALES) / SCALES, away = i - MIDDLE, y = exp(-0.5 * away * away / (deviation * deviation));
            f->table[k * SCALES + i] = (float)cos(a);
            f->table[(SCALES + k) * SCALES + i] = (float)-sin(a);
            f->label[k] += (float)(y * cos(a));
            f->label[SCALES + k] -= (float)(y * sin(a));
        }
    for (int i = 0; i < SCALES; i++)
        f->window[i] = (float)(0.5 - 0.5 * cos(full * (i + 1) / (SCALES + 1)));
}

/* The box at each size, as spectra along the sizes. */
static void look(struct scale_filter *f, struct image im, struct box box)
{
    struct image patch = {f->pixels, SIDE, SIDE, SIDE * IMAGE_PIXEL};
    struct point c = box_centre(box);
    for (int i = 0; i < SCALES; i++) {
        float w = box.w * factor(f, i) / SIDE, h = box.h * factor(f, i) / SIDE, *out = f->features + i * D;
        struct warp map = {w, 0, c.x - (SIDE / 2 - 0.5f) * w - 0.5f, 0, h, c.y - (SIDE / 2 - 0.5f) * h - 0.5f};
        image_warp(patch, im, map);
        channels_gradients(f->channels, out, patch, SCALE_GRID);
        for (int k = 0; k < D; k++)
            out[k] *= f->window[i];
    }
    gemm(false, false, 2 * SCALES, D, SCALES, 1, f->table, SCALES, f->features, D, 0, f->spectrum, D);
}

void scale_learn(struct scale_filter *f, struct image im, struct box box, bool first)
{
    float rate = first ? 1 : f->rate;
    if (first) { /* no trace of a target before */
        memset(f->top, 0, 2 * SCALES * D * sizeof(float));
        memset(f->bottom, 0, sizeof f->bottom);
    }
    look(f, im, box);
    for (int k = 0; k < SCALES; k++) {
        const float *re = f->spectrum + k * D, *imaginary = re + SCALES * D;
        float *top = f->top + k * D, *top_im = top + SCALES * D, energy = 0, a = f->label[k], b = f->label[SCALES + k];
        for (int i = 0; i < D; i++) {
            top[i] += rate * (a * re[i] + b * imaginary[i] - top[i]); /* label conj(x) */
            top_im[i] += rate * (b * re[i] - a * imaginary[i] - top_im[i]);
            energy += re[i] * re[i] + imaginary[i] * imaginary[i];
        }
        f->bottom[k] += rate * (energy - f->bottom[k]);
    }
}

float scale_search(struct scale_filter *f, struct image im, struct box box)
{
    static const float weight = 0.01f;
    float re[SCALES], imaginary[SCALES], heat[SCALES];
    int best = MIDDLE;
    look(f, im, box);
    for (int k = 0; k < SCALES; k++) {
        const float *x = f->spectrum + k * D, *y = x + SCALES * D, *p = f->top + k * D, *q = p + SCALES * D;
        float a = 0, b = 0;
        for (int i = 0; i < D; i++) {
            a += p[i] * x[i] - q[i] * y[i];
            b += p[i] * y[i] + q[i] * x[i];
        }
        re[k] = a / (f->bottom[k] + weight);
        imaginary[k] = b / (f->bottom[k] + weight);
    }
    for (int i = 0; i < SCALES; i++) {
        heat[i] = 0;
        for (int k = 0; k < SCALES; k++)
            heat[i] += f->table[k * SCALES + i] * re[k] + f->table[(SCALES + k) * SCALES + i] * imaginary[k];
        if (heat[i] > heat[best])
            best = i;
    }
    float before = heat[best > 0 ? best - 1 : best], after = heat[best < SCALES - 1 ? best + 1 : best];
    float bend = before - 2 * heat[best] + after;
    float between = bend < 0 ? fminf(fmaxf(0.5f * (before - after) / bend, -0.5f), 0.5f) : 0;
    return powf(f->step, (float)(best - MIDDLE) + between);
}
