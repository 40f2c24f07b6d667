/* SPDX-License-Identifier: MIT
 * What a run needs: shapes for its batch and picture size, and memory. In inference activations share buffers by
 * liveness, the largest first, so that they lie close and stay in the caches; in learning every output and gradient has its
 * own, but for layers that work in place. */
#include "nets/internal.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "nets/layers/layers.h"

struct block { size_t at, n; int since, until; }; /* floats; in use from layer `since` to layer `until` */
struct arrangement { struct block blocks[NET_LAYERS]; int n; size_t top; };

/* First place where n floats fit beside all blocks in use meanwhile. */
static size_t arrange(struct arrangement *a, size_t n, int since, int until)
{
    size_t at = 0;
    bool moved = true;
    n = (n + 15) / 16 * 16;
    while (moved) {
        moved = false;
        for (int i = 0; i < a->n; i++) {
            const struct block *b = &a->blocks[i];
            if (b->until >= since && b->since <= until && at < b->at + b->n && b->at < at + n) {
                at = b->at + b->n;
                moved = true;
            }
        }
    }
    a->blocks[a->n++] = (struct block){ at, n, since, until };
    if (at + n > a->top)
        a->top = at + n;
    return at;
}

static bool placed(const struct net_run *r, int i) /* not computed, but read a place at a time */
{
    return r->use == NET_INFER && r->net->nodes[i].places;
}

static bool reads(const struct net_run *r, int i) /* its inputs */
{
    return r->nodes[i].needed || placed(r, i);
}

static void mark_needed(struct net_run *r)
{
    const struct net *n = r->net;
    bool any = false;
    for (int i = 0; i < n->n_nodes; i++)
        any |= n->nodes[i].keep && n->nodes[i].kind;
    for (int i = n->n_nodes - 1; i >= 0; i--) {
        const struct node *d = &n->nodes[i];
        struct run_node *rd = &r->nodes[i];
        rd->needed |= r->use != NET_INFER || (d->kind && d->keep && !d->places) || (!any && d->kind);
        for (int k = 0; reads(r, i) && k < d->n_from; k++)
            r->nodes[d->from[k]].needed = true;
    }
}

int net_run_users(const struct net_run *r, int layer, int *last)
{
    int users = 0;
    for (int i = layer + 1; i < r->net->n_nodes; i++)
        for (int k = 0; reads(r, i) && k < r->net->nodes[i].n_from; k++)
            if (r->net->nodes[i].from[k] == layer) {
                users++;
                *last = i;
            }
    return users;
}

static int users_of(const struct net_run *r, int layer)
{
    int last;
    return net_run_users(r, layer, &last);
}

static int last_use(const struct net_run *r, int layer)
{
    int last = layer;
    if (r->net->nodes[layer].keep || r->use == NET_LEARN)
        return r->net->n_nodes;
    for (int i = layer + 1; i < r->net->n_nodes; i++)
        for (int k = 0; reads(r, i) && k < r->net->nodes[i].n_from; k++)
            if (r->net->nodes[i].from[k] == layer) {
                if (placed(r, i))
                    return r->net->n_nodes;
                last = r->nodes[i].in_place ? last_use(r, i) : i;
            }
    return last;
}

/* The layer that does this pool as well, behind its relu, so that what is pooled is never stored; -1: none. */
static int pooled_by(const struct net_run *r, int i)
{
    const struct node *d = &r->net->nodes[i], *nodes = r->net->nodes;
    if (r->use != NET_LEARN || d->kind != &layer_pool || !pool_halves(d->options))
        return -1;
    int relu = d->from[0], at = nodes[relu].n_from ? nodes[relu].from[0] : -1;
    bool may = r->nodes[relu].fused && !nodes[relu].keep && users_of(r, relu) == 1;
    return may && nodes[at].kind->can & CAN_LEARN_POOL ? at : -1;
}

/* The three share one output, the pool's. */
static void fuse_pool(struct net_run *r, int by, int pool, size_t *keep)
{
    const int relu = r->net->nodes[pool].from[0];
    r->nodes[by].out.shape = r->nodes[relu].out.shape = r->nodes[pool].out.shape;
    r->nodes[by].pool_after = r->nodes[relu].pool_after = true;
    r->nodes[pool].in_place = r->nodes[pool].fused = true;
    keep[by] += shape_count(r->nodes[pool].out.shape);
    keep[pool] = 0;
}

