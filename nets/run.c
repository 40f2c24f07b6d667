/* SPDX-License-Identifier: MIT
 * Forward and backward over the graph. Allocates nothing and cannot fail. */
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "nets/internal.h"

static void set_samples(struct net_run *r, int n)
{
    if (n == r->n)
        return;
    r->n = n;
    for (int i = 0; i < r->net->n_nodes; i++) {
        struct run_node *d = &r->nodes[i];
        const struct node *node = &r->net->nodes[i];
        d->out.shape.n = node->loss ? 1 : n;
        d->grad.shape.n = d->out.shape.n;
    }
    for (int i = 0; i < r->net->n_nodes; i++)
        for (int k = 0; k < r->net->nodes[i].n_from; k++) {
            int from = r->net->nodes[i].from[k];
            r->nodes[i].in[k].shape.n = r->nodes[from].out.shape.n;
            r->nodes[i].in_grad[k].shape.n = r->nodes[from].out.shape.n;
        }
}

struct pass net_run_pass(struct net_run *r, int i, bool learning)
{
    struct run_node *d = &r->nodes[i];
    return (struct pass){
        .in = d->in,
        .in_grad = d->in_grad,
        .in_new = d->in_new,
        .param = d->param,
        .param_grad = d->param_grad,
        .n_in = r->net->nodes[i].n_from,
        .out = d->out,
        .out_grad = d->grad,
        .keep = d->keep,
        .scratch = r->scratch,
        .kernels = r->kernels,
        .random = &r->random,
        .learning = learning,
        .half = r->half,
        .int8 = r->int8,
        .prepared = r->prepared,
        .picture = r->net->nodes[i].n_from && r->net->nodes[i].from[0] == r->pictured ? &r->picture : NULL,
        .relu = d->relu_after,
        .pool = d->pool_after,
        .rows = { 0, d->out.shape.h, 0 },
    };
}

/* A learning thread shares the machine with others: what it spent itself is what tells layers apart. */
static int64_t now_us(bool learning)
{
    return learning ? clock_thread_us() : clock_us();
}

static void forward(struct net_run *r, bool learning)
{
    int64_t before = now_us(learning);
    for (int i = 0; i < r->net->n_nodes; i++) {
        const struct node *node = &r->net->nodes[i];
        struct run_node *d = &r->nodes[i];
        if (!node->kind || !d->needed || d->fused)
            continue;
        if (d->streamed && r->int8) {
            if (i == r->stream.steps[0].node)
                stream_forward(r);
            before = now_us(learning);
            continue;
        }
        struct pass p = net_run_pass(r, i, learning);
        node->kind->forward(node->options, &p);
        int64_t now = now_us(learning);
        d->spent_us += now - before;
        before = now;
    }
}

void net_run_forward(struct net_run *r, int n)
{
    CHECK(n >= 0 && n <= r->batch);
    set_samples(r, n ? n : r->batch);
    forward(r, false);
}

static void zero(struct tensor t)
{
    memset(t.at, 0, shape_count(t.shape) * sizeof(float));
}

/* Gradients are zeroed just before the first layer that adds to them, unless that layer writes them itself. */
static void backward_node(struct net_run *r, int i)
{
    const struct node *node = &r->net->nodes[i];
    struct run_node *d = &r->nodes[i];
    if (!d->grad.at)
        return;
    if (node->loss)
        d->grad.at[0] = 1;
    else if (d->unused)
        zero(d->grad);
    if (!node->kind || d->fused)
        return;
    for (int k = 0; k < node->n_from; k++)
        if (d->in_new[k] && d->in_grad[k].at && !(node->kind->can & CAN_SET))
            zero(d->in_grad[k]);
    struct pass p = net_run_pass(r, i, true);
    node->kind->backward(node->options, &p);
}

void net_run_learn(struct net_run *r)
{
    CHECK(r->use == NET_LEARN);
    set_samples(r, r->batch);
    forward(r, true);
    int64_t before = now_us(true);
    for (int i = r->net->n_nodes - 1; i >= 0; i--) {
        backward_node(r, i);
        int64_t now = now_us(true);
        r->nodes[i].back_us += now - before;
        before = now;
    }
}

struct tensor net_run_at(struct net_run *r, int layer)
{
    CHECK(layer >= 0 && layer < r->net->n_nodes);
    CHECK(!r->nodes[layer].pool_after);
    CHECK(r->use == NET_LEARN || (r->net->nodes[layer].keep && (!r->net->nodes[layer].places || r->nodes[layer].needed)));
    return r->nodes[layer].out;
}

void net_run_place(struct net_run *r, int layer, int sample, int x, int y, float *out)
{
    const struct node *node = &r->net->nodes[layer];
    CHECK(node->places && sample >= 0 && sample < r->n);
    struct pass p = net_run_pass(r, layer, false);
    node->kind->infer->place(node->options, &p, sample, x, y, out);
}

double net_run_loss(struct net_run *r, int layer)
{
    CHECK(r->net->nodes[layer].loss && r->nodes[layer].needed);
    return r->nodes[layer].out.at[0];
}

double net_run_total_loss(struct net_run *r)
{
    double total = 0;
    for (int i = 0; i < r->net->n_nodes; i++)
        if (r->net->nodes[i].loss && r->nodes[i].needed)
            total += r->nodes[i].out.at[0];
    return total;
}

bool net_run_half(struct net_run *r, bool half)
{
    r->half = half && r->kernels->fast_half;
    return r->half;
}

void net_run_prepare(struct net_run *r)
{
    CHECK(r->use == NET_INFER);
    r->prepared = true;
    for (int i = 0; i < r->net->n_nodes; i++) {
        const struct node *node = &r->net->nodes[i];
        if (node->kind && node->kind->infer && r->nodes[i].needed) {
            struct pass p = net_run_pass(r, i, false);
            node->kind->infer->prepare(node->options, &p);
        }
    }
}

bool net_run_int8(struct net_run *r, bool int8)
{
    r->int8 = int8 && r->kernels->fast_int8 && r->use == NET_INFER;
    if (r->int8)
        net_run_prepare(r);
    return r->int8;
}

/* Whether all that read this input can read pixels. */
static bool reads_pixels(const struct net_run *r, int input)
{
    for (int i = 0; i < r->net->n_nodes; i++) {
        const struct node *node = &r->net->nodes[i];
        for (int k = 0; k < node->n_from; k++)
            if (r->nodes[i].needed && node->from[k] == input && !(node->kind->infer && node->kind->infer->pixels(node->options)))
                return false;
    }
    return r->int8;
}

void net_run_picture(struct net_run *r, int input, struct image im)
{
    struct tensor in = net_run_at(r, input);
    CHECK(r->batch == 1 && in.shape.c == 3 && im.w <= in.shape.w && im.h <= in.shape.h);
    r->picture = im;
    r->pictured = reads_pixels(r, input) ? input : -1;
    if (r->pictured < 0)
        image_to_planes(in.at, in.shape.w, in.shape.h, im);
}

void net_run_set_random(struct net_run *r, uint64_t seed)
{
    r->random = seed;
}

int64_t net_run_layer_us(const struct net_run *r, int layer)
{
    return r->nodes[layer].spent_us;
}
