/* SPDX-License-Identifier: MIT
 * Batch normalisation a map, with learnt scale and shift, and a scale layer (factor and shift a map) alone.
 * Running statistics are weights whose "gradient" is (value - this batch's value): the solver moves them a tenth.
 * With a relu and a 2x2 maximum behind it (pass.pool) windows are pooled first, and the few that are left normalised: the
 * largest of a window stays the largest, or where the scale is negative the smallest becomes it. */
#include <math.h>

#include "nets/internal.h"
#include "nets/layers/layers.h"

enum { SCALE, SHIFT, MEAN, VARIANCE };
enum { KEPT = 4 }; /* the batch's mean and 1 / deviation, and what an input is multiplied by and what is added */

float normalize_epsilon(const struct normalize *o)
{
    return o->epsilon > 0 ? o->epsilon : 1e-5f;
}

/* Floats of a plane and what kernels may read behind it. */
static size_t scratch_plane(struct shape s)
{
    return (size_t)(s.h * s.w) + KERNELS_SLACK;
}

static enum status plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct normalize *o = options;
    int c = in[0].c;
    (void)n_in;
    plan->out = in[0];
    plan->params[SCALE] = (struct layer_param){ "scale", 1, { c }, PARAM_BIAS, 0, o->scale > 0 ? o->scale : 1 };
    plan->params[SHIFT] = (struct layer_param){ "shift", 1, { c }, PARAM_BIAS, 0, 0 };
    plan->params[MEAN] = (struct layer_param){ "mean", 1, { c }, PARAM_STATISTIC, 0, 0 };
    plan->params[VARIANCE] = (struct layer_param){ "variance", 1, { c }, PARAM_STATISTIC, 0, 1 };
    plan->n_params = 4;
    plan->keep = KEPT * (size_t)c;
    plan->scratch = 3 * scratch_plane(in[0]);
    return OK;
}

/* Plane c of sample i in a tensor. */
static float *plane_of(struct tensor t, int i, int c)
{
    return t.at + ((size_t)i * (size_t)t.shape.c + (size_t)c) * (size_t)(t.shape.h * t.shape.w);
}

static size_t places(struct tensor t)
{
    return (size_t)(t.shape.h * t.shape.w);
}

/* pass.pool: what is left of each window, times the scale's sign; remembered behind the numbers of the maps. */
static struct tensor left_over(const struct pass *pass)
{
    return (struct tensor){ pass->out.shape, pass->keep + KEPT * (size_t)pass->out.shape.c };
}

static float sign_of(const struct pass *pass, int c)
{
    return pass->param[SCALE].at[c] < 0 ? -1 : 1;
}

/* A plane whose largest value a window passes on. */
static const float *upright(const struct pass *pass, int i, int c)
{
    const float *plane = plane_of(pass->in[0], i, c);
    if (sign_of(pass, c) > 0)
        return plane;
    pass->kernels->affine(pass->scratch, plane, -1, 0, false, places(pass->in[0]));
    return pass->scratch;
}

/* Pools the samples' maps c, if that is to be done, and measures them while they are near. */
static void look(const struct pass *pass, int c, double *mean, double *variance)
{
    struct shape s = pass->in[0].shape;
    double sum = 0, squares = 0, plane = (double)places(pass->in[0]), n = s.n * plane;
    /* squares around the running mean: no cancellation when the mean is large */
    float around = pass->param[MEAN].at[c];
    for (int i = 0; i < s.n; i++) {
        float a, b;
        if (pass->pool)
            pass->kernels->max_pool2(plane_of(left_over(pass), i, c), upright(pass, i, c), s.w, s.h);
        if (!pass->learning)
            continue;
        pass->kernels->moments(plane_of(pass->in[0], i, c), places(pass->in[0]), &a, &b);
        sum += a - around * plane;
        squares += b - 2.0 * around * a + (double)around * around * plane;
    }
    if (!pass->learning)
        return;
    *mean = sum / n + around;
    *variance = squares / n - sum / n * (sum / n);
    if (*variance < 0)
        *variance = 0;
}

static void forward(const void *options, const struct pass *pass)
{
    const struct tensor from = pass->pool ? left_over(pass) : pass->in[0];
    float epsilon = normalize_epsilon(options);
    for (int c = 0; c < from.shape.c; c++) {
        double mean = pass->param[MEAN].at[c], variance = pass->param[VARIANCE].at[c];
        look(pass, c, &mean, &variance);
        double inverse = 1 / sqrt(variance + epsilon);
        float a = (float)(pass->param[SCALE].at[c] * inverse), b = (float)(pass->param[SHIFT].at[c] - a * mean);
        for (int i = 0; i < pass->in[0].shape.n; i++)
            pass->kernels->affine(plane_of(pass->out, i, c), plane_of(from, i, c), pass->pool ? fabsf(a) : a, b, pass->relu,
                                  places(from));
        if (pass->learning) {
            float *kept = pass->keep + KEPT * c;
            kept[0] = (float)mean;
            kept[1] = (float)inverse;
            kept[2] = a;
            kept[3] = b;
            pass->param_grad[MEAN].at[c] += (float)(pass->param[MEAN].at[c] - mean);
            pass->param_grad[VARIANCE].at[c] += (float)(pass->param[VARIANCE].at[c] - variance);
        }
    }
}

