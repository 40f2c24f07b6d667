/* SPDX-License-Identifier: MIT
 * Net <-> safetensors. The file says which model and which options it is for; binding is by name, and what does not
 * fit is said exactly. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/random.h"
#include "nets/internal.h"

enum { NOTES = 96 };

void dims_text(char *out, size_t size, const int *dims, int n)
{
    size_t at = 0;
    out[0] = 0;
    for (int i = 0; i < n && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, i ? "x%d" : "%d", dims[i]);
}

void net_draw(struct net *n, uint64_t seed)
{
    for (int i = 0; i < n->n_params; i++) {
        const struct param *p = &n->params[i];
        float *w = n->weights + p->at;
        float deviation = p->as.fan_in > 0 ? sqrtf(2.0f / (float)p->as.fan_in) : 0;
        for (size_t k = 0; k < p->n; k++)
            w[k] = p->as.role == PARAM_WEIGHT ? deviation * random_normal(&seed) : p->as.initial;
    }
}

/* "model.maps" and so on from the notes into an options struct. */
static enum status read_options(const struct tensors *file, const char *path, const struct model *m, void *options,
                                struct arena *texts)
{
    struct option_group group = { "model", m->paper, m->options, options };
    char key[128];
    option_defaults(m->options, options);
    for (const struct option *o = m->options; o->name; o++) {
        snprintf(key, sizeof key, "model.%s", o->name);
        const char *value = tensors_note(file, key);
        enum status s = value ? option_set(&group, 1, key, value, texts) : OK;
        if (s)
            return fail_in(BAD_DATA, "%s", path);
    }
    return OK;
}

static enum status check_param(const struct net *n, const struct param *p, const struct tensors_array *a,
                               const char *path)
{
    char have[64] = "", want[64];
    int dims[TENSORS_DIMS] = { 0 };
    bool same = a && a->type == TENSORS_F32 && a->n_dims == p->as.n_dims;
    dims_text(want, sizeof want, p->as.dims, p->as.n_dims);
    if (!a)
        return fail(BAD_MATCH, "%s: no %s; %s wants it as %s", path, p->name, n->model->name, want);
    for (int d = 0; d < a->n_dims; d++) {
        dims[d] = (int)a->dims[d];
        same = same && d < p->as.n_dims && a->dims[d] == p->as.dims[d];
    }
    dims_text(have, sizeof have, dims, a->n_dims);
    if (!same)
        return fail(BAD_MATCH, "%s: %s is %s%s, %s wants %s", path, p->name, have,
                    a->type == TENSORS_F32 ? "" : " (not F32)", n->model->name, want);
    const float *value = a->at;
    for (size_t i = 0; i < a->n; i++)
        if (!isfinite(value[i]))
            return fail(BAD_DATA, "%s: %s holds a value that is not finite", path, p->name);
    return OK;
}

static enum status bind(struct net *n, const struct tensors *file, const char *path)
{
    for (int i = 0; i < n->n_params; i++) {
        const struct param *p = &n->params[i];
        const struct tensors_array *a = tensors_find(file, p->name);
        /* what only learning needs (the loss's classes) may be missing from a file made for inference, and stays 0 */
        if (!a && tensors_note(file, "inference"))
            continue;
        enum status s = check_param(n, p, a, path);
        if (s)
            return s;
        memcpy(n->weights + p->at, a->at, p->n * sizeof(float));
    }
    return OK;
}

enum status net_load(struct net **out, const char *path, const char *part)
{
    struct tensors *file = NULL;
    struct net *n = NULL;
    struct arena *texts = arena_create();
    enum status s = tensors_open(&file, path);
    const char *name = s ? NULL : tensors_note(file, "model");
    const struct model *m = name ? model_find(name) : NULL;
    if (!s && !name)
        s = fail(BAD_MATCH, "%s: no note says which model these weights are for", path);
    else if (!s && !m)
        s = fail(BAD_MATCH, "%s: made for model %s, which this program does not have", path, name);
    else if (!s && part && strcmp(part, name))
        s = fail(BAD_MATCH, "%s: made for model %s, %s is wanted here", path, name, part);
    void *options = s ? NULL : arena_alloc(texts, 1, m->options_size ? m->options_size : 1);
    if (!s && !options)
        s = fail(NO_RESOURCE, "%s: no memory", path);
    if (!s && !(s = read_options(file, path, m, options, texts)) && !(s = net_build(&n, m, options)))
        s = bind(n, file, path);
    arena_free(&texts);
    if (s) {
        net_free(&n);
        tensors_close(&file);
        return s;
    }
    n->file = file;
    *out = n;
    return OK;
}

