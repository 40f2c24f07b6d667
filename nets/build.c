/* SPDX-License-Identifier: MIT
 * The builder: a model's C function adds layers; shapes and weights are planned as they come; the first error sticks.
 * Nothing here knows any kind of layer. */
#include "nets/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

struct net_builder {
    struct net *net;
    enum status status;
};

size_t shape_count(struct shape s)
{
    return (size_t)s.n * (size_t)s.c * (size_t)s.h * (size_t)s.w;
}

enum status node_plan(const struct node *node, struct layer_plan *plan, const struct shape *in)
{
    *plan = (struct layer_plan){ 0 };
    enum status s = node->kind->plan(plan, node->options, in, node->n_from);
    return s ? fail_in(s, "layer %s (%s)", node->name, node->kind->name) : OK;
}

static struct node *add_node(struct net_builder *b, const char *name, const char *kind)
{
    struct net *n = b->net;
    char made[64];
    if (n->n_nodes == NET_LAYERS) {
        b->status = fail(BAD_USAGE, "net %s: more than %d layers", n->model->name, NET_LAYERS);
        return NULL;
    }
    if (!name) {
        snprintf(made, sizeof made, "%s_%d", kind, n->n_nodes);
        name = made;
    }
    for (int i = 0; i < n->n_nodes; i++)
        if (strcmp(n->nodes[i].name, name) == 0) {
            b->status = fail(BAD_USAGE, "net %s: two layers named %s", n->model->name, name);
            return NULL;
        }
    struct node *node = &n->nodes[n->n_nodes];
    node->name = arena_text(n->arena, name);
    if (!node->name)
        b->status = fail(NO_RESOURCE, "net %s: no memory", n->model->name);
    return b->status ? NULL : node;
}

int net_input(struct net_builder *b, const char *name, struct shape shape)
{
    if (b->status)
        return 0;
    struct node *node = add_node(b, name, "input");
    if (!node)
        return 0;
    shape.n = 1;
    node->shape = shape;
    node->keep = true;
    return b->net->n_nodes++;
}

static enum status add_params(struct net *n, struct node *node, const struct layer_plan *plan)
{
    node->first_param = n->n_params;
    node->n_params = plan->n_params;
    for (int i = 0; i < plan->n_params; i++) {
        char name[256];
        struct param *p = &n->params[n->n_params++];
        p->as = plan->params[i];
        p->n = 1;
        for (int d = 0; d < p->as.n_dims; d++)
            p->n *= (size_t)p->as.dims[d];
        p->at = n->n_weights;
        n->n_weights += (p->n + 15) / 16 * 16; /* every array starts on a cache line */
        snprintf(name, sizeof name, "%s.%s", node->name, p->as.name);
        p->name = arena_text(n->arena, name);
        if (!p->name)
            return fail(NO_RESOURCE, "net %s: no memory", n->model->name);
    }
    return OK;
}

int net_add(struct net_builder *b, const struct layer_kind *kind, const char *name, const void *options, int n_from,
            const int *from)
{
    struct shape in[LAYER_FROM];
    struct layer_plan plan;
    if (b->status)
        return 0;
    struct node *node = add_node(b, name, kind->name);
    if (!node)
        return 0;
    CHECK(n_from <= LAYER_FROM);
    node->kind = kind;
    node->n_from = n_from;
    for (int i = 0; i < n_from; i++) {
        CHECK(from[i] >= 0 && from[i] < b->net->n_nodes);
        node->from[i] = from[i];
        in[i] = b->net->nodes[from[i]].shape;
    }
    node->options = arena_alloc(b->net->arena, 1, kind->options_size ? kind->options_size : 1);
    if (!node->options) {
        b->status = fail(NO_RESOURCE, "net: no memory");
        return 0;
    }
    if (options)
        memcpy(node->options, options, kind->options_size);
    if ((b->status = node_plan(node, &plan, in)) || (b->status = add_params(b->net, node, &plan)))
        return 0;
    node->shape = plan.out;
    node->loss = plan.loss;
    node->multiply_adds = plan.multiply_adds;
    return b->net->n_nodes++;
}

