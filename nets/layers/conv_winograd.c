/* SPDX-License-Identifier: MIT
 * 3x3 convolution of step 1 by F(4x4, 3x3): 36 products a tile of 4x4 outputs instead of 144, forward and in both gradients
 * (Lavin, Gray: Fast Algorithms for Convolutional Neural Networks, CVPR 2016). Inside, pixels lie one after the other with
 * their channels side by side, so that a transform does many channels at once; the 36 factors of all tiles are 36 matrices,
 * multiplied by BLAS. Gradients are the transposes of the same steps, exact but for rounding. Where the outputs are cut into
 * regions with kernels of their own, each region is a convolution of its own. */
#include <string.h>

#include "nets/gemm.h"
#include "nets/layers/conv.h"

enum { TILE = 4, SEEN = 6, FACTORS = SEEN * SEEN, FEW_MAPS = 16 };
/* Tiles a product: backward also reads and writes the gradient of all weights for each. */
enum { TOGETHER = 96, TOGETHER_BACK = 288 };
enum { NEAR = 8192 }; /* floats of pixels that stay in the first caches */

struct layout {
    int rows, columns, tiles; /* of a sample */
    int samples;              /* a product */
    int block;                /* channels that go from planes to factors at once */
    size_t step;              /* floats from pixel to pixel of a block: an odd number of cache lines */
    size_t in_step, out_step; /* from tile to tile */
    size_t in_row, out_row;   /* from one row of a block's pixels to the next */
    size_t in_size, out_size; /* a block's pixels of a sample */
    size_t in_factor, out_factor, weight_factor; /* from matrix to matrix */
};