/* Shapes, in-place layers, the largest scratch. here: nets/layers compute, which pool in passing; a device's twins do not. */
static enum status plan_nodes(struct net_run *r, int h, int w, bool here, size_t *keep, size_t *scratch)
{
    const struct net *n = r->net;
    for (int i = 0; i < n->n_nodes; i++) {
        const struct node *d = &n->nodes[i];
        struct run_node *rd = &r->nodes[i];
        struct shape in[LAYER_FROM];
        struct layer_plan plan;
        rd->out.shape = d->shape;
        rd->out.shape.n = r->batch;
        if (!d->kind && i == 0 && h > 0) {
            rd->out.shape.h = h;
            rd->out.shape.w = w;
        }
        if (!d->kind || !rd->needed)
            continue;
        for (int k = 0; k < d->n_from; k++)
            in[k] = r->nodes[d->from[k]].out.shape;
        enum status s = node_plan(d, &plan, in);
        if (s)
            return s;
        for (int p = 0; p < plan.n_params; p++)
            if (memcmp(plan.params[p].dims, n->params[d->first_param + p].as.dims, sizeof plan.params[p].dims))
                return fail(BAD_MATCH, "net %s: layer %s does not fit a picture of %dx%d", n->model->name, d->name, w, h);
        rd->out.shape = plan.out;
        keep[i] = r->use == NET_LEARN ? plan.keep : r->use == NET_INFER ? plan.levels : 0;
        if (plan.scratch > *scratch)
            *scratch = plan.scratch;
        const struct node *from = &n->nodes[d->from[0]];
        rd->reads_out = plan.reads_out && r->use == NET_LEARN;
        bool may = plan.in_place || (plan.in_place_idle && r->use == NET_INFER);
        rd->in_place = may && from->kind && !from->keep && !r->nodes[d->from[0]].reads_out &&
                       users_of(r, d->from[0]) == 1;
        unsigned wanted = r->use == NET_INFER ? CAN_RELU : CAN_LEARN_RELU;
        bool fuse = rd->in_place && strcmp(d->kind->name, "relu") == 0 && from->kind->can & wanted;
        rd->fused = fuse;
        if (fuse)
            r->nodes[d->from[0]].relu_after = true;
        const int by = here ? pooled_by(r, i) : -1;
        if (by >= 0)
            fuse_pool(r, by, i, keep);
    }
    return OK;
}

/* The largest output that has no place yet; -1: none is left. */
static int largest_output(const struct net_run *r, const bool *done)
{
    int largest = -1;
    for (int i = 0; i < r->net->n_nodes; i++)
        if (r->nodes[i].needed && !done[i] &&
            (largest < 0 || shape_count(r->nodes[i].out.shape) > shape_count(r->nodes[largest].out.shape)))
            largest = i;
    return largest;
}

static void place_outputs(struct net_run *r, size_t *at, bool *done, struct arrangement *a)
{
    const struct net *n = r->net;
    for (int i = 0; i < n->n_nodes; i++)
        done[i] = r->nodes[i].in_place;
    for (int i; (i = largest_output(r, done)) >= 0; done[i] = true) /* inputs are filled before layer 0 runs */
        at[i] = arrange(a, shape_count(r->nodes[i].out.shape), n->nodes[i].kind ? i : 0, last_use(r, i));
    for (int i = 0; i < n->n_nodes; i++)
        if (r->nodes[i].needed && r->nodes[i].in_place)
            at[i] = at[n->nodes[i].from[0]];
}

static void bind_nodes(struct net_run *r, float *weights)
{
    const struct net *n = r->net;
    for (int i = 0; i < n->n_nodes; i++) {
        const struct node *d = &n->nodes[i];
        struct run_node *rd = &r->nodes[i];
        for (int k = 0; k < d->n_from; k++) {
            rd->in[k] = r->nodes[d->from[k]].out;
            rd->in_grad[k] = r->nodes[d->from[k]].grad;
        }
        for (int p = 0; p < d->n_params; p++) {
            const struct param *q = &n->params[d->first_param + p];
            struct shape s = { 1, 1, 1, (int)q->n };
            rd->param[p] = (struct tensor){ s, weights + q->at };
            rd->param_grad[p] = (struct tensor){ s, r->gradients ? r->gradients + q->at : NULL };
        }
    }
}

/* A gradient is wanted by every layer that has, or stands behind one that has, weights. */
static void mark_gradients(const struct net *n, bool *wanted)
{
    for (int i = 0; i < n->n_nodes; i++) {
        wanted[i] = n->nodes[i].n_params > 0;
        for (int k = 0; k < n->nodes[i].n_from; k++)
            wanted[i] |= wanted[n->nodes[i].from[k]];
    }
}

static void place_gradients(struct net_run *r, const struct run_memory *m, const bool *wanted)
{
    for (int i = 0; i < r->net->n_nodes; i++) {
        struct run_node *rd = &r->nodes[i];
        rd->grad.shape = rd->out.shape;
        if (!wanted[i])
            continue;
        rd->grad.at = rd->in_place ? r->nodes[r->net->nodes[i].from[0]].grad.at
                                   : m->take(m->from, shape_count(rd->out.shape));
    }
}

