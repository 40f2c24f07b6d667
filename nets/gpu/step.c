/* SPDX-License-Identifier: MIT
 * The momentum step. Norms are summed a block of weights at a time, so that many blocks work at once. */
#include "nets/gpu/kernel.h"
#ifdef FACETRAIL_CUDA
extern "C" {
#endif
#include "nets/gpu/step.h"

enum { BLOCK = 16384 };

struct span { /* one array of weights */
    float *weight, *velocity, *gradient, *shadow, *norm;
    float rate, momentum, decay, average, clip;
    unsigned n;
    int moves, clipped;
};

GPU_FUNCTION void step_one(struct span a, unsigned i)
{
    float g = a.gradient[i] * (a.clipped ? a.norm[2] : 1);
    a.gradient[i] = 0;
    if (a.moves) {
        a.velocity[i] = a.momentum * a.velocity[i] + g + a.decay * a.weight[i];
        a.weight[i] -= a.rate * a.velocity[i];
    }
    if (a.shadow)
        a.shadow[i] += (1 - a.average) * (a.weight[i] - a.shadow[i]);
}

GPU_FUNCTION struct sums norm_part(struct span a, unsigned block, unsigned i)
{
    unsigned at = block * BLOCK + i;
    float g = at < a.n ? a.gradient[at] : 0;
    struct sums s = { g * g, 0 };
    return s;
}

GPU_FUNCTION void norm_done(struct span a, unsigned block, struct sums s)
{
    (void)block;
#ifdef FACETRAIL_CUDA
    atomicAdd(a.norm, s.a);
#else
    a.norm[0] += s.a;
#endif
}

GPU_FUNCTION void norm_root(struct span a, unsigned i)
{
    float length = sqrtf(a.norm[i]);
    a.norm[1] = length;
    a.norm[2] = a.clip > 0 && length > a.clip ? a.clip / length : 1;
}

static struct span span_of(const struct param *p, const struct gpu_step *s, const struct solver_options *o)
{
    struct span a = { s->weights + p->at, s->velocity + p->at, s->gradients + p->at, s->shadow ? s->shadow + p->at : NULL,
                      s->norm, o->rate, o->momentum, 0, o->average, o->clip, (unsigned)p->n, 1, 1 };
    if (p->as.role == PARAM_WEIGHT)
        a.decay = o->decay;
    if (p->as.role == PARAM_STATISTIC) { /* a tenth of the way to what the batch says */
        a.rate = 0.1f;
        a.momentum = 0;
        a.clipped = 0;
    }
    a.moves = p->as.role != PARAM_FIXED;
    return a;
}

void gpu_step(struct device *d, const struct net *n, const struct gpu_step *s, const struct solver_options *o)
{
    device_zero(d, s->norm, sizeof(float));
    for (int i = 0; i < n->n_params; i++)
        if (n->params[i].as.role < PARAM_STATISTIC) {
            struct span a = span_of(&n->params[i], s, o);
            ROWS(d, norm_part, norm_done, (a.n + BLOCK - 1) / BLOCK, BLOCK, a);
        }
    if (n->n_params > 0) {
        struct span a = span_of(&n->params[0], s, o);
        EACH(d, norm_root, 1, a);
    }
    for (int i = 0; i < n->n_params; i++) {
        struct span a = span_of(&n->params[i], s, o);
        EACH(d, step_one, a.n, a);
    }
}
#ifdef FACETRAIL_CUDA
}
#endif
