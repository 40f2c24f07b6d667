/* SPDX-License-Identifier: MIT
 * DeepID2's ensemble (papers.md section 3): patches are chosen greedily, their codes joined, cut down and compared by Joint
 * Bayesian; what is then learnt in the loop is the SVM that fuses the selections' scores. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "nets/models/models.h"
#include "train/ensemble_pairs.h"
#include "train/select.h"
#include "train/task.h"

struct ensemble_options {
    struct data_options data;
    const char *members, *sizes;
    int choose, selections, components, people, most;
    bool measure;
};

struct fusing {
    const struct ensemble_options *o;
    struct data *data;
    struct arena *arena;
    struct ensemble e;
    struct ensemble_faces faces;
    float *joined;               /* [n_train + n_val, members.size] */
    float *alone;                /* [members, pairs of HALF_CHOOSE]: scores of each member alone */
    float *inputs[HALVES];       /* [pairs, n_inputs] */
    int n_inputs, scores, same;
};

#define AT(field) offsetof(struct ensemble_options, field)
static const struct option data_table[] = {
    DATA_OPTIONS(struct ensemble_options, data),
    { .name = NULL },
};
static const struct option task_table[] = {
    { "members", OPTION_TEXT, AT(members), "", 0, 0, NULL,
      "text file, a weights file a line; the files, the list and train.weights lie in one folder" },
    { "choose", OPTION_INT, AT(choose), "25", 1, 64, NULL, "members of a selection" },
    { "selections", OPTION_INT, AT(selections), "7", 1, 64, NULL,
      "selections, each of what the earlier ones left, that the SVM fuses" },
    { "sizes", OPTION_TEXT, AT(sizes), "1 2 4 8 16 25", 0, 0, NULL, "the best sets of these sizes are kept too, to measure" },
    { "components", OPTION_INT, AT(components), "180", 1, ENSEMBLE_COMPONENTS, NULL, "principal components of joined codes" },
    { "people", OPTION_INT, AT(people), "4000", 2, 1000000, NULL, "train people for components and Joint Bayesian" },
    { "most", OPTION_INT, AT(most), "4", 2, 1000, NULL, "faces of each of them" },
    { "measure", OPTION_BOOL, AT(measure), "yes", 0, 0, NULL,
      "keep each member alone and the sets of `sizes`, to measure; no: only what the SVM fuses" },
    { .name = NULL },
};
#undef AT

/* The codes of one member lie beside each other in memory, those of a face in `joined`. */
static enum status join_codes(struct fusing *t)
{
    struct members *m = &t->e.members;
    int n = t->faces.n_train + t->faces.n_val;
    struct member_codes codes[MEMBERS];
    enum status s = OK;
    int opened = 0;
    for (; !s && opened < m->n; opened++) {
        char path[1024];
        member_path(path, sizeof path, t->o->members, m->at[opened].file);
        s = member_codes_open(&codes[opened], &m->at[opened], path, t->data, t->faces.rows, n);
        m->size += m->at[opened].size;
    }
    if (!s && !(t->joined = memory_alloc((size_t)n * (size_t)m->size, sizeof *t->joined)))
        s = fail(NO_RESOURCE, "ensemble: no memory for the codes of %d faces", n);
    float *to = t->joined;
    for (int row = 0; !s && row < n; row++)
        for (int i = 0; i < m->n; i++) {
            size_t size = (size_t)m->at[i].size;
            memcpy(to, codes[i].at + (size_t)row * size, size * sizeof *to);
            to += size;
        }
    for (int i = 0; i < opened; i++)
        member_codes_close(&codes[i]);
    return s;
}

/* A new part, fitted; its scores of the pairs of both halves, a number every `stride`. out[half] NULL: not wanted. */
static enum status add_part(struct fusing *t, const char *name, uint64_t set, bool votes, float *const out[HALVES],
                            int stride)
{
    struct ensemble_part *p = &t->e.parts[t->e.n_parts];
    const struct members *m = &t->e.members;
    const float *val = t->joined + (size_t)t->faces.n_train * (size_t)m->size;
    if (t->e.n_parts == ENSEMBLE_PARTS)
        return fail(BAD_USAGE, "ensemble: more than %d parts", ENSEMBLE_PARTS);
    *p = (struct ensemble_part){ .set = set, .votes = votes };
    snprintf(p->name, sizeof p->name, "%s", name);
    t->e.n_parts++;
    enum status s = ensemble_fit(p, m, (struct variances_codes){ t->joined, t->faces.person, (size_t)t->faces.n_train },
                                 (struct variances_codes){ val, t->faces.person + t->faces.n_train, (size_t)t->faces.n_choose },
                                 t->o->components);
    size_t row = s ? 0 : (size_t)ensemble_row(p);
    float *rows = s ? NULL : memory_alloc((size_t)t->faces.n_val * row, sizeof *rows);
    if (!s && !(s = rows ? OK : fail(NO_RESOURCE, "ensemble: no memory")) &&
        !(s = ensemble_apply(rows, p, m, val, (size_t)m->size, (size_t)t->faces.n_val)))
        for (int h = 0; h < HALVES; h++)
            for (int i = 0; out[h] && i < t->faces.halves[h].n; i++)
                out[h][(size_t)i * (size_t)stride] = ensemble_score(p, rows + (size_t)t->faces.halves[h].a[i] * row,
                                                                    rows + (size_t)t->faces.halves[h].b[i] * row);
    memory_free(&rows);
    return s;
}