void net_keep(struct net_builder *b, int layer)
{
    if (!b->status)
        b->net->nodes[layer].keep = true;
}

void net_keep_places(struct net_builder *b, int layer)
{
    net_keep(b, layer);
    if (!b->status) {
        CHECK(b->net->nodes[layer].kind->infer);
        b->net->nodes[layer].places = true;
    }
}

enum status net_build(struct net **out, const struct model *m, const void *options)
{
    struct arena *a = arena_create();
    struct net *n = arena_alloc(a, 1, sizeof *n);
    if (!n) {
        arena_free(&a);
        return fail(NO_RESOURCE, "net %s: no memory", m->name);
    }
    n->arena = a;
    n->model = m;
    n->nodes = arena_alloc(a, NET_LAYERS, sizeof *n->nodes);
    n->params = arena_alloc(a, NET_LAYERS * LAYER_PARAMS, sizeof *n->params);
    n->options = arena_alloc(a, 1, m->options_size ? m->options_size : 1);
    if (n->options && options)
        memcpy(n->options, options, m->options_size);
    else if (n->options)
        option_defaults(m->options, n->options);
    struct net_builder b = { n, OK };
    if (!n->nodes || !n->params || !n->options)
        b.status = fail(NO_RESOURCE, "net %s: no memory", m->name);
    else
        m->build(&b, n->options);
    n->weights = arena_alloc(a, n->n_weights + 16, sizeof *n->weights);
    enum status s = b.status ? b.status : arena_seal(a);
    if (s) {
        net_free(&n);
        return fail_in(s, "net %s", m->name);
    }
    *out = n;
    return OK;
}

enum status net_create(struct net **out, const struct model *m, const void *options, uint64_t seed)
{
    enum status s = net_build(out, m, options);
    if (!s)
        net_draw(*out, seed);
    return s;
}

void net_free(struct net **n)
{
    if (!*n)
        return;
    struct arena *a = (*n)->arena;
    tensors_close(&(*n)->file);
    *n = NULL;
    arena_free(&a);
}

enum status net_find(const struct net *n, const char *layer, int *number)
{
    for (int i = 0; i < n->n_nodes; i++)
        if (strcmp(n->nodes[i].name, layer) == 0) {
            *number = i;
            return OK;
        }
    return fail(BAD_MATCH, "net %s has no layer %s", n->model->name, layer);
}

enum status net_find_all(const struct net *n, const struct net_named *named)
{
    enum status s = OK;
    for (; named->layer && !s; named++)
        s = net_find(n, named->layer, named->number);
    return s;
}

const struct model *net_model(const struct net *n)
{
    return n->model;
}

const void *net_options(const struct net *n)
{
    return n->options;
}

size_t net_weights(const struct net *n)
{
    size_t total = 0;
    for (int i = 0; i < n->n_params; i++)
        if (n->params[i].as.role != PARAM_FIXED)
            total += n->params[i].n;
    return total;
}

void net_print(const struct net *n, FILE *to)
{
    int64_t total = 0;
    fprintf(to, "%s: %s\n%-20s %-14s %-16s %10s %12s\n", n->model->name, n->model->paper, "layer", "kind", "output",
            "weights", "mult-adds");
    for (int i = 0; i < n->n_nodes; i++) {
        const struct node *d = &n->nodes[i];
        size_t weights = 0;
        char shape[64];
        for (int p = 0; p < d->n_params; p++)
            weights += n->params[d->first_param + p].n;
        snprintf(shape, sizeof shape, "%dx%dx%d", d->shape.c, d->shape.h, d->shape.w);
        fprintf(to, "%-20s %-14s %-16s %10zu %12lld\n", d->name, d->kind ? d->kind->name : "input", shape, weights,
                (long long)d->multiply_adds);
        total += d->loss ? 0 : d->multiply_adds;
    }
    fprintf(to, "%zu weights, %.2f million multiply-adds a sample\n", net_weights(n), (double)total / 1e6);
}