static size_t step_of(int channels)
{
    return ((size_t)(channels + 15) / 16 | 1) * 16;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static struct layout layout_of(const struct conv *o, const struct patches *p, int n, int together)
{
    struct layout l = { .rows = (p->oh + TILE - 1) / TILE, .columns = (p->ow + TILE - 1) / TILE };
    l.tiles = l.rows * l.columns;
    l.samples = (together + l.tiles - 1) / l.tiles;
    l.samples = l.samples < n ? l.samples : n;
    l.in_step = step_of(p->c);
    l.out_step = step_of(o->maps);
    const int high = TILE * l.rows + SEEN - TILE, wide = TILE * l.columns + SEEN - TILE;
    const int most = (larger(p->c, o->maps) + 15) / 16 * 16, fits = NEAR / (high * wide) / 16 * 16;
    l.block = fits < 16 ? 16 : fits < most ? fits : most;
    l.step = step_of(l.block);
    l.in_row = l.step * (size_t)wide;
    l.out_row = l.step * (size_t)(TILE * l.columns);
    l.in_size = l.in_row * (size_t)high;
    l.out_size = l.out_row * (size_t)(TILE * l.rows);
    l.in_factor = l.in_step * (size_t)(l.tiles * l.samples);
    l.out_factor = l.out_step * (size_t)(l.tiles * l.samples);
    l.weight_factor = l.out_step * (size_t)p->c;
    return l;
}

bool conv_winograd_fits(const struct conv *o, const struct patches *p)
{
    return o->kernel == 3 && o->stride <= 1 && o->pad <= (o->grid ? 0 : 1) && o->groups != -1 && p->c >= FEW_MAPS &&
           o->maps >= FEW_MAPS && p->oh / conv_cells(o, p->oh) >= TILE && p->ow / conv_cells(o, p->ow) >= TILE;
}

/* A region of the outputs, or all of them. */
struct part {
    struct patches p; /* as if it were all */
    size_t in, out;   /* its corner in the planes */
    int number;
};

static struct part part_of(const struct conv *o, const struct patches *p, int number)
{
    int cells_y = conv_cells(o, p->oh), cells_x = conv_cells(o, p->ow), gy = number / cells_x, gx = number % cells_x;
    int y = conv_cut(p->oh, cells_y, gy), x = conv_cut(p->ow, cells_x, gx);
    struct part part = { *p, (size_t)(y * p->w + x), (size_t)(y * p->ow + x), number };
    part.p.oh = conv_cut(p->oh, cells_y, gy + 1) - y;
    part.p.ow = conv_cut(p->ow, cells_x, gx + 1) - x;
    part.p.h = part.p.oh + 2 - 2 * o->pad;
    part.p.w = part.p.ow + 2 - 2 * o->pad;
    return part;
}

bool conv_winograd_pays(const struct conv *o, const struct patches *p, int n)
{
    enum { FEW_TILES = 16 }; /* fewer cost less than the transform of the weights */
    int rows = p->oh / conv_cells(o, p->oh) / TILE, columns = p->ow / conv_cells(o, p->ow) / TILE;
    return conv_winograd_fits(o, p) && n * rows * columns >= FEW_TILES;
}

static int parts(const struct conv *o, const struct patches *p)
{
    return conv_cells(o, p->oh) * conv_cells(o, p->ow);
}

/* Where all that lies in the scratch. */
struct work {
    struct layout l;
    float *in, *out;                          /* pixels of one sample and block, zero around the picture */
    float *in_factors, *out_factors;          /* [36][tile][channel] */
    float *turned, *weights, *weight_grads;   /* [channel][9][map], [36][channel][map]; the last in backward only */
};

static size_t work_size(const struct layout *l, int channels)
{
    return l->in_size + l->out_size + FACTORS * (l->in_factor + l->out_factor + 2 * l->weight_factor) +
           9 * (size_t)channels * l->out_step;
}

size_t conv_winograd_scratch(const struct conv *o, const struct patches *p, int n)
{
    size_t most = 0;
    for (int i = 0; i < parts(o, p); i++) {
        struct part part = part_of(o, p, i);
        struct layout l = layout_of(o, &part.p, n, TOGETHER_BACK);
        size_t size = work_size(&l, p->c);
        most = size > most ? size : most;
    }
    return most;
}

/* The factors of a part's weights; turned: as in struct work. */
static void weights_to_factors(const struct conv *o, const struct part *part, const struct pass *pass, const struct layout *l,
                               float *factors, float *turned)
{
    const struct patches *p = &part->p;
    const int taps = 9 * p->c, wide = (o->maps + 15) / 16 * 16;
    const float *weights = pass->param[0].at + (size_t)(part->number * o->maps * taps);
    memset(turned, 0, (size_t)taps * l->out_step * sizeof(float));
    p->kernels->transpose(turned, l->out_step, weights, (size_t)taps, o->maps, taps, false);
    for (int c = 0; c < p->c; c++)
        p->kernels->winograd(WINOGRAD_WEIGHTS, factors + (size_t)c * l->out_step, SEEN * l->weight_factor, l->weight_factor,
                             turned + 9 * (size_t)c * l->out_step, 3 * l->out_step, l->out_step, wide, false);
}

/* Sets the scratch up, and the factors of the weights. */
static struct work work_begin(const struct conv *o, const struct part *part, const struct pass *pass, int together)
{
    const struct patches *p = &part->p;
    struct work w = { .l = layout_of(o, p, pass->in[0].shape.n, together) };
    const struct layout *l = &w.l;
    const bool kept = pass->prepared && conv_winograd_levels(o, p);
    w.in = pass->scratch;
    w.out = w.in + l->in_size;
    w.in_factors = w.out + l->out_size;
    w.out_factors = w.in_factors + FACTORS * l->in_factor;
    w.turned = w.out_factors + FACTORS * l->out_factor;
    w.weights = kept ? pass->keep : w.turned + (size_t)(9 * p->c) * l->out_step;
    w.weight_grads = w.weights + FACTORS * l->weight_factor;
    memset(w.in, 0, l->in_size * sizeof(float));
    memset(w.out, 0, l->out_size * sizeof(float));
    if (!kept)
        weights_to_factors(o, part, pass, l, w.weights, w.turned);
    return w;
}

size_t conv_winograd_levels(const struct conv *o, const struct patches *p)
{
    enum { WORTH_KEEPING = 512 * 1024 }; /* more are read no faster than made */
    const size_t size = FACTORS * layout_of(o, p, 1, TOGETHER).weight_factor;
    return o->grid || size > WORTH_KEEPING ? 0 : size;
}

void conv_winograd_prepare(const struct conv *o, const struct pass *pass)
{
    const struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    const struct part all = part_of(o, &p, 0);
    const struct layout l = layout_of(o, &p, 1, TOGETHER);
    weights_to_factors(o, &all, pass, &l, pass->keep, pass->scratch);
}

/* Where planes lie: floats from row to row and from plane to plane. */
struct planes { size_t row, plane; int channels, h, w; };

/* One side of the products: planes of a sample, pixels of a block of them, factors. */
struct side {
    struct planes as;
    float *pixels, *corner; /* corner: where the planes' first place lies */
    size_t row;
    float *factors;
    size_t step, factor; /* from tile to tile, from matrix to matrix */
};

static struct side in_side(const struct conv *o, const struct pass *pass, const struct part *part, const struct work *w)
{
    struct shape all = pass->in[0].shape;
    return (struct side){ { (size_t)all.w, (size_t)(all.h * all.w), all.c, part->p.h, part->p.w },
                          w->in, w->in + (size_t)o->pad * (w->l.in_row + w->l.step), w->l.in_row,
                          w->in_factors, w->l.in_step, w->l.in_factor };
}

static struct side out_side(const struct pass *pass, const struct part *part, const struct work *w)
{
    struct shape all = pass->out.shape;
    return (struct side){ { (size_t)all.w, (size_t)(all.h * all.w), all.c, part->p.oh, part->p.ow },
                          w->out, w->out, w->l.out_row, w->out_factors, w->l.out_step, w->l.out_factor };
}

/* Channels from `block` on that are moved together. */
static int block_channels(const struct layout *l, const struct side *side, int block)
{
    return side->as.channels - block < l->block ? side->as.channels - block : l->block;
}

/* Every tile of a block of sample s of a product: pixels to factors, or factors to pixels. */
static void transform(const struct kernels *k, enum kernels_winograd how, const struct layout *l, const struct side *side, int block,
                      int s)
{
    bool to_factors = how == WINOGRAD_INPUT || how == WINOGRAD_OUTPUT_BACK;
    int wide = (block_channels(l, side, block) + 15) / 16 * 16;
    for (int t = 0; t < l->tiles; t++) {
        int y = t / l->columns * TILE, x = t % l->columns * TILE;
        float *pixels = side->pixels + (size_t)y * side->row + (size_t)x * l->step;
        float *factors = side->factors + (size_t)(s * l->tiles + t) * side->step + block;
        if (to_factors)
            k->winograd(how, factors, SEEN * side->factor, side->factor, pixels, side->row, l->step, wide, false);
        else
            k->winograd(how, pixels, side->row, l->step, factors, SEEN * side->factor, side->factor, wide,
                        how == WINOGRAD_INPUT_BACK);
    }
}

/* The factors of sample s of a product, whose planes begin at `planes`. */
static void planes_to_factors(const struct kernels *k, enum kernels_winograd how, const struct layout *l, const struct side *side,
                       const float *planes, int s)
{
    for (int block = 0; block < side->as.channels; block += l->block) {
        const float *from = planes + (size_t)block * side->as.plane;
        for (int y = 0; y < side->as.h; y++)
            k->transpose(side->corner + (size_t)y * side->row, l->step, from + (size_t)y * side->as.row, side->as.plane,
                         block_channels(l, side, block), side->as.w, false);
        transform(k, how, l, side, block, s);
    }
}

/* And back: the planes are written, or with `add` added to. */
static void factors_to_planes(const struct kernels *k, enum kernels_winograd how, const struct layout *l, const struct side *side,
                         float *planes, int s, bool add)
{
    for (int block = 0; block < side->as.channels; block += l->block) {
        float *to = planes + (size_t)block * side->as.plane;
        if (how == WINOGRAD_INPUT_BACK) /* whose tiles overlap */
            memset(side->pixels, 0, l->in_size * sizeof(float));
        transform(k, how, l, side, block, s);
        for (int y = 0; y < side->as.h; y++)
            k->transpose(to + (size_t)y * side->as.row, side->as.plane, side->corner + (size_t)y * side->row, l->step, side->as.w,
                         block_channels(l, side, block), add);
    }
}

static void read_inputs(const struct part *part, const struct pass *pass, const struct layout *l, const struct side *side, int first,
                        int samples)
{
    for (int s = 0; s < samples; s++)
        planes_to_factors(pass->kernels, WINOGRAD_INPUT, l, side,
                   pass->in[0].at + (size_t)(first + s) * side->as.plane * (size_t)side->as.channels + part->in, s);
}

/* out [m, n] is, or with `add` grows by, left [m, k] right [k, n]; left may lie turned, as [k, m]. BLAS copies both sides
 * first, which pays from about a hundred rows, factors and columns on. */
static void multiply(const struct kernels *kernels, float *out, const float *left, size_t left_step, bool turned,
                     const float *right, size_t step, int m, int k, int n, bool add)
{
    enum { FEW_ROWS = 64, FEW_WEIGHTS = 64 * 96 };
    if (m <= FEW_ROWS || k * n <= FEW_WEIGHTS)
        kernels->product(out, step, left, turned ? 1 : left_step, turned ? left_step : 1, right, step, m, k, (n + 15) / 16 * 16, add);
    else
        gemm(turned, false, m, n, k, 1, left, (int)left_step, right, (int)step, add, out, (int)step);
}

/* The bias and what a relu behind it leaves. */
static void finish_planes(const struct conv *o, const struct pass *pass, const struct part *part, const struct planes *as, float *out)
{
    bool whole = as->row == (size_t)as->w; /* all rows at once */
    for (int m = 0; m < o->maps; m++) {
        float bias = o->no_bias ? 0 : pass->param[1].at[part->number * o->maps + m], *plane = out + (size_t)m * as->plane;
        for (int y = 0; (bias != 0 || pass->relu) && y < (whole ? 1 : as->h); y++, plane += as->row)
            pass->kernels->affine(plane, plane, 1, bias, pass->relu, (size_t)(as->w * (whole ? as->h : 1)));
    }
}

static void forward_part(const struct conv *o, const struct pass *pass, const struct part *part)
{
    struct work w = work_begin(o, part, pass, TOGETHER);
    const struct layout *l = &w.l;
    struct side in = in_side(o, pass, part, &w), out = out_side(pass, part, &w);
    int all = pass->in[0].shape.n;
    for (int first = 0; first < all; first += l->samples) {
        int samples = all - first < l->samples ? all - first : l->samples;
        read_inputs(part, pass, l, &in, first, samples);
        for (size_t f = 0; f < FACTORS; f++)
            multiply(pass->kernels, out.factors + f * out.factor, in.factors + f * in.factor, in.step, false,
                     w.weights + f * l->weight_factor, out.step, samples * l->tiles, part->p.c, o->maps, false);
        for (int s = 0; s < samples; s++) {
            float *planes = pass->out.at + (size_t)(first + s) * out.as.plane * (size_t)o->maps + part->out;
            factors_to_planes(pass->kernels, WINOGRAD_OUTPUT, l, &out, planes, s, false);
            finish_planes(o, pass, part, &out.as, planes);
        }
    }
}

void conv_winograd_forward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    for (int i = 0; i < parts(o, &p); i++) {
        struct part part = part_of(o, &p, i);
        forward_part(o, pass, &part);
    }
}