static enum status fit_members(struct fusing *t)
{
    int n = t->faces.halves[HALF_CHOOSE].n;
    enum status s = OK;
    t->alone = memory_alloc((size_t)t->e.members.n * (size_t)n, sizeof *t->alone);
    if (!t->alone)
        return fail(NO_RESOURCE, "ensemble: no memory");
    for (int i = 0; !s && i < t->e.members.n; i++) {
        char name[ENSEMBLE_NAME];
        const char *file = t->e.members.at[i].file, *end = strstr(file, ".safetensors");
        int shown = end && end - file < ENSEMBLE_NAME - 8 ? (int)(end - file) : ENSEMBLE_NAME - 8;
        snprintf(name, sizeof name, "alone %.*s", shown, file);
        s = add_part(t, name, (uint64_t)1 << i, false, (float *const[]){ t->alone + (size_t)i * (size_t)n, NULL }, 1);
    }
    return s;
}

static enum status fit_sizes(struct fusing *t, const uint64_t *sets)
{
    enum status s = OK;
    for (const char *at = t->o->measure ? t->o->sizes : ""; !s && *at;) {
        char *end, name[ENSEMBLE_NAME];
        long size = strtol(at, &end, 10);
        if (end == at)
            return fail(BAD_USAGE, "task.sizes: \"%s\" is not a list of numbers", t->o->sizes);
        at = end + strspn(end, " ,");
        snprintf(name, sizeof name, "best %ld", size);
        if (size > 0 && size <= SELECT_MOST && sets[size])
            s = add_part(t, name, sets[size], false, (float *const[]){ NULL, NULL }, 1);
    }
    return s;
}

/* Every input counts alike: middle 0 and deviation 1 on the pairs that the SVM learns from. */
static void standardise(struct fusing *t, struct ensemble_part *p, int input)
{
    double sum = 0, square = 0;
    for (int i = 0; i < t->faces.halves[HALF_CHOOSE].n; i++) {
        double x = (double)t->inputs[HALF_CHOOSE][(size_t)i * (size_t)t->n_inputs + (size_t)input];
        sum += x;
        square += x * x;
    }
    double n = t->faces.halves[HALF_CHOOSE].n, mean = sum / n, deviation = sqrt(fmax(square / n - mean * mean, 1e-12));
    p->middle = (float)mean;
    p->width = (float)deviation;
    for (int h = 0; h < HALVES; h++)
        for (int i = 0; i < t->faces.halves[h].n; i++) {
            float *x = &t->inputs[h][(size_t)i * (size_t)t->n_inputs + (size_t)input];
            *x = (*x - p->middle) / p->width;
        }
}

static enum status fit_selections(struct fusing *t, const uint64_t *selections)
{
    enum status s = OK;
    for (int h = 0; !s && h < HALVES; h++)
        if (!(t->inputs[h] = memory_alloc((size_t)t->faces.halves[h].n * (size_t)t->n_inputs, sizeof(float))))
            s = fail(NO_RESOURCE, "ensemble: no memory");
    for (int i = 0; !s && i < t->n_inputs; i++) {
        char name[ENSEMBLE_NAME];
        snprintf(name, sizeof name, "selection %d", i + 1);
        float *const out[HALVES] = { t->inputs[0] + i, t->inputs[1] + i };
        if (!(s = add_part(t, name, selections[i], true, out, t->n_inputs)))
            standardise(t, &t->e.parts[t->e.n_parts - 1], i);
    }
    return s;
}

static void say_set(const struct fusing *t, const char *what, uint64_t set)
{
    char text[1024] = "";
    size_t n = 0;
    for (int i = 0; i < t->e.members.n && n < sizeof text; i++)
        if (set >> i & 1)
            n += (size_t)snprintf(text + n, sizeof text - n, " %s", t->e.members.at[i].file);
    log_say(LOG_INFO, NULL, "%s:%s", what, text);
}

