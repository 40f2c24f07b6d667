/* SPDX-License-Identifier: MIT
 * The way back from fold.c: a net that normalises starts from one whose normalisation was folded away. Scale and shift
 * are set layer by layer, so that on one batch each gives what it is given, which is what the folded net computes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nets/internal.h"
#include "nets/layers/layers.h"

enum { SCALE, SHIFT, MEAN, VARIANCE };

static const struct tensors_array *array_of(const struct tensors *file, const char *layer, const char *what)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", layer, what);
    return tensors_find(file, name);
}

/* The bias of the folded layer, if the one that is normalised has none of its own. */
static const float *lost_bias(const struct net *n, const struct tensors *file, const struct node *before, size_t maps)
{
    const struct tensors_array *a = array_of(file, before->name, "bias");
    return !net_param_of(n, before, "bias") && a && a->type == TENSORS_F32 && a->n == maps ? a->at : NULL;
}

/* Did the layer before come from the file, and without its normalisation? A layer that begins at random keeps it. */
static bool was_folded(const struct net *n, const struct tensors *file, const struct node *norm)
{
    const struct node *before = &n->nodes[norm->from[0]];
    const struct param *weight = net_param_of(n, before, "weight");
    const struct tensors_array *a = array_of(file, before->name, "weight");
    return weight && a && a->n == weight->n && !array_of(file, norm->name, "scale");
}

static void let_through(struct net *n, const struct net_run *run, const struct node *node, const float *bias)
{
    const struct param *p = &n->params[node->first_param];
    for (size_t i = 0; i < p[MEAN].n; i++) {
        /* what normalize.c asks for is (value - this batch's value) */
        float mean = n->weights[p[MEAN].at + i] - run->gradients[p[MEAN].at + i];
        float variance = n->weights[p[VARIANCE].at + i] - run->gradients[p[VARIANCE].at + i];
        n->weights[p[MEAN].at + i] = mean;
        n->weights[p[SHIFT].at + i] = mean + (bias ? bias[i] : 0);
        n->weights[p[VARIANCE].at + i] = variance;
        n->weights[p[SCALE].at + i] = sqrtf(fmaxf(variance, 0) + normalize_epsilon(node->options));
    }
}

enum status net_unfold(struct net *n, struct net_run *run, const char *path, int *unfolded)
{
    struct tensors *file = NULL;
    enum status s = tensors_open(&file, path);
    *unfolded = 0;
    for (int i = 0; !s && i < n->n_nodes; i++) {
        const struct node *norm = &n->nodes[i];
        if (norm->kind != &layer_normalize || !was_folded(n, file, norm))
            continue;
        /* a pass a layer: it sees what the layers before it let through by then */
        net_run_learn(run);
        let_through(n, run, norm, lost_bias(n, file, &n->nodes[norm->from[0]], n->params[norm->first_param].n));
        memset(run->gradients, 0, n->n_weights * sizeof(float));
        ++*unfolded;
    }
    tensors_close(&file);
    return s;
}
