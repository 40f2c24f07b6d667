/* SPDX-License-Identifier: MIT
 * Shared convolution of step s > 1: the picture is split into s x s phases (every s-th pixel of every s-th row), in
 * which a tap is a shifted row again, so that the products of conv_rows.c and conv_rows_half.c do without patches. Only
 * forward; bands of output rows, so that the phases of a band stay in the second-level cache. */
#include <string.h>

#include "nets/layers/conv.h"

enum { BAND_WORDS = 128 * 1024 };

struct layout {
    int taps, words;       /* of a product's sum; words: phases of a picture row of one map (halves: pairs of them) */
    int pw, rows, band;    /* width of a phase, its rows in a band, output rows in a band */
    size_t plane, row_in;  /* words of a phase in a band; of a padded picture row */
    bool half;
};

static struct layout layout_of(const struct patches *p, bool half)
{
    struct layout l = { .half = half };
    int more = (p->kernel - 1) / p->stride, each = half ? 2 : 1;
    l.pw = p->ow + more;
    l.words = p->stride / each;
    l.taps = p->c * p->kernel * p->kernel / each;
    l.band = BAND_WORDS / (p->c * p->stride * l.words * l.pw) - more;
    l.band = l.band < 1 ? 1 : l.band > p->oh ? p->oh : l.band;
    l.rows = l.band + more;
    l.plane = (size_t)(l.rows * l.pw);
    l.row_in = (size_t)(l.pw * p->stride + p->w + 2 * KERNELS_SLACK);
    return l;
}

bool conv_phases_fits(const struct conv *o)
{
    return o->stride > 1 && !o->grid && o->groups != -1;
}

static bool by_halves(const struct conv *o, const struct pass *pass)
{
    return pass->half && o->stride % 2 == 0 && o->kernel % 2 == 0;
}

size_t conv_phases_scratch(const struct conv *o, const struct patches *p)
{
    size_t most = 0;
    for (int half = 0; half < 2; half++) {
        struct layout l = layout_of(p, half);
        size_t n = (size_t)l.taps * (size_t)(o->maps + 1) + (size_t)(p->c * p->stride * l.words) * l.plane + 2 * l.row_in +
                   (size_t)o->maps * (size_t)(l.band * l.pw) + 8 * KERNELS_SLACK;
        most = n > most ? n : most;
    }
    return most;
}

/* Where the taps of a sum begin in the phases. */
static void set_offsets(int32_t *offsets, const struct patches *p, const struct layout *l)
{
    int each = l->half ? 2 : 1, s = p->stride;
    for (int c = 0; c < p->c; c++)
        for (int y = 0; y < p->kernel; y++)
            for (int x = 0; x < p->kernel; x += each)
                *offsets++ = (int32_t)((size_t)((c * s + y % s) * l->words + x % s / each) * l->plane) + y / s * l->pw + x / s;
}

/* Row `y` of the padded picture's map; NULL: zeros only. */
static const uint32_t *padded(uint32_t *row, uint16_t *halves, const float *in, const struct patches *p, int y, bool half)
{
    y -= p->pad;
    if (y < 0 || y >= p->h)
        return NULL;
    if (!half) {
        memcpy(row + p->pad, in + y * p->w, (size_t)p->w * sizeof *in);
        return row;
    }
    p->kernels->half_rows(halves + p->pad, 0, in + y * p->w, 0, p->w, 1);
    memcpy(row, halves, (size_t)(p->pad + p->w + 1) / 2 * sizeof *row);
    return row;
}

static void fill(uint32_t *phases, uint32_t *row, uint16_t *halves, const float *in, const struct patches *p,
                 const struct layout *l, int first)
{
    for (int c = 0; c < p->c; c++)
        for (int y = 0; y < l->rows * p->stride; y++) {
            uint32_t *to = phases + (size_t)((c * p->stride + y % p->stride) * l->words) * l->plane + y / p->stride * l->pw;
            const uint32_t *from = padded(row, halves, in + (size_t)c * (size_t)(p->h * p->w), p, first * p->stride + y,
                                          l->half);
            if (from)
                p->kernels->split(to, l->plane, from, l->words, l->pw);
            for (int i = 0; !from && i < l->words; i++)
                memset(to + (size_t)i * l->plane, 0, (size_t)l->pw * sizeof *to);
        }
}

static void finish(float *out, const float *wide, const struct conv *o, const struct patches *p, const struct layout *l, int rows)
{
    size_t plane = (size_t)(p->oh * p->ow);
    for (int m = 0; m < o->maps; m++, out += plane)
        p->kernels->copy_rows(out, (size_t)p->ow, wide + (size_t)m * (size_t)(l->band * l->pw), (size_t)l->pw, p->ow, rows);
}

void conv_phases_forward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    struct layout l = layout_of(&p, by_halves(o, pass));
    size_t n_phases = (size_t)(p.c * p.stride * l.words) * l.plane, wide_step = (size_t)(l.band * l.pw);
    uint32_t *packed = (uint32_t *)(void *)pass->scratch, *phases = packed + (size_t)l.taps * (size_t)o->maps;
    uint32_t *row = phases + n_phases + KERNELS_SLACK;
    uint16_t *halves = (uint16_t *)(void *)(row + l.row_in);
    float *wide = (float *)(void *)(row + 2 * l.row_in);
    int32_t *offsets = (int32_t *)(void *)(wide + (size_t)o->maps * wide_step + KERNELS_SLACK);
    struct kernels_ends ends = { .bias = o->no_bias ? NULL : pass->param[1].at, .relu = pass->relu };
    memset(row, 0, 2 * l.row_in * sizeof *row);
    set_offsets(offsets, &p, &l);
    if (l.half)
        kernels_pack_pairs(packed, pass->param[0].at, (size_t)(2 * l.taps), 1, o->maps, 2 * l.taps, 1);
    else
        kernels_pack((float *)(void *)packed, pass->param[0].at, (size_t)l.taps, 1, o->maps, l.taps);
    for (int n = 0; n < pass->in[0].shape.n; n++)
        for (int y = 0; y < p.oh; y += l.band) {
            int rows = y + l.band < p.oh ? l.band : p.oh - y, span = (rows - 1) * l.pw + p.ow;
            fill(phases, row, halves, pass->in[0].at + (size_t)n * (size_t)(p.c * p.h * p.w), &p, &l, y);
            if (l.half)
                p.kernels->pairs_product(wide, wide_step, packed, phases, offsets, o->maps, l.taps, span, ends);
            else
                p.kernels->rows_product(wide, wide_step, (const float *)(const void *)packed,
                                        (const float *)(const void *)phases, offsets, o->maps, l.taps, span, ends);
            finish(pass->out.at + (size_t)n * (size_t)(o->maps * p.oh * p.ow) + y * p.ow, wide, o, &p, &l, rows);
        }
}