/* The arrays of a net as safetensors wants them; momentum arrays follow when `prefix` names them. */
static int list_params(const struct net *n, float *block, struct tensors_array *arrays)
{
    for (int i = 0; i < n->n_params; i++) {
        const struct param *p = &n->params[i];
        arrays[i] = (struct tensors_array){
            .name = p->name, .type = TENSORS_F32, .n_dims = p->as.n_dims, .n = p->n, .at = block + p->at
        };
        for (int d = 0; d < p->as.n_dims; d++)
            arrays[i].dims[d] = p->as.dims[d];
    }
    return n->n_params;
}

static int list_notes(const struct net *n, struct arena *a, struct tensors_note *notes, const struct tensors_note *more,
                      int n_more)
{
    char value[1024], key[128];
    int count = 0;
    notes[count++] = (struct tensors_note){ "model", n->model->name };
    for (const struct option *o = n->model->options; o->name && count < NOTES - n_more; o++) {
        snprintf(key, sizeof key, "model.%s", o->name);
        option_format(value, sizeof value, o, n->options);
        notes[count++] = (struct tensors_note){ arena_text(a, key), arena_text(a, value) };
    }
    for (int i = 0; i < n_more && count < NOTES; i++)
        notes[count++] = more[i];
    return count;
}

enum status net_write(const struct net *n, const char *path, const struct tensors_array *more, int n_more,
                      const struct tensors_note *notes, int n_notes)
{
    struct arena *a = arena_create();
    struct tensors_array *arrays = arena_alloc(a, (size_t)(n->n_params + n_more), sizeof *arrays);
    struct tensors_note *all = arena_alloc(a, NOTES, sizeof *all);
    enum status s = OK;
    if (!arrays || !all || n_notes > NOTES - 32) {
        s = fail(NO_RESOURCE, "%s: no memory", path);
    } else {
        int count = list_params(n, n->weights, arrays);
        for (int i = 0; i < n_more; i++)
            arrays[count++] = more[i];
        int n_all = list_notes(n, a, all, notes, n_notes);
        s = tensors_write(path, arrays, count, all, n_all);
    }
    arena_free(&a);
    return s;
}

enum status net_save(const struct net *n, const char *path, const struct tensors_note *notes, int n_notes)
{
    return net_write(n, path, NULL, 0, notes, n_notes);
}

/* Weights that only losses and what leads to nothing kept use: not part of what is shipped. */
static void mark_shipped(const struct net *n, bool *shipped)
{
    for (int i = n->n_nodes - 1; i >= 0; i--) {
        shipped[i] |= n->nodes[i].keep;
        for (int k = 0; shipped[i] && k < n->nodes[i].n_from; k++)
            shipped[n->nodes[i].from[k]] = true;
    }
}

enum status net_ship(const struct net *n, const char *path, const struct tensors_array *more, int n_more,
                     const struct tensors_note *notes, int n_notes)
{
    struct arena *a = arena_create();
    bool *shipped = arena_alloc(a, (size_t)n->n_nodes, sizeof *shipped);
    struct tensors_array *arrays = arena_alloc(a, (size_t)(n->n_params + n_more), sizeof *arrays);
    struct tensors_note *all = arena_alloc(a, NOTES, sizeof *all);
    enum status s = OK;
    if (!shipped || !arrays || !all || n_notes > NOTES - 32) {
        s = fail(NO_RESOURCE, "%s: no memory", path);
    } else {
        int count = 0;
        mark_shipped(n, shipped);
        list_params(n, n->weights, arrays);
        for (int i = 0; i < n->n_nodes; i++)
            for (int p = 0; shipped[i] && p < n->nodes[i].n_params; p++)
                arrays[count++] = arrays[n->nodes[i].first_param + p];
        for (int i = 0; i < n_more; i++)
            arrays[count++] = more[i];
        int n_all = list_notes(n, a, all, notes, n_notes);
        all[n_all++] = (struct tensors_note){ "inference", "yes" };
        s = tensors_write(path, arrays, count, all, n_all);
    }
    arena_free(&a);
    return s;
}

enum status net_borrow(struct net *n, const char *path, int *n_taken)
{
    struct tensors *file = NULL;
    enum status s = tensors_open(&file, path);
    if (s)
        return s;
    *n_taken = 0;
    for (int i = 0; i < n->n_params; i++) {
        const struct param *p = &n->params[i];
        const struct tensors_array *a = tensors_find(file, p->name);
        if (!a || check_param(n, p, a, path))
            continue;
        memcpy(n->weights + p->at, a->at, p->n * sizeof(float));
        ++*n_taken;
    }
    tensors_close(&file);
    return OK;
}

const char *net_note(const struct net *n, const char *key)
{
    return n->file ? tensors_note(n->file, key) : NULL;
}

const struct tensors *net_file(const struct net *n)
{
    return n->file;
}

uint64_t net_checksum(const struct net *n)
{
    return n->file ? tensors_checksum(n->file) : 0;
}
