/* SPDX-License-Identifier: MIT
 * The losses over samples and pairs on an accelerator: softmax, and verification by distance. */
#include "nets/gpu/kernel.h"

struct total { const float *one; float *loss; float times; };

GPU_FUNCTION struct sums total_part(struct total a, unsigned row, unsigned i)
{
    struct sums s = { a.one[i], 0 };
    (void)row;
    return s;
}

GPU_FUNCTION void total_done(struct total a, unsigned row, struct sums s)
{
    a.loss[row] = a.times * s.a;
}

/* *loss: times the sum of n losses. */
static void sum_losses(struct device *d, float *loss, const float *one, int n, float times)
{
    struct total a = { one, loss, times };
    ROWS(d, total_part, total_done, 1, n, a);
}

struct classes {
    const float *in, *label;
    float *share, *in_grad; /* share: exp, then p */
    float *most, *one;             /* a sample: largest value, its loss */
    float margin, scale, weight;
    int n, classes;
};

GPU_FUNCTION float value_at(struct classes a, unsigned sample, unsigned i)
{
    return a.scale * (a.in[(size_t)sample * (size_t)a.classes + i] - ((int)i == (int)a.label[sample] ? a.margin : 0));
}

GPU_FUNCTION void most_done(struct classes a, unsigned sample, float most)
{
    a.most[sample] = most;
}

GPU_FUNCTION struct sums share_part(struct classes a, unsigned sample, unsigned i)
{
    float e = expf(value_at(a, sample, i) - a.most[sample]);
    struct sums s = { e, 0 };
    a.share[(size_t)sample * (size_t)a.classes + i] = e;
    return s;
}

GPU_FUNCTION void share_done(struct classes a, unsigned sample, struct sums s)
{
    int label = (int)a.label[sample];
    bool counts = label >= 0 && label < a.classes;
    a.one[sample] = counts ? logf(s.a) + a.most[sample] - value_at(a, sample, (unsigned)label) : 0;
    a.most[sample] = 1 / s.a;
}

GPU_FUNCTION void share_one(struct classes a, unsigned i)
{
    a.share[i] *= a.most[i / (unsigned)a.classes];
}

GPU_FUNCTION void softmax_back_one(struct classes a, unsigned i)
{
    int label = (int)a.label[i / (unsigned)a.classes], at = (int)(i % (unsigned)a.classes);
    if (label >= 0 && label < a.classes)
        a.in_grad[i] += a.weight * a.scale / (float)a.n * (a.share[i] - (at == label ? 1 : 0));
}

static struct classes classes_of(const void *options, const struct pass *pass)
{
    const struct softmax_loss *o = (const struct softmax_loss *)options;
    struct shape s = pass->in[0].shape;
    struct classes a = { pass->in[0].at, pass->in[1].at, pass->keep, pass->in_grad[0].at, pass->scratch,
                         pass->scratch + s.n, o->margin, o->scale > 0 ? o->scale : 1, o->weight, s.n, s.c * s.h * s.w };
    return a;
}

static size_t softmax_scratch(const void *options, struct shape in, struct shape out)
{
    (void)options;
    (void)out;
    return 2 * (size_t)in.n;
}

static void softmax_forward(struct device *d, const void *options, const struct pass *pass)
{
    struct classes a = classes_of(options, pass);
    ROWS_MOST(d, value_at, most_done, a.n, a.classes, a);
    ROWS(d, share_part, share_done, a.n, a.classes, a);
    EACH(d, share_one, shape_count(pass->in[0].shape), a);
    sum_losses(d, pass->out.at, a.one, a.n, a.weight / (float)a.n);
}

static void softmax_backward(struct device *d, const void *options, const struct pass *pass)
{
    struct classes a = classes_of(options, pass);
    if (a.in_grad)
        EACH(d, softmax_back_one, shape_count(pass->in[0].shape), a);
}

struct pairs {
    const float *in, *label, *margin;
    float *in_grad;
    float *one, *slope; /* a pair: its loss; what its difference (L1: the difference's sign) is multiplied by */
    float weight;
    int form, side, n;
    unsigned d;
};

GPU_FUNCTION struct sums distance_part(struct pairs a, unsigned pair, unsigned i)
{
    const float *at = a.in + (size_t)pair * 2 * a.d + i;
    float diff = at[0] - at[a.d];
    struct sums s = { a.form == PAIR_L1 ? fabsf(diff) : diff * diff, 0 };
    return s;
}

GPU_FUNCTION void distance_done(struct pairs a, unsigned pair, struct sums s)
{
    float one = a.label[2 * pair], two = a.label[2 * pair + 1], margin = a.margin[0];
    float distance = a.form == PAIR_L1 ? s.a : sqrtf(s.a);
    bool same = one == two, counts = one >= 0 && two >= 0 && (a.side == PAIR_BOTH || (a.side == PAIR_SAME) == same);
    float rest = same ? distance : margin > distance ? margin - distance : 0;
    float slope = (same ? rest : -rest) * a.weight / (float)a.n;
    a.one[pair] = counts ? 0.5f * rest * rest : 0;
    a.slope[pair] = !counts ? 0 : a.form == PAIR_L1 ? slope : slope / (distance > 1e-6f ? distance : 1e-6f);
}

GPU_FUNCTION void pair_back_one(struct pairs a, unsigned i)
{
    unsigned sample = i / a.d, first = (sample & ~1u) * a.d + i % a.d;
    float diff = a.in[first] - a.in[first + a.d];
    float by = a.form == PAIR_L1 ? (float)((diff > 0) - (diff < 0)) : diff;
    a.in_grad[i] += (sample & 1 ? -1.0f : 1.0f) * a.slope[sample / 2] * by;
}

static struct pairs pairs_of(const void *options, const struct pass *pass)
{
    const struct pair_loss *o = (const struct pair_loss *)options;
    struct shape s = pass->in[0].shape;
    struct pairs a = { pass->in[0].at, pass->in[1].at, pass->param[0].at, pass->in_grad[0].at, pass->scratch,
                       pass->scratch + s.n / 2 + 1, o->weight, o->form, o->side, s.n, (unsigned)(s.c * s.h * s.w) };
    return a;
}

static size_t pair_scratch(const void *options, struct shape in, struct shape out)
{
    (void)options;
    (void)out;
    return (size_t)in.n + 2;
}

static void pair_distances(struct device *d, struct pairs a)
{
    ROWS(d, distance_part, distance_done, a.n / 2, a.d, a);
}

static void pair_forward(struct device *d, const void *options, const struct pass *pass)
{
    struct pairs a = pairs_of(options, pass);
    pair_distances(d, a);
    sum_losses(d, pass->out.at, a.one, a.n / 2, a.weight / (float)a.n);
}

static void pair_backward(struct device *d, const void *options, const struct pass *pass)
{
    struct pairs a = pairs_of(options, pass);
    if (!a.in_grad)
        return;
    pair_distances(d, a); /* again: others have used the scratch meanwhile */
    EACH(d, pair_back_one, (size_t)(a.n / 2 * 2) * a.d, a);
}

const struct gpu_layer gpu_softmax_loss = { false, softmax_scratch, softmax_forward, softmax_backward };
const struct gpu_layer gpu_pair_loss = { false, pair_scratch, pair_forward, pair_backward };