/* The gradient of the weights from that of their factors. */
static void finish_weights(const struct conv *o, const struct part *part, const struct pass *pass, const struct work *w)
{
    const struct layout *l = &w->l;
    int taps = 9 * part->p.c, wide = (o->maps + 15) / 16 * 16;
    for (int c = 0; c < part->p.c; c++)
        pass->kernels->winograd(WINOGRAD_WEIGHTS_BACK, w->turned + 9 * (size_t)c * l->out_step, 3 * l->out_step, l->out_step,
                                w->weight_grads + (size_t)c * l->out_step, SEEN * l->weight_factor, l->weight_factor, wide,
                                false);
    pass->kernels->transpose(pass->param_grad[0].at + (size_t)(part->number * o->maps * taps), (size_t)taps, w->turned,
                             l->out_step, taps, o->maps, true);
}

static void read_gradients(const struct conv *o, const struct part *part, const struct pass *pass, const struct layout *l,
                           const struct side *side, int first, int samples)
{
    for (int s = 0; s < samples; s++) {
        const float *grad = pass->out_grad.at + (size_t)(first + s) * side->as.plane * (size_t)o->maps + part->out;
        planes_to_factors(pass->kernels, WINOGRAD_OUTPUT_BACK, l, side, grad, s);
        for (int m = 0; m < o->maps && !o->no_bias; m++)
            for (int y = 0; y < side->as.h; y++)
                pass->param_grad[1].at[part->number * o->maps + m] +=
                    pass->kernels->sum(grad + (size_t)m * side->as.plane + (size_t)y * side->as.row, (size_t)side->as.w);
    }
}

