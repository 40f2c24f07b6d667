/* SPDX-License-Identifier: MIT
 * A run whose tensors lie on the accelerator, walked as nets/run.c walks its own. */
#include "nets/gpu/learner.h"

#include <string.h>

#include "base/check.h"
#include "nets/gpu/layers.h"
#include "nets/gpu/step.h"
#include "nets/layers/layers.h"

struct learner {
    struct arena *arena;
    struct device *device;
    struct net *net;
    struct solver *solver;
    struct net_run *run;                         /* there */
    struct net_run **feeds[LEARNER_SETS];        /* here */
    int n_feeds;
    const struct gpu_layer **layers;             /* a node; NULL: an input */
    struct gpu_step step;
    float norm[3];
};

static const struct { const struct layer_kind *kind; const struct gpu_layer *layer; } twins[] = {
    { &layer_conv, &gpu_conv },           { &layer_pool, &gpu_pool },
    { &layer_relu, &gpu_relu },           { &layer_join, &gpu_join },
    { &layer_add, &gpu_add },             { &layer_upsample, &gpu_upsample },
    { &layer_average, &gpu_average },     { &layer_normalize, &gpu_normalize },
    { &layer_scale, &gpu_scale },         { &layer_full, &gpu_full },
    { &layer_unit, &gpu_unit },           { &layer_softmax_loss, &gpu_softmax_loss },
    { &layer_pair_loss, &gpu_pair_loss }, { &layer_logistic_loss, &gpu_logistic_loss },
    { &layer_square_loss, &gpu_square_loss }, { &layer_box_loss, &gpu_box_loss },
};

const struct gpu_layer *gpu_layer_find(const struct layer_kind *kind)
{
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++)
        if (twins[i].kind == kind)
            return twins[i].layer;
    return NULL;
}

/* The kinds whose options choose between two twins, or leave none. */
static const struct gpu_layer *layer_of(const struct node *d)
{
    if (d->kind == &layer_conv && ((const struct conv *)d->options)->groups == -1)
        return &gpu_depthwise;
    if (d->kind == &layer_pair_loss && ((const struct pair_loss *)d->options)->form == PAIR_COSINE)
        return NULL;
    return gpu_layer_find(d->kind);
}

bool learner_is_twin(void)
{
    return device_is_twin();
}

const char *learner_name(const struct learner *l)
{
    return device_name(l->device);
}

static float *take_there(void *device, size_t n)
{
    return device_take(device, n * sizeof(float));
}

static float *take_here(void *device, size_t n)
{
    return device_take_host(device, n * sizeof(float));
}

static enum status find_layers(struct learner *l)
{
    const struct net *n = l->net;
    for (int i = 0; i < n->n_nodes; i++) {
        const struct node *d = &n->nodes[i];
        if (d->kind && !(l->layers[i] = layer_of(d)))
            return fail(BAD_MATCH, "net %s: layer %s (%s) learns on the CPU only", n->model->name, d->name, d->kind->name);
    }
    return OK;
}

static void take_scratch(struct learner *l)
{
    size_t most = 1;
    for (int i = 0; i < l->net->n_nodes; i++) {
        const struct node *d = &l->net->nodes[i];
        const struct gpu_layer *g = l->layers[i];
        size_t n = g && g->scratch ? g->scratch(d->options, l->run->nodes[i].in[0].shape, l->run->nodes[i].out.shape) : 0;
        most = n > most ? n : most;
    }
    l->run->scratch = take_there(l->device, most);
}

static enum status open_runs(struct learner *l, int batch)
{
    struct run_memory there = { l->device, take_there, l->step.weights };
    struct run_memory here = { l->device, take_here, l->net->weights };
    enum status s = net_run_create_in(&l->run, l->net, batch, NET_LEARN, &there);
    for (int k = 0; k < LEARNER_SETS; k++)
        for (int i = 0; !s && i < l->n_feeds; i++)
            s = net_run_create_in(&l->feeds[k][i], l->net, batch / l->n_feeds, NET_FEED, &here);
    if (!s)
        take_scratch(l);
    return s ? s : device_status(l->device);
}

enum status learner_create(struct learner **out, struct net *n, struct solver *solver, int batch, int feeds)
{
    struct arena *a = arena_create();
    struct learner *l = arena_alloc(a, 1, sizeof *l);
    enum status s;
    CHECK(feeds > 0 && batch % feeds == 0);
    if (!l) {
        arena_free(&a);
        return fail(NO_RESOURCE, "learner: no memory");
    }
    *out = l;
    l->arena = a;
    l->net = n;
    l->solver = solver;
    l->n_feeds = feeds;
    l->layers = arena_alloc(a, (size_t)n->n_nodes, sizeof *l->layers);
    for (int k = 0; k < LEARNER_SETS; k++)
        l->feeds[k] = arena_alloc(a, (size_t)feeds, sizeof *l->feeds[k]);
    if (!(s = arena_seal(a)) && !(s = find_layers(l)) && !(s = device_open(&l->device))) {
        struct solver_state state = solver_state(solver);
        l->step.weights = take_there(l->device, n->n_weights);
        l->step.velocity = take_there(l->device, n->n_weights);
        l->step.shadow = state.shadow ? take_there(l->device, n->n_weights) : NULL;
        l->step.norm = take_there(l->device, 3);
        s = open_runs(l, batch);
    }
    if (!s) {
        l->step.gradients = l->run->gradients;
        s = learner_send(l);
    }
    if (s)
        learner_free(out);
    return s;
}

