/* SPDX-License-Identifier: MIT
 * Convolution: shared, locally shared (grid), unshared (grid -1), depthwise (groups -1). DeepID papers' section 2:
 * "locally shared" cuts the outputs into a grid of regions with kernels and biases of their own. */
#include <string.h>

#include "base/check.h"
#include "nets/layers/conv.h"

enum { TILE_FLOATS = 96 * 1024 }; /* patches of one product: 384 KiB, beside weights and outputs in a 1 MiB cache */

struct patches conv_patches(const struct conv *o, struct shape in, const struct kernels *k)
{
    int stride = o->stride ? o->stride : 1;
    return (struct patches){
        in.c, in.h, in.w, o->kernel, stride, o->pad, (in.h + 2 * o->pad - o->kernel) / stride + 1,
        (in.w + 2 * o->pad - o->kernel) / stride + 1, k,
    };
}

int conv_tile_rows(const struct patches *p)
{
    int row = p->c * p->kernel * p->kernel * p->ow, rows = TILE_FLOATS / row;
    return rows < 1 ? 1 : rows > p->oh ? p->oh : rows;
}

int conv_cells(const struct conv *o, int n)
{
    return o->grid < 0 || o->grid > n ? n : o->grid > 0 ? o->grid : 1;
}

int conv_cut(int n, int grid, int g)
{
    return (int)((long)n * g / grid);
}

static bool depthwise(const struct conv *o)
{
    return o->groups == -1;
}

static enum status check(const struct conv *o, struct shape in)
{
    if (o->maps < 1 || o->kernel < 1 || o->stride < 0 || o->pad < 0 || o->grid < -1)
        return fail(BAD_USAGE, "maps %d, kernel %d, stride %d, pad %d, grid %d make no convolution", o->maps, o->kernel,
                    o->stride, o->pad, o->grid);
    if (in.h + 2 * o->pad < o->kernel || in.w + 2 * o->pad < o->kernel)
        return fail(BAD_USAGE, "a %dx%d kernel does not fit into %dx%d", o->kernel, o->kernel, in.h, in.w);
    if (depthwise(o) && (o->maps != in.c || o->kernel != 3 || o->pad != 1 || o->stride > 2 || o->grid))
        return fail(BAD_USAGE, "depthwise convolution is 3x3, pad 1, stride 1 or 2, maps as its input");
    if (o->groups > 1 || o->groups < -1)
        return fail(BAD_USAGE, "groups is 0 (all inputs) or -1 (depthwise), not %d", o->groups);
    return OK;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static enum status plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct conv *o = options;
    enum status s = check(o, in[0]);
    (void)n_in;
    if (s)
        return s;
    struct patches p = conv_patches(o, in[0], NULL);
    int regions = conv_cells(o, p.oh) * conv_cells(o, p.ow), seen = depthwise(o) ? 1 : in[0].c;
    int k = seen * o->kernel * o->kernel;
    plan->out = (struct shape){ in[0].n, o->maps, p.oh, p.ow };
    plan->params[0] = (struct layer_param){ "weight", 4, { regions * o->maps, seen, o->kernel, o->kernel },
                                            PARAM_WEIGHT, k, 0 };
    plan->params[1] = (struct layer_param){ "bias", 1, { regions * o->maps }, PARAM_BIAS, 0, 0 };
    plan->n_params = o->no_bias ? 1 : 2;
    plan->multiply_adds = (int64_t)o->maps * p.oh * p.ow * k;
    if (depthwise(o))
        plan->scratch = 0;
    else if (o->grid)
        plan->scratch = conv_regions_scratch(o, &p, in[0].n);
    else if (conv_rows_fits(o))
        plan->scratch = larger(conv_rows_scratch(o, &p), conv_rows_half_scratch(o, &p));
    else /* patches and their gradient */
        plan->scratch = 2 * (size_t)k * (size_t)conv_tile_rows(&p) * (size_t)p.ow;
    if (conv_winograd_fits(o, &p)) {
        plan->scratch = larger(plan->scratch, conv_winograd_scratch(o, &p, in[0].n));
        plan->levels = conv_winograd_levels(o, &p);
    }
    if (conv_unshared_fits(o))
        plan->scratch = larger(plan->scratch, conv_unshared_scratch(o, &p));
    if (conv_int8_fits(o)) {
        plan->scratch = larger(plan->scratch, conv_int8_scratch(o, &p));
        plan->levels = conv_int8_levels(o, p.c);
    }
    if (conv_phases_fits(o)) {
        plan->scratch = larger(plan->scratch, conv_phases_scratch(o, &p));
        plan->levels = p.c == PIXEL_MAPS && conv_phases_pixels(o) ? conv_phases_levels(o) : 0;
    }
    return OK;
}