static enum status choose(struct fusing *t)
{
    uint64_t sets[SELECT_MOST + 1], selections[SELECT_MOST], taken = 0;
    struct select_pairs pairs = { .scores = t->alone, .same = t->faces.halves[HALF_CHOOSE].same,
                                  .candidates = t->e.members.n, .n = t->faces.halves[HALF_CHOOSE].n };
    enum status s = select_greedy(sets, &pairs, 0, t->e.members.n);
    if (!s)
        s = fit_sizes(t, sets);
    while (!s && t->n_inputs < t->o->selections && select_count(taken) < t->e.members.n) {
        if ((s = select_greedy(sets, &pairs, taken, t->o->choose)))
            break;
        int size = t->o->choose;
        while (!sets[size])
            size--;
        taken |= sets[size];
        say_set(t, "selection", sets[size]);
        selections[t->n_inputs++] = sets[size];
    }
    return s ? s : fit_selections(t, selections);
}

static enum status open(void *state, struct task_setting *setting)
{
    struct fusing *t = state;
    t->o = setting->options;
    if (setting->model != &model_svm)
        return fail(BAD_USAGE, "task ensemble trains svm, not %s", setting->model->name);
    if (!t->o->members[0])
        return fail(BAD_USAGE, "task ensemble wants task.members, a list of weights files");
    struct ensemble_choice choice = { .people = t->o->people, .most = t->o->most, .seed = setting->seed };
    enum status s;
    if (!(t->arena = arena_create()))
        return fail(NO_RESOURCE, "ensemble: no memory");
    if ((s = ensemble_create(&t->e)) || (s = members_read(&t->e.members, t->o->members)) ||
        (s = data_open(&t->data, &t->o->data)) || (s = ensemble_faces_choose(&t->faces, t->data, &choice, t->arena)) ||
        (s = join_codes(t)) || (s = fit_members(t)) || (s = choose(t)))
        return s;
    log_say(LOG_INFO, NULL, "%d members, %d selections, %d faces of train people, %d and %d pairs to choose and to score",
            t->e.members.n, t->n_inputs, t->faces.n_train, t->faces.halves[0].n, t->faces.halves[1].n);
    ((struct svm_options *)setting->model_options)->inputs = t->n_inputs;
    setting->epoch = t->faces.halves[HALF_CHOOSE].n;
    return OK;
}

static enum status begin(void *state, struct net *n)
{
    struct fusing *t = state;
    enum status s = net_find(n, "scores", &t->scores);
    return s ? s : net_find(n, "same", &t->same);
}

static void batch(void *state, struct net_run *run, int worker, uint64_t *random)
{
    (void)worker;
    struct fusing *t = state;
    const struct ensemble_pairs *p = &t->faces.halves[HALF_CHOOSE];
    struct tensor scores = net_run_at(run, t->scores), same = net_run_at(run, t->same);
    for (int i = 0; i < scores.shape.n; i++) {
        int pair = random_below(random, p->n);
        memcpy(scores.at + (size_t)i * (size_t)t->n_inputs,
               t->inputs[HALF_CHOOSE] + (size_t)pair * (size_t)t->n_inputs, (size_t)t->n_inputs * sizeof(float));
        same.at[i] = p->same[pair] ? 1 : -1;
    }
}

/* People who neither chose nor taught: right answers at the SVM's own threshold. */
static enum status score(void *state, struct net *n, double *accuracy, char *more, int size)
{
    struct fusing *t = state;
    const struct ensemble_pairs *p = &t->faces.halves[HALF_SCORE];
    int right = 0;
    for (int i = 0; i < p->n; i++)
        right += (ensemble_fuse(n, t->inputs[HALF_SCORE] + (size_t)i * (size_t)t->n_inputs, t->n_inputs) > 0) == p->same[i];
    *accuracy = (double)right / p->n;
    snprintf(more, (size_t)size, "pairs=%d selections=%d", p->n, t->n_inputs);
    return OK;
}

static enum status finish(void *state, const char *path)
{
    struct fusing *t = state;
    if (!t->o->measure)
        ensemble_keep_voting(&t->e);
    return ensemble_write(&t->e, path);
}

static void close(void *state)
{
    struct fusing *t = state;
    ensemble_free(&t->e);
    memory_free(&t->joined);
    memory_free(&t->alone);
    for (int h = 0; h < HALVES; h++)
        memory_free(&t->inputs[h]);
    data_close(&t->data);
    arena_free(&t->arena);
}

const struct task task_ensemble = {
    .name = "ensemble",
    .about = "patches chosen and joined, their scores fused",
    .score_name = "accuracy",
    .data_options = data_table,
    .task_options = task_table,
    .options_size = sizeof(struct ensemble_options),
    .state_size = sizeof(struct fusing),
    .open = open,
    .begin = begin,
    .batch = batch,
    .score = score,
    .finish = finish,
    .close = close,
};