/* Sums over a batch's map c: of the gradient behind the relu's gate, and of it times x. */
static void sum_gradients(const struct pass *pass, int c, struct kernels_gate gate, double *sum, double *with_x)
{
    const struct tensor x = pass->pool ? left_over(pass) : pass->in[0];
    const float sign = pass->pool ? sign_of(pass, c) : 1;
    *sum = *with_x = 0;
    for (int i = 0; i < pass->in[0].shape.n; i++) {
        float one, other;
        pass->kernels->normalize_sums(plane_of(pass->out_grad, i, c), plane_of(x, i, c), gate, places(x), &one, &other);
        *sum += one;
        *with_x += sign * other;
    }
}

/* pass.pool: the gradient of plane c of sample i where it was pooled, behind the relu's gate, and zero elsewhere. */
static const float *spread(const struct pass *pass, int i, int c, struct kernels_gate gate)
{
    struct shape s = pass->in[0].shape;
    float *gated = pass->scratch + scratch_plane(s), *plane = gated + scratch_plane(s);
    pass->kernels->normalize_backward(gated, plane_of(pass->out_grad, i, c), plane_of(left_over(pass), i, c), gate, 1, 0, 0, true,
                                      places(pass->out));
    pass->kernels->max_pool2_backward(plane, upright(pass, i, c), gated, s.w, s.h, true);
    return plane;
}

static void backward(const void *options, const struct pass *pass)
{
    double n = (double)pass->in[0].shape.n * (double)places(pass->in[0]);
    const struct kernels_gate open = { 0, 1 };
    (void)options;
    for (int c = 0; c < pass->in[0].shape.c; c++) {
        double sum, with_x;
        const float *kept = pass->keep + KEPT * c;
        double mean = kept[0], inverse = kept[1];
        const struct kernels_gate gate = pass->relu ? (struct kernels_gate){ pass->pool ? fabsf(kept[2]) : kept[2], kept[3] } : open;
        sum_gradients(pass, c, gate, &sum, &with_x);
        double with_unit = (with_x - mean * sum) * inverse; /* sum of grad * normalised x */
        pass->param_grad[SCALE].at[c] += (float)with_unit;
        pass->param_grad[SHIFT].at[c] += (float)sum;
        if (!pass->in_grad[0].at)
            continue;
        /* g' = scale * inverse * (g - sum / n - unit x * with_unit / n) */
        double times = pass->param[SCALE].at[c] * inverse, slope = times * inverse * with_unit / n;
        float a = (float)times, b = (float)-slope, shift = (float)(slope * mean - times * sum / n);
        for (int i = 0; i < pass->in[0].shape.n; i++)
            pass->kernels->normalize_backward(plane_of(pass->in_grad[0], i, c),
                                              pass->pool ? spread(pass, i, c, gate) : plane_of(pass->out_grad, i, c),
                                              plane_of(pass->in[0], i, c), pass->pool ? open : gate, a, b, shift,
                                              pass->in_new[0], places(pass->in[0]));
    }
}

static enum status scale_plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct scale *o = options;
    float factor = o->factor != 0 ? o->factor : 1;
    (void)n_in;
    plan->out = in[0];
    plan->params[SCALE] = (struct layer_param){ "scale", 1, { in[0].c }, PARAM_BIAS, 0, factor };
    plan->params[SHIFT] = (struct layer_param){ "shift", 1, { in[0].c }, PARAM_BIAS, 0, o->shift };
    plan->n_params = 2;
    return OK;
}

static void scale_forward(const void *options, const struct pass *pass)
{
    struct shape s = pass->in[0].shape;
    size_t plane = (size_t)(s.h * s.w);
    (void)options;
    for (int i = 0; i < s.n * s.c; i++)
        pass->kernels->affine(pass->out.at + (size_t)i * plane, pass->in[0].at + (size_t)i * plane,
                              pass->param[SCALE].at[i % s.c], pass->param[SHIFT].at[i % s.c], pass->relu, plane);
}

static void scale_backward(const void *options, const struct pass *pass)
{
    struct shape s = pass->in[0].shape;
    size_t plane = (size_t)(s.h * s.w);
    (void)options;
    for (int i = 0; i < s.n * s.c; i++) {
        const float *grad = pass->out_grad.at + (size_t)i * plane;
        pass->param_grad[SCALE].at[i % s.c] += pass->kernels->dot(grad, pass->in[0].at + (size_t)i * plane, plane);
        pass->param_grad[SHIFT].at[i % s.c] += pass->kernels->sum(grad, plane);
        if (pass->in_grad[0].at)
            pass->kernels->axpy(pass->in_grad[0].at + (size_t)i * plane, pass->param[SCALE].at[i % s.c], grad, plane);
    }
}

const struct layer_kind layer_normalize = { "normalize", "batch normalisation a map", sizeof(struct normalize),
                                            CAN_RELU | CAN_LEARN_RELU | CAN_LEARN_POOL | CAN_SET, plan, forward, backward, NULL };
const struct layer_kind layer_scale = { "scale", "learnt factor and shift a map", sizeof(struct scale), CAN_RELU, scale_plan,
                                        scale_forward, scale_backward, NULL };
