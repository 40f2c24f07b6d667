/* SPDX-License-Identifier: MIT
 * Shared convolution of step s > 1: the picture is split into s x s phases (every s-th pixel of every s-th row), in
 * which a tap is a shifted row again, so that the products of conv_rows.c, conv_rows_half.c and conv_int8.c do without
 * patches: of words that are a float, a pair of halves or four bytes of a row of pixels. Only forward; bands of output rows, so
 * that the phases of a band stay in the second-level cache. */
#include <string.h>

#include "nets/layers/conv.h"

enum { BAND_WORDS = 128 * 1024 };
enum word { WORD_FLOAT, WORD_HALVES, WORD_PIXEL };

struct layout {
    enum word word;
    int maps, words;       /* maps of words; phases of a picture row of one map, so many words from step to step */
    int row_taps, taps;    /* words under a row of the kernel; taps of a product's sum */
    int pw, rows, band;    /* width of a phase, its rows in a band, output rows in a band */
    size_t plane, row_in;  /* words of a phase in a band; of a padded picture row */
};

static int words_of(enum word word, int places) /* that hold so many places of a row, from a word's beginning */
{
    return word == WORD_PIXEL ? (places * PIXEL_MAPS + 3) / 4 : word == WORD_HALVES ? (places + 1) / 2 : places;
}