void learner_free(struct learner **at)
{
    struct learner *l = *at;
    if (!l)
        return;
    *at = NULL;
    net_run_free(&l->run);
    for (int k = 0; k < LEARNER_SETS; k++)
        for (int i = 0; l->feeds[k] && i < l->n_feeds; i++)
            net_run_free(&l->feeds[k][i]);
    device_close(&l->device);
    struct arena *a = l->arena;
    arena_free(&a);
}

struct net_run *const *learner_feeds(struct learner *l, int set)
{
    return l->feeds[set];
}

static size_t bytes(struct tensor t)
{
    return shape_count(t.shape) * sizeof(float);
}

static void send_inputs(struct learner *l, int set)
{
    for (int i = 0; i < l->net->n_nodes; i++) {
        if (l->net->nodes[i].kind)
            continue;
        for (int k = 0; k < l->n_feeds; k++) {
            struct tensor from = l->feeds[set][k]->nodes[i].out;
            device_send(l->device, l->run->nodes[i].out.at + (size_t)k * shape_count(from.shape), from.at, bytes(from));
        }
    }
    for (int i = 0; i < l->net->n_params; i++) {
        const struct param *p = &l->net->params[i];
        if (p->as.role == PARAM_FIXED)
            device_send(l->device, l->step.weights + p->at, l->net->weights + p->at, p->n * sizeof(float));
    }
}

static void backward(struct learner *l, int i)
{
    const struct node *node = &l->net->nodes[i];
    struct run_node *d = &l->run->nodes[i];
    if (!d->grad.at || !node->kind || d->fused)
        return;
    if (d->unused && !node->loss)
        device_zero(l->device, d->grad.at, bytes(d->grad));
    for (int k = 0; k < node->n_from; k++)
        if (d->in_new[k] && d->in_grad[k].at && !l->layers[i]->sets)
            device_zero(l->device, d->in_grad[k].at, bytes(d->in_grad[k]));
    struct pass p = net_run_pass(l->run, i, true);
    l->layers[i]->backward(l->device, node->options, &p);
}

enum status learner_start(struct learner *l, int set)
{
    struct solver_options o = solver_state(l->solver).options;
    send_inputs(l, set);
    for (int i = 0; i < l->net->n_nodes; i++)
        if (l->layers[i] && !l->run->nodes[i].fused) {
            struct pass p = net_run_pass(l->run, i, true);
            l->layers[i]->forward(l->device, l->net->nodes[i].options, &p);
        }
    for (int i = l->net->n_nodes - 1; i >= 0; i--)
        backward(l, i);
    gpu_step(l->device, l->net, &l->step, &o);
    return device_status(l->device);
}

/* A loss is of the whole batch: every feed says it. */
enum status learner_finish(struct learner *l, int set)
{
    for (int i = 0; i < l->net->n_nodes; i++) {
        const struct node *node = &l->net->nodes[i];
        if (!node->kind || (!node->keep && !node->loss))
            continue;
        for (int k = 0; k < l->n_feeds; k++) {
            struct tensor to = l->feeds[set][k]->nodes[i].out;
            size_t at = node->loss ? 0 : (size_t)k * shape_count(to.shape);
            device_fetch(l->device, to.at, l->run->nodes[i].out.at + at, bytes(to));
        }
    }
    device_fetch(l->device, l->norm, l->step.norm, sizeof l->norm);
    solver_set_norm(l->solver, (double)l->norm[1]);
    return device_status(l->device);
}

enum status learner_fetch(struct learner *l)
{
    struct solver_state s = solver_state(l->solver);
    size_t n = l->net->n_weights * sizeof(float);
    for (int i = 0; i < l->net->n_params; i++) { /* those that the task sets are newer here */
        const struct param *p = &l->net->params[i];
        if (p->as.role != PARAM_FIXED)
            device_fetch(l->device, l->net->weights + p->at, l->step.weights + p->at, p->n * sizeof(float));
    }
    device_fetch(l->device, s.velocity, l->step.velocity, n);
    if (s.shadow)
        device_fetch(l->device, s.shadow, l->step.shadow, n);
    return device_status(l->device);
}

enum status learner_send(struct learner *l)
{
    struct solver_state s = solver_state(l->solver);
    size_t n = l->net->n_weights * sizeof(float);
    device_send(l->device, l->step.weights, l->net->weights, n);
    device_send(l->device, l->step.velocity, s.velocity, n);
    if (s.shadow)
        device_send(l->device, l->step.shadow, s.shadow, n);
    device_wait(l->device);
    return device_status(l->device);
}