/* Who is the first to write a gradient, backward being from the last layer to the first. */
static void mark_new(struct net_run *r)
{
    for (int j = 0; j < r->net->n_nodes; j++) {
        int writer = -1, which = 0;
        bool shared = false; /* with a layer that works in place: written where that one's output goes */
        for (int i = j + 1; i < r->net->n_nodes; i++)
            for (int k = 0; k < r->net->nodes[i].n_from; k++)
                if (r->net->nodes[i].from[k] == j && r->nodes[i].grad.at) {
                    shared |= r->nodes[i].in_place;
                    which = writer == i ? which : k;
                    writer = i;
                }
        if (writer >= 0 && !shared)
            r->nodes[writer].in_new[which] = true;
        r->nodes[j].unused = writer < 0;
    }
}

static float *take_floats(void *arena, size_t n)
{
    return arena_alloc(arena, n + 2 * KERNELS_SLACK, sizeof(float)); /* kernels read a little further */
}

static void take_outputs(struct net_run *r, const struct run_memory *m, size_t *at, bool *done, struct arrangement *plan)
{
    place_outputs(r, at, done, plan);
    float *block = m->take(m->from, plan->top);
    for (int i = 0; i < r->net->n_nodes; i++)
        if (r->nodes[i].needed && block)
            r->nodes[i].out.at = block + at[i];
}

static void take_feed(struct net_run *r, const struct run_memory *m)
{
    for (int i = 0; i < r->net->n_nodes; i++) {
        const struct node *d = &r->net->nodes[i];
        if (!d->kind || d->keep || d->loss)
            r->nodes[i].out.at = m->take(m->from, shape_count(r->nodes[i].out.shape));
    }
}

static void take_for_learning(struct net_run *r, const struct run_memory *m, bool *wanted)
{
    mark_gradients(r->net, wanted);
    place_gradients(r, m, wanted);
    mark_new(r);
    r->gradients = m->take(m->from, r->net->n_weights);
}

static enum status create(struct net_run **out, const struct net *n, int batch, int h, int w, enum net_use use,
                          const struct run_memory *memory)
{
    struct arena *a = arena_create();
    struct run_memory own = { a, take_floats, n->weights };
    const struct run_memory *m = memory ? memory : &own;
    struct net_run *r = arena_alloc(a, 1, sizeof *r);
    struct arrangement *plan = arena_alloc(a, 1, sizeof *plan);
    size_t *at = arena_alloc(a, (size_t)n->n_nodes, sizeof *at), *keep = arena_alloc(a, (size_t)n->n_nodes, sizeof *keep);
    bool *flags = arena_alloc(a, (size_t)n->n_nodes, sizeof *flags);
    size_t scratch = 0;
    if (!r || !plan || !at || !keep || !flags || !(r->nodes = arena_alloc(a, (size_t)n->n_nodes, sizeof *r->nodes))) {
        arena_free(&a);
        return fail(NO_RESOURCE, "net %s: no memory for a run", n->model->name);
    }
    CHECK(batch > 0);
    r->arena = a;
    r->net = n;
    r->use = use;
    r->batch = r->n = batch;
    r->kernels = kernels_best();
    r->random = 1;
    r->pictured = -1;
    mark_needed(r);
    enum status s = plan_nodes(r, h, w, !memory, keep, &scratch);
    if (!s) {
        if (use == NET_FEED)
            take_feed(r, m);
        else
            take_outputs(r, m, at, flags, plan);
        for (int i = 0; i < n->n_nodes; i++)
            r->nodes[i].keep = keep[i] ? m->take(m->from, keep[i]) : NULL;
        if (!memory)
            r->scratch = take_floats(a, scratch);
        if (use == NET_LEARN)
            take_for_learning(r, m, flags);
        if (use == NET_INFER && !memory)
            stream_plan(r, take_floats, a);
        s = arena_seal(a);
    }
    if (s) {
        net_run_free(&r);
        return s;
    }
    bind_nodes(r, m->weights);
    *out = r;
    return OK;
}

enum status net_run_create_sized(struct net_run **out, const struct net *n, int batch, int h, int w, enum net_use use)
{
    return create(out, n, batch, h, w, use, NULL);
}

enum status net_run_create_in(struct net_run **out, const struct net *n, int batch, enum net_use use,
                              const struct run_memory *memory)
{
    return create(out, n, batch, 0, 0, use, memory);
}

enum status net_run_create(struct net_run **out, const struct net *n, int batch, enum net_use use)
{
    return net_run_create_sized(out, n, batch, 0, 0, use);
}

void net_run_free(struct net_run **r)
{
    if (!*r)
        return;
    struct arena *a = (*r)->arena;
    *r = NULL;
    arena_free(&a);
}

size_t net_run_bytes(const struct net_run *r)
{
    return arena_bytes(r->arena);
}