static struct layout layout_of(const struct patches *p, enum word word)
{
    struct layout l = { .word = word };
    int more = (p->kernel - 1) / p->stride;
    l.maps = word == WORD_PIXEL ? 1 : p->c;
    l.pw = p->ow + more;
    l.words = words_of(word, p->stride);
    l.row_taps = words_of(word, p->kernel);
    l.taps = l.maps * p->kernel * l.row_taps;
    l.band = BAND_WORDS / (l.maps * p->stride * l.words * l.pw) - more;
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

bool conv_phases_pixels(const struct conv *o) /* each step begins with a word */
{
    return conv_phases_fits(o) && o->stride * PIXEL_MAPS % 4 == 0;
}

static enum word word_of(const struct conv *o, const struct pass *pass)
{
    if (pass->picture)
        return WORD_PIXEL;
    return pass->half && o->stride % 2 == 0 && o->kernel % 2 == 0 ? WORD_HALVES : WORD_FLOAT;
}

size_t conv_phases_scratch(const struct conv *o, const struct patches *p)
{
    size_t most = (size_t)(o->maps * o->kernel * o->kernel * PIXEL_MAPS); /* while preparing */
    for (int word = WORD_FLOAT; word <= WORD_PIXEL; word++) {
        struct layout l = layout_of(p, (enum word)word);
        size_t n = (size_t)l.taps * (size_t)(o->maps + 1) + CONV_LEVELS_ENDS * (size_t)o->maps +
                   (size_t)(l.maps * p->stride * l.words) * l.plane + 2 * l.row_in +
                   (size_t)o->maps * (size_t)(l.band * l.pw) + 8 * KERNELS_SLACK;
        most = n > most ? n : most;
    }
    return most;
}

size_t conv_phases_levels(const struct conv *o)
{
    return conv_levels_size(o->maps, o->kernel, o->kernel * PIXEL_MAPS);
}

/* Maps are red, green and blue, a pixel's bytes blue, green and red. */
void conv_phases_prepare(const struct conv *o, const struct pass *pass)
{
    int square = o->kernel * o->kernel;
    float *weights = pass->scratch;
    for (int m = 0; m < o->maps; m++)
        for (int t = 0; t < square; t++) {
            float *to = weights + (m * square + t) * PIXEL_MAPS;
            const float *from = pass->param[0].at + m * PIXEL_MAPS * square + t;
            to[IMAGE_R] = from[0];
            to[IMAGE_G] = from[square];
            to[IMAGE_B] = from[2 * square];
        }
    conv_levels_prepare(o, pass, weights, o->kernel, o->kernel * PIXEL_MAPS);
}

/* Where the taps of a sum begin in the phases. */
static void set_offsets(int32_t *offsets, const struct patches *p, const struct layout *l)
{
    int s = p->stride;
    for (int c = 0; c < l->maps; c++)
        for (int y = 0; y < p->kernel; y++)
            for (int t = 0; t < l->row_taps; t++)
                *offsets++ = (int32_t)((size_t)((c * s + y % s) * l->words + t % l->words) * l->plane) + y / s * l->pw + t / l->words;
}

struct filling { /* where the phases come from */
    const struct patches *p;
    const struct layout *l;
    const struct image *picture;
    uint32_t *phases, *row; /* row: two of them */
};

/* Row `y` of the picture's map, padded; NULL: only what lies around it. */
static const uint32_t *padded(const struct filling *f, const float *in, int y)
{
    const struct patches *p = f->p;
    uint16_t *halves = (uint16_t *)(void *)(f->row + f->l->row_in);
    if (y < 0 || y >= (f->picture ? f->picture->h : p->h))
        return NULL;
    if (f->l->word == WORD_PIXEL) {
        p->kernels->pack_pixels((uint8_t *)f->row + p->pad * PIXEL_MAPS,
                                f->picture->pixels + (size_t)y * (size_t)f->picture->stride, f->picture->w);
    } else if (f->l->word == WORD_HALVES) {
        p->kernels->half_rows(halves + p->pad, 0, in + y * p->w, 0, p->w, 1);
        memcpy(f->row, halves, (size_t)(p->pad + p->w + 1) / 2 * sizeof *f->row);
    } else {
        memcpy(f->row + p->pad, in + y * p->w, (size_t)p->w * sizeof *in);
    }
    return f->row;
}

/* What lies around a picture: 0, which as a byte is the level nearest to it (base/image.h). */
static int around(const struct filling *f)
{
    return f->picture ? 128 : 0;
}

/* For `rows` output rows from `first` on. */
static void fill(const struct filling *f, const float *in, int first, int rows)
{
    const struct patches *p = f->p;
    const struct layout *l = f->l;
    const int all = (rows + l->rows - l->band) * p->stride;
    for (int c = 0; c < l->maps; c++, in += p->h * p->w)
        for (int y = 0; y < all; y++) {
            uint32_t *to = f->phases + (size_t)((c * p->stride + y % p->stride) * l->words) * l->plane + y / p->stride * l->pw;
            const uint32_t *from = padded(f, in, first * p->stride + y - p->pad);
            if (from)
                p->kernels->split(to, l->plane, from, l->words, l->pw);
            for (int i = 0; !from && i < l->words; i++)
                memset(to + (size_t)i * l->plane, around(f), (size_t)l->pw * sizeof *to);
        }
}

struct product { const struct kernels *kernels; enum word word; const void *packed; const int32_t *offsets; struct kernels_ends ends; };

static void multiply(const struct product *m, float *out, size_t out_step, const uint32_t *phases, int maps, int taps, int n)
{
    const struct kernels *k = m->kernels;
    if (m->word == WORD_PIXEL)
        k->quads_product(out, out_step, m->packed, phases, m->offsets, maps, taps, n, m->ends);
    else if (m->word == WORD_HALVES)
        k->pairs_product(out, out_step, m->packed, phases, m->offsets, maps, taps, n, m->ends);
    else
        k->rows_product(out, out_step, m->packed, (const float *)(const void *)phases, m->offsets, maps, taps, n, m->ends);
}

/* Output rows of a band: each by itself where it is a number of whole vectors, else all at once in the width of the
 * phases, `wide`, and then copied. */
static void multiply_rows(const struct product *m, float *out, size_t plane, float *wide, const struct filling *f,
                          const struct conv *o, int rows)
{
    const struct patches *p = f->p;
    const struct layout *l = f->l;
    size_t wide_step = (size_t)(l->band * l->pw);
    if (p->ow % KERNELS_SLACK == 0) {
        for (int y = 0; y < rows; y++)
            multiply(m, out + y * p->ow, plane, f->phases + y * l->pw, o->maps, l->taps, p->ow);
        return;
    }
    multiply(m, wide, wide_step, f->phases, o->maps, l->taps, (rows - 1) * l->pw + p->ow);
    for (int i = 0; i < o->maps; i++, out += plane)
        p->kernels->copy_rows(out, (size_t)p->ow, wide + (size_t)i * wide_step, (size_t)l->pw, p->ow, rows);
}

void conv_phases_forward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    struct layout l = layout_of(&p, word_of(o, pass));
    struct filling f = { .p = &p, .l = &l, .picture = pass->picture };
    const struct pass_rows rows = pass->rows;
    const size_t n_in = (size_t)(p.c * p.h * p.w), plane = (size_t)(pass->out.shape.h * p.ow);
    f.phases = (uint32_t *)(void *)(pass->scratch + (l.taps + CONV_LEVELS_ENDS) * o->maps);
    f.row = f.phases + (size_t)(l.maps * p.stride * l.words) * l.plane + KERNELS_SLACK;
    float *wide = (float *)(void *)(f.row + 2 * l.row_in);
    int32_t *offsets = (int32_t *)(void *)(wide + (size_t)(o->maps * l.band * l.pw) + KERNELS_SLACK);
    struct product m = { p.kernels, l.word, pass->scratch, offsets,
                         { .bias = o->no_bias ? NULL : pass->param[1].at, .relu = pass->relu } };
    memset(f.row, around(&f), 2 * l.row_in * sizeof *f.row);
    set_offsets(offsets, &p, &l);
    if (l.word == WORD_PIXEL) {
        struct conv_levels levels = conv_levels_at(o, pass, (struct kernels_range){ IMAGE_PLANE_LOW, IMAGE_PLANE_HIGH }, pass->scratch);
        m.packed = levels.packed;
        m.ends = levels.ends;
    } else if (l.word == WORD_HALVES) {
        kernels_pack_pairs((uint32_t *)(void *)pass->scratch, pass->param[0].at, (size_t)(2 * l.taps), 1, o->maps, 2 * l.taps, 1);
    } else {
        kernels_pack(pass->scratch, pass->param[0].at, (size_t)l.taps, 1, o->maps, l.taps);
    }
    for (int n = 0; n < pass->in[0].shape.n; n++)
        for (int y = 0; y < rows.n; y += l.band) {
            float *out = pass->out.at + (size_t)(n * o->maps) * plane + (rows.to + y) * p.ow;
            const int some = y + l.band < rows.n ? l.band : rows.n - y;
            fill(&f, pass->in[0].at + (size_t)n * n_in, rows.first + y, some);
            multiply_rows(&m, out, plane, wide, &f, o, some);
        }
}
