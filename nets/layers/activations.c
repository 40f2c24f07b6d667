/* SPDX-License-Identifier: MIT
 * Relu, sigmoid, tanh: one number at a time, in place where nobody else needs the input. */
#include <math.h>
#include <string.h>

#include "nets/internal.h"
#include "nets/layers/layers.h"

static enum status plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    (void)options;
    (void)n_in;
    plan->out = in[0];
    plan->in_place = plan->reads_out = true;
    return OK;
}

static float *take_input(const struct pass *pass, size_t n)
{
    if (pass->out.at != pass->in[0].at)
        memcpy(pass->out.at, pass->in[0].at, n * sizeof(float));
    return pass->out.at;
}

static void relu_forward(const void *options, const struct pass *pass)
{
    size_t n = shape_count(pass->out.shape);
    (void)options;
    pass->kernels->relu(take_input(pass, n), n);
}

static void relu_backward(const void *options, const struct pass *pass)
{
    size_t n = shape_count(pass->out.shape);
    float *to = pass->in_grad[0].at;
    (void)options;
    if (!to)
        return;
    pass->kernels->relu_backward(pass->out_grad.at, pass->out.at, n);
    if (to != pass->out_grad.at)
        pass->kernels->add(to, pass->out_grad.at, n);
}

static void sigmoid_forward(const void *options, const struct pass *pass)
{
    size_t n = shape_count(pass->out.shape);
    float *x = take_input(pass, n);
    (void)options;
    for (size_t i = 0; i < n; i++)
        x[i] = 1 / (1 + expf(-x[i]));
}

static void tanh_forward(const void *options, const struct pass *pass)
{
    size_t n = shape_count(pass->out.shape);
    float *x = take_input(pass, n);
    (void)options;
    for (size_t i = 0; i < n; i++)
        x[i] = tanhf(x[i]);
}

/* to (+)= grad * slope; in place the gradient is replaced. */
static void chain(const struct pass *pass, bool is_tanh)
{
    float *to = pass->in_grad[0].at, *grad = pass->out_grad.at;
    const float *y = pass->out.at;
    size_t n = shape_count(pass->out.shape);
    for (size_t i = 0; to && i < n; i++) {
        float g = grad[i] * (is_tanh ? 1 - y[i] * y[i] : y[i] * (1 - y[i]));
        to[i] = to == grad ? g : to[i] + g;
    }
}

static void sigmoid_backward(const void *options, const struct pass *pass)
{
    (void)options;
    chain(pass, false);
}

static void tanh_backward(const void *options, const struct pass *pass)
{
    (void)options;
    chain(pass, true);
}

const struct layer_kind layer_relu = { "relu", "max(0, x)", 0, 0, plan, relu_forward, relu_backward, NULL };
const struct layer_kind layer_sigmoid = { "sigmoid", "1 / (1 + exp(-x))", 0, 0, plan, sigmoid_forward,
                                          sigmoid_backward, NULL };
const struct layer_kind layer_tanh = { "tanh", "hyperbolic tangent", 0, 0, plan, tanh_forward, tanh_backward, NULL };
