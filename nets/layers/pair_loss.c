/* SPDX-License-Identifier: MIT
 * DeepID2's verification signal (papers.md section 3): samples 2i and 2i + 1 are a pair, of one person when their
 * labels agree. L2: d^2 / 2, or max(0, m - d)^2 / 2; L1 the same with the sum of magnitudes; cosine:
 * (y - sigmoid(w cos + b))^2 / 2. Summed over pairs, divided by the number of samples, so that together with the
 * averaged Ident(i) + Ident(j) the printed proportion holds. */
#include <math.h>

#include "nets/internal.h"
#include "nets/layers/layers.h"

enum { MARGIN, COSINE_W = 1, COSINE_B = 2 };

static enum status plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct pair_loss *o = options;
    if (n_in != 2 || shape_count(in[1]) != (size_t)in[1].n)
        return fail(BAD_USAGE, "wants features and one label a sample");
    plan->out = (struct shape){ 1, 1, 1, 1 };
    plan->params[MARGIN] = (struct layer_param){ "margin", 1, { 1 }, PARAM_FIXED, 0, o->margin };
    plan->params[COSINE_W] = (struct layer_param){ "factor", 1, { 1 }, PARAM_BIAS, 0, 5 };
    plan->params[COSINE_B] = (struct layer_param){ "offset", 1, { 1 }, PARAM_BIAS, 0, -2 };
    plan->n_params = o->form == PAIR_COSINE ? 3 : 1;
    plan->loss = true;
    return OK;
}

struct pair { const float *a, *b; size_t d; bool same; };

static bool take_pair(struct pair *p, const struct pair_loss *o, const struct pass *pass, int i)
{
    struct shape s = pass->in[0].shape;
    float one = pass->in[1].at[2 * i], two = pass->in[1].at[2 * i + 1];
    p->d = (size_t)(s.c * s.h * s.w);
    p->a = pass->in[0].at + (size_t)(2 * i) * p->d;
    p->b = p->a + p->d;
    p->same = one == two; /* labels are whole numbers */
    if (one < 0 || two < 0)
        return false;
    return o->side == PAIR_BOTH || (o->side == PAIR_SAME) == p->same;
}

static double distance(const struct pair *p, int form)
{
    double sum = 0;
    for (size_t k = 0; k < p->d; k++) {
        double diff = (double)p->a[k] - p->b[k];
        sum += form == PAIR_L1 ? fabs(diff) : diff * diff;
    }
    return form == PAIR_L1 ? sum : sqrt(sum);
}

struct cosine { double aa, bb, ab, value, odds; };

static struct cosine cosine_of(const struct pair *p, const struct pass *pass)
{
    struct cosine c = { 1e-12, 1e-12, 0, 0, 0 };
    for (size_t k = 0; k < p->d; k++) {
        c.aa += (double)p->a[k] * p->a[k];
        c.bb += (double)p->b[k] * p->b[k];
        c.ab += (double)p->a[k] * p->b[k];
    }
    c.value = c.ab / sqrt(c.aa * c.bb);
    c.odds = 1 / (1 + exp(-(pass->param[COSINE_W].at[0] * c.value + pass->param[COSINE_B].at[0])));
    return c;
}

static void forward(const void *options, const struct pass *pass)
{
    const struct pair_loss *o = options;
    double loss = 0, margin = pass->param[MARGIN].at[0];
    int n = pass->in[0].shape.n;
    for (int i = 0; i < n / 2; i++) {
        struct pair p;
        if (!take_pair(&p, o, pass, i))
            continue;
        double r;
        if (o->form == PAIR_COSINE) {
            r = (p.same ? 1 : 0) - cosine_of(&p, pass).odds;
        } else {
            double d = distance(&p, o->form);
            r = p.same ? d : margin > d ? margin - d : 0;
        }
        loss += 0.5 * r * r;
    }
    pass->out.at[0] = (float)(o->weight * loss / n);
}

static void cosine_backward(const struct pair *p, const struct pass *pass, float *ga, float *gb, double times)
{
    struct cosine c = cosine_of(p, pass);
    double w = pass->param[COSINE_W].at[0], dz = times * (c.odds - (p->same ? 1 : 0)) * c.odds * (1 - c.odds);
    pass->param_grad[COSINE_W].at[0] += (float)(dz * c.value);
    pass->param_grad[COSINE_B].at[0] += (float)dz;
    double root = sqrt(c.aa * c.bb);
    for (size_t k = 0; ga && k < p->d; k++) {
        ga[k] += (float)(dz * w * (p->b[k] / root - c.value * p->a[k] / c.aa));
        gb[k] += (float)(dz * w * (p->a[k] / root - c.value * p->b[k] / c.bb));
    }
}

static void backward(const void *options, const struct pass *pass)
{
    const struct pair_loss *o = options;
    double margin = pass->param[MARGIN].at[0];
    int n = pass->in[0].shape.n;
    double times = (double)pass->out_grad.at[0] * o->weight / n;
    for (int i = 0; i < n / 2; i++) {
        struct pair p;
        if (!take_pair(&p, o, pass, i))
            continue;
        float *ga = pass->in_grad[0].at ? pass->in_grad[0].at + (size_t)(2 * i) * p.d : NULL, *gb = ga ? ga + p.d : NULL;
        if (o->form == PAIR_COSINE) {
            cosine_backward(&p, pass, ga, gb, times);
            continue;
        }
        double d = distance(&p, o->form), slope; /* of the loss by the distance */
        if (p.same)
            slope = d;
        else
            slope = d < margin ? -(margin - d) : 0;
        for (size_t k = 0; ga && k < p.d; k++) {
            double diff = (double)p.a[k] - p.b[k];
            double by = o->form == PAIR_L1 ? (diff > 0 ? 1 : diff < 0 ? -1 : 0) : diff / (d > 1e-6 ? d : 1e-6);
            ga[k] += (float)(times * slope * by);
            gb[k] -= (float)(times * slope * by);
        }
    }
}

const struct layer_kind layer_pair_loss = { "pair_loss", "DeepID2's verification signal", sizeof(struct pair_loss), 0,
                                            plan, forward, backward, NULL };
