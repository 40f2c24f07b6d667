/* SPDX-License-Identifier: MIT
 * The hinge of a support vector machine: max(0, 1 - t x), t = 1 or -1, summed over a sample's values and averaged over
 * the samples. One full layer and this loss are a linear SVM; the solver's decay is its regulariser. */
#include "nets/internal.h"
#include "nets/layers/layers.h"

static enum status plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    (void)options;
    if (n_in != 2 || in[0].c != in[1].c || in[0].h != in[1].h || in[0].w != in[1].w)
        return fail(BAD_USAGE, "wants values and as many targets");
    plan->out = (struct shape){ 1, 1, 1, 1 };
    plan->loss = true;
    return OK;
}

static float side(float target)
{
    return (float)((target > 0) - (target < 0));
}

static void forward(const void *options, const struct pass *pass)
{
    const struct hinge_loss *o = options;
    double loss = 0;
    for (size_t i = 0; i < shape_count(pass->in[0].shape); i++) {
        float t = side(pass->in[1].at[i]), short_of = 1 - t * pass->in[0].at[i];
        loss += t != 0 && short_of > 0 ? (double)short_of : 0;
    }
    pass->out.at[0] = (float)((double)o->weight * loss / pass->in[0].shape.n);
}

static void backward(const void *options, const struct pass *pass)
{
    const struct hinge_loss *o = options;
    float times = pass->out_grad.at[0] * o->weight / (float)pass->in[0].shape.n;
    for (size_t i = 0; pass->in_grad[0].at && i < shape_count(pass->in[0].shape); i++) {
        float t = side(pass->in[1].at[i]);
        if (t * pass->in[0].at[i] < 1)
            pass->in_grad[0].at[i] -= times * t;
    }
}

const struct layer_kind layer_hinge_loss = { "hinge_loss", "what is missing to a margin of 1", sizeof(struct hinge_loss), 0,
                                             plan, forward, backward, NULL };