static void backward_part(const struct conv *o, const struct pass *pass, const struct part *part, bool add)
{
    struct work w = work_begin(o, part, pass, TOGETHER_BACK);
    const struct layout *l = &w.l;
    struct side in = in_side(o, pass, part, &w), out = out_side(pass, part, &w);
    int all = pass->in[0].shape.n;
    memset(w.weight_grads, 0, FACTORS * l->weight_factor * sizeof(float));
    for (int first = 0; first < all; first += l->samples) {
        int samples = all - first < l->samples ? all - first : l->samples, tiles = samples * l->tiles;
        memset(w.in, 0, l->in_size * sizeof(float)); /* the last product's gradients */
        read_inputs(part, pass, l, &in, first, samples);
        read_gradients(o, part, pass, l, &out, first, samples);
        for (size_t f = 0; f < FACTORS; f++) {
            float *seen = in.factors + f * in.factor;
            const float *grad = out.factors + f * out.factor;
            multiply(pass->kernels, w.weight_grads + f * l->weight_factor, seen, in.step, true, grad, out.step, part->p.c,
                     tiles, o->maps, true);
            if (pass->in_grad[0].at)
                gemm(false, true, tiles, part->p.c, o->maps, 1, grad, (int)out.step, w.weights + f * l->weight_factor,
                     (int)out.step, 0, seen, (int)in.step);
        }
        for (int s = 0; s < samples && pass->in_grad[0].at; s++)
            factors_to_planes(pass->kernels, WINOGRAD_INPUT_BACK, l, &in,
                         pass->in_grad[0].at + (size_t)(first + s) * in.as.plane * (size_t)in.as.channels + part->in, s, add);
    }
    finish_weights(o, part, pass, &w);
}

void conv_winograd_backward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    int n = parts(o, &p);
    if (n > 1 && pass->in_grad[0].at && pass->in_new[0]) /* regions see the same inputs at their edges */
        memset(pass->in_grad[0].at, 0, shape_count(pass->in_grad[0].shape) * sizeof(float));
    for (int i = 0; i < n; i++) {
        struct part part = part_of(o, &p, i);
        backward_part(o, pass, &part, n > 1 || !pass->in_new[0]);
    }
}