static void depthwise_forward(const struct conv *o, const struct pass *pass)
{
    struct shape in = pass->in[0].shape, out = pass->out.shape;
    const struct kernels_rows rows = { in.w, in.h, o->stride ? o->stride : 1, pass->rows.first, pass->rows.n };
    const float *bias = o->no_bias ? NULL : pass->param[1].at;
    for (int i = 0; i < in.n * in.c; i++)
        pass->kernels->depthwise3(pass->out.at + (size_t)(i * out.h + pass->rows.to) * (size_t)out.w,
                                  pass->in[0].at + (size_t)i * (size_t)(in.h * in.w), rows,
                                  pass->param[0].at + 9 * (i % in.c), bias ? bias[i % in.c] : 0, pass->relu);
}

static void depthwise_backward(const struct conv *o, const struct pass *pass)
{
    struct shape in = pass->in[0].shape, out = pass->out.shape;
    int stride = o->stride ? o->stride : 1;
    for (int i = 0; i < in.n * in.c; i++) {
        const float *grad = pass->out_grad.at + (size_t)i * (size_t)(out.h * out.w);
        size_t at = (size_t)i * (size_t)(in.h * in.w);
        pass->kernels->depthwise3_backward(pass->in_grad[0].at ? pass->in_grad[0].at + at : NULL,
                                           pass->param_grad[0].at + 9 * (i % in.c), pass->in[0].at + at, grad, in.w,
                                           in.h, stride, pass->param[0].at + 9 * (i % in.c), pass->in_new[0]);
        if (!o->no_bias)
            pass->param_grad[1].at[i % in.c] += pass->kernels->sum(grad, (size_t)(out.h * out.w));
    }
}

struct way {
    void (*forward)(const struct conv *o, const struct pass *pass);
    void (*backward)(const struct conv *o, const struct pass *pass);
    bool sets; /* backward honours pass.in_new */
};

static struct way way_of(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    if (depthwise(o))
        return (struct way){ depthwise_forward, depthwise_backward, true };
    if (pass->int8 && conv_int8_fits(o))
        return (struct way){ conv_int8_forward, NULL, false };
    const bool half = pass->half && conv_rows_fits(o);
    if (!(half && pass->kernels->tiles) && conv_winograd_pays(o, &p, pass->in[0].shape.n))
        return (struct way){ conv_winograd_forward, conv_winograd_backward, true };
    if (conv_unshared_pays(o, pass->in[0].shape.n))
        return (struct way){ conv_unshared_forward, conv_unshared_backward, false };
    if (o->grid)
        return (struct way){ conv_regions_forward, conv_regions_backward, false };
    if (half)
        return (struct way){ conv_rows_half_forward, conv_rows_half_backward, true };
    if (conv_rows_fits(o))
        return (struct way){ conv_rows_forward, conv_rows_backward, true };
    return (struct way){ conv_phases_fits(o) ? conv_phases_forward : conv_shared_forward, conv_shared_backward, false };
}

static void forward(const void *options, const struct pass *pass)
{
    way_of(options, pass).forward(options, pass);
}

static void backward(const void *options, const struct pass *pass)
{
    struct way way = way_of(options, pass);
    if (pass->in_grad[0].at && pass->in_new[0] && !way.sets)
        memset(pass->in_grad[0].at, 0, shape_count(pass->in_grad[0].shape) * sizeof(float));
    way.backward(options, pass);
}

static void prepare(const void *options, const struct pass *pass)
{
    const struct patches p = conv_patches(options, pass->in[0].shape, pass->kernels);
    if (conv_winograd_fits(options, &p) && conv_winograd_levels(options, &p))
        conv_winograd_prepare(options, pass);
    else if (pass->int8 && conv_int8_fits(options))
        conv_int8_prepare(options, pass);
    else if (pass->int8 && conv_phases_pixels(options) && pass->in[0].shape.c == PIXEL_MAPS)
        conv_phases_prepare(options, pass);
}

static void place(const void *options, const struct pass *pass, int sample, int x, int y, float *out)
{
    const struct conv *o = options;
    struct shape in = pass->in[0].shape;
    size_t plane = (size_t)(in.h * in.w);
    const float *from = pass->in[0].at + (size_t)(sample * in.c) * plane + y * in.w + x, *weights = pass->param[0].at;
    CHECK(conv_int8_fits(o) && x >= 0 && x < in.w && y >= 0 && y < in.h);
    for (int m = 0; m < o->maps; m++)
        out[m] = o->no_bias ? 0 : pass->param[1].at[m];
    for (int c = 0; c < in.c; c++, from += plane) /* outer, so that the sums do not wait for each other */
        for (int m = 0; m < o->maps; m++)
            out[m] += weights[m * in.c + c] * *from;
}

static bool pixels(const void *options)
{
    return conv_phases_pixels(options);
}

static bool reach(const void *options, struct layer_reach *reach)
{
    const struct conv *o = options;
    *reach = (struct layer_reach){ o->stride ? o->stride : 1, o->pad, o->kernel };
    return depthwise(o) || conv_int8_fits(o) || conv_phases_fits(o);
}

static const struct layer_infer infer = { prepare, pixels, place, reach };

const struct layer_kind layer_conv = {
    "conv", "convolution: shared, locally shared, unshared or depthwise", sizeof(struct conv), CAN_RELU | CAN_SET, plan, forward,
    backward, &infer,
};
