/* SPDX-License-Identifier: MIT
 * Softmax and -log p of the true class, averaged over the samples (DeepID2's Ident). With margin and scale it is the
 * cosine margin softmax: scale * (cos - margin) for the true class. A label below 0 means: this sample has none. */
#include "nets/internal.h"
#include "nets/layers/layers.h"

static enum status plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    (void)options;
    if (n_in != 2 || shape_count(in[1]) != (size_t)in[1].n)
        return fail(BAD_USAGE, "wants values and one label a sample");
    plan->out = (struct shape){ 1, 1, 1, 1 };
    plan->keep = shape_count(in[0]); /* p */
    plan->loss = true;
    return OK;
}

/* p: the shares of the classes; returns -log of the label's. */
static double share(const struct kernels *k, float *p, const float *x, int n, float margin, float scale, int label)
{
    bool known = label >= 0 && label < n;
    k->affine(p, x, scale, 0, false, (size_t)n);
    if (known)
        p[label] = scale * (x[label] - margin);
    double own = known ? p[label] : 0;
    return (double)k->softmax(p, (size_t)n) - own;
}

static void forward(const void *options, const struct pass *pass)
{
    const struct softmax_loss *o = options;
    struct shape s = pass->in[0].shape;
    int classes = s.c * s.h * s.w;
    double loss = 0;
    for (int i = 0; i < s.n && pass->keep; i++) {
        int label = (int)pass->in[1].at[i];
        double one = share(pass->kernels, pass->keep + (size_t)i * (size_t)classes, pass->in[0].at + (size_t)i * (size_t)classes,
                             classes, o->margin, o->scale > 0 ? o->scale : 1, label);
        loss += label >= 0 && label < classes ? one : 0;
    }
    pass->out.at[0] = (float)(o->weight * loss / s.n);
}

static void backward(const void *options, const struct pass *pass)
{
    const struct softmax_loss *o = options;
    struct shape s = pass->in[0].shape;
    int classes = s.c * s.h * s.w;
    float times = pass->out_grad.at[0] * o->weight * (o->scale > 0 ? o->scale : 1) / (float)s.n;
    for (int i = 0; pass->in_grad[0].at && i < s.n; i++) {
        int label = (int)pass->in[1].at[i];
        float *to = pass->in_grad[0].at + (size_t)i * (size_t)classes;
        if (label < 0 || label >= classes)
            continue;
        pass->kernels->axpy(to, times, pass->keep + (size_t)i * (size_t)classes, (size_t)classes);
        to[label] -= times;
    }
}

const struct layer_kind layer_softmax_loss = { "softmax_loss", "-log of the true class's share",
                                               sizeof(struct softmax_loss), 0, plan, forward, backward, NULL };
