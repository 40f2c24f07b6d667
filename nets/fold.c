/* SPDX-License-Identifier: MIT
 * Batch normalisation folded into the layer before it: w' = w s / sd, b' = (b - mean) s / sd + shift, a map. */
#include <math.h>
#include <string.h>

#include "nets/internal.h"
#include "nets/layers/layers.h"

const struct param *net_param_of(const struct net *n, const struct node *d, const char *name)
{
    for (int i = 0; i < d->n_params; i++)
        if (strcmp(n->params[d->first_param + i].as.name, name) == 0)
            return &n->params[d->first_param + i];
    return NULL;
}

static const struct node *node_named(const struct net *n, const char *name)
{
    for (int i = 0; i < n->n_nodes; i++)
        if (strcmp(n->nodes[i].name, name) == 0)
            return &n->nodes[i];
    return NULL;
}

static enum status fold_one(struct net *to, const struct net *from, const struct node *norm)
{
    const struct node *before = &from->nodes[norm->from[0]], *target = node_named(to, before->name);
    const struct param *weight = target ? net_param_of(to, target, "weight") : NULL;
    const struct param *bias = target ? net_param_of(to, target, "bias") : NULL;
    const struct param *scale = net_param_of(from, norm, "scale"), *shift = net_param_of(from, norm, "shift");
    const struct param *mean = net_param_of(from, norm, "mean"), *variance = net_param_of(from, norm, "variance");
    if (!weight || !bias)
        return fail(BAD_MATCH, "net %s: layer %s cannot take the normalisation %s after it", to->model->name,
                    before->name, norm->name);
    float epsilon = normalize_epsilon(norm->options);
    size_t maps = scale->n, row = weight->n / bias->n;
    for (size_t i = 0; i < bias->n; i++) { /* region by region, map by map */
        size_t m = i % maps;
        float times = from->weights[scale->at + m] / sqrtf(from->weights[variance->at + m] + epsilon);
        float *w = to->weights + weight->at + i * row, *b = to->weights + bias->at + i;
        for (size_t k = 0; k < row; k++)
            w[k] *= times;
        *b = (*b - from->weights[mean->at + m]) * times + from->weights[shift->at + m];
    }
    return OK;
}

enum status net_fold(struct net **out, const struct net *n)
{
    struct arena *texts = arena_create();
    struct net *to = NULL;
    void *options = arena_alloc(texts, 1, n->model->options_size);
    enum status s = options ? OK : fail(NO_RESOURCE, "net %s: no memory to fold", n->model->name);
    if (!s) {
        struct option_group group = { "model", "", n->model->options, options };
        memcpy(options, n->options, n->model->options_size);
        s = option_set(&group, 1, "model.normalize", "no", texts);
    }
    if (!s)
        s = net_create(&to, n->model, options, 1);
    for (int i = 0; !s && i < to->n_params; i++) {
        const struct param *p = &to->params[i];
        bool found = false;
        for (int k = 0; k < n->n_params && !found; k++)
            if (strcmp(n->params[k].name, p->name) == 0 && n->params[k].n == p->n) {
                memcpy(to->weights + p->at, n->weights + n->params[k].at, p->n * sizeof(float));
                found = true;
            }
        /* a bias that the normalised net did not have starts at zero */
        if (!found && p->as.role == PARAM_WEIGHT)
            s = fail(BAD_MATCH, "net %s: %s is in the folded net only", n->model->name, p->name);
    }
    for (int i = 0; !s && i < n->n_nodes; i++)
        if (n->nodes[i].kind == &layer_normalize)
            s = fold_one(to, n, &n->nodes[i]);
    arena_free(&texts);
    if (s) {
        net_free(&to);
        return s;
    }
    *out = to;
    return OK;
}
