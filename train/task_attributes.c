/* SPDX-License-Identifier: MIT
 * Learning ANet's attributes (papers.md section 8): cross entropy of each of 40 answers, the rarer one weighted. One in
 * twenty train people is kept apart: their faces say what a logit means (train/fit_attributes.c). */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"
#include "nets/models/models.h"
#include "recognizer/attributes.h"
#include "train/attributes_score.h"
#include "train/augment_face.h"
#include "train/data.h"
#include "train/fit.h"
#include "train/task.h"

enum { CROP = 3 * CROP_W * CROP_H, SCORED = 64 };

struct attributes_task_options {
    struct data_options data;
    struct augment_options augment;
    float rare;
};

struct faces { int *at; size_t n; }; /* numbers for data_face */

struct attributes_task {
    struct patch patch; /* what ANet sees */
    struct attributes_task_options o;
    struct data *data;
    struct arena *arena;
    struct faces learnt, apart, val;
    float weights[FACE_ATTRIBUTES][2]; /* of no and of yes */
    int face, truth, counts, said;
    struct net_run *run;
    float *logits; /* of the larger of apart and val */
    uint64_t *answers;
};

#define AT(field) offsetof(struct attributes_task_options, field)
static const struct option data_table[] = {
    DATA_OPTIONS(struct attributes_task_options, data),
    { 0 },
};
static const struct option augment_table[] = {
    AUGMENT_OPTIONS(struct attributes_task_options, augment),
    { 0 },
};
static const struct option task_table[] = {
    { "rare", OPTION_FLOAT, AT(rare), "0.3", 0, 1, NULL,
      "how far the rarer answer is weighted: 0 not at all, 1 until both count the same" },
    { 0 },
};
#undef AT

static void choose_faces(struct attributes_task *t)
{
    for (int i = 0; i < data_count(t->data); i++) {
        const struct data_face *f = data_face(t->data, i);
        if (!f->described)
            continue;
        struct faces *to = f->split == DATA_VAL ? &t->val : attributes_apart(f) ? &t->apart : &t->learnt;
        to->at[to->n++] = i;
    }
}

/* (1/2 / how often this answer is given) ^ rare, scaled so that an attribute counts 1/40 in the mean. */
static void weigh(struct attributes_task *t)
{
    double yes[FACE_ATTRIBUTES] = { 0 }, n = (double)t->learnt.n;
    for (size_t i = 0; i < t->learnt.n; i++)
        for (int k = 0; k < FACE_ATTRIBUTES; k++)
            yes[k] += (double)(data_face(t->data, t->learnt.at[i])->attributes >> k & 1);
    for (int k = 0; k < FACE_ATTRIBUTES; k++) {
        double rate = (yes[k] + 1) / (n + 2);
        double no_weight = pow(0.5 / (1 - rate), (double)t->o.rare), yes_weight = pow(0.5 / rate, (double)t->o.rare);
        double mean = (1 - rate) * no_weight + rate * yes_weight;
        t->weights[k][0] = (float)(no_weight / mean / FACE_ATTRIBUTES);
        t->weights[k][1] = (float)(yes_weight / mean / FACE_ATTRIBUTES);
    }
}

static enum status open_attributes(void *state, struct task_setting *setting)
{
    struct attributes_task *t = state;
    t->o = *(const struct attributes_task_options *)setting->options;
    t->patch = (struct patch){ .to_crop = attributes_warp() };
    struct anet_options *m = setting->model_options;
    if (setting->model != &model_anet)
        return fail(BAD_USAGE, "task attributes trains anet, not %s", setting->model->name);
    m->attributes = FACE_ATTRIBUTES;
    enum status s = data_open(&t->data, &t->o.data);
    if (s)
        return s;
    size_t n = (size_t)data_count(t->data);
    if (!(t->arena = arena_create()))
        return fail(NO_RESOURCE, "attributes: no memory");
    t->learnt.at = arena_alloc(t->arena, n, sizeof(int));
    t->apart.at = arena_alloc(t->arena, n, sizeof(int));
    t->val.at = arena_alloc(t->arena, n, sizeof(int));
    t->logits = arena_alloc(t->arena, n * FACE_ATTRIBUTES, sizeof(float));
    t->answers = arena_alloc(t->arena, n, sizeof(uint64_t));
    if ((s = arena_seal(t->arena)))
        return s;
    choose_faces(t);
    if (!t->learnt.n || !t->apart.n)
        return fail(BAD_DATA, "%s: too few train faces with attributes in packs \"%s\"", t->o.data.folder,
                    t->o.data.packs);
    weigh(t);
    setting->epoch = (int64_t)t->learnt.n;
    return OK;
}

static enum status begin_attributes(void *state, struct net *n)
{
    struct attributes_task *t = state;
    const struct net_named layers[] = {
        { "face", &t->face }, { "truth", &t->truth }, { "counts", &t->counts }, { "attributes", &t->said }, { 0 },
    };
    const enum status s = net_find_all(n, layers);
    return s ? s : net_run_create(&t->run, n, SCORED, NET_INFER);
}

static void batch_attributes(void *state, struct net_run *run, int worker, uint64_t *random)
{
    (void)worker;
    struct attributes_task *t = state;
    struct tensor face = net_run_at(run, t->face);
    float *truth = net_run_at(run, t->truth).at, *counts = net_run_at(run, t->counts).at;
    for (int i = 0; i < face.shape.n; i++) {
        int which = t->learnt.at[random_below(random, (int)t->learnt.n)];
        uint64_t attributes = data_face(t->data, which)->attributes;
        augment_face(face.at + (size_t)i * CROP, data_image(t->data, which), &t->patch, &t->o.augment, random);
        for (int k = 0; k < FACE_ATTRIBUTES; k++, truth++, counts++) {
            bool yes = attributes >> k & 1;
            *truth = yes;
            *counts = t->weights[k][yes];
        }
    }
}

/* Logits, averaged over each face and its mirror image, as the recognizer does with the finished net. */
static void tell(struct attributes_task *t, const struct faces *f)
{
    for (size_t done = 0; done < f->n; done += SCORED / 2) {
        size_t now = f->n - done < SCORED / 2 ? f->n - done : SCORED / 2;
        float *crop = net_run_at(t->run, t->face).at;
        for (size_t i = 0; i < now; i++) {
            struct image stored = data_image(t->data, f->at[done + i]);
            augment_nothing(crop + 2 * i * CROP, stored, &t->patch, false);
            augment_nothing(crop + (2 * i + 1) * CROP, stored, &t->patch, true);
            t->answers[done + i] = data_face(t->data, f->at[done + i])->attributes;
        }
        net_run_forward(t->run, (int)(2 * now));
        const float *said = net_run_at(t->run, t->said).at;
        for (size_t i = 0; i < now * FACE_ATTRIBUTES; i++) {
            size_t at = i / FACE_ATTRIBUTES * 2 * FACE_ATTRIBUTES + i % FACE_ATTRIBUTES;
            t->logits[done * FACE_ATTRIBUTES + i] = 0.5f * (said[at] + said[at + FACE_ATTRIBUTES]);
        }
    }
}

static enum status score_attributes(void *state, struct net *n, double *score, char *more, int size)
{
    (void)n;
    struct attributes_task *t = state;
    struct attributes_scale scale[FACE_ATTRIBUTES];
    struct attributes_figures f;
    float rates[FACE_ATTRIBUTES];
    tell(t, &t->apart);
    enum status s = attributes_fit(scale, t->logits, t->answers, t->apart.n);
    if (s)
        return s;
    tell(t, &t->val);
    for (size_t i = 0; i < t->val.n * FACE_ATTRIBUTES; i++)
        t->logits[i] = attributes_probability(&scale[i % FACE_ATTRIBUTES], t->logits[i]);
    for (int k = 0; k < FACE_ATTRIBUTES; k++)
        rates[k] = scale[k].rate;
    attributes_measure(&f, t->logits, rates, t->answers, t->val.n);
    *score = f.mean_accuracy;
    snprintf(more, (size_t)size, "mean_balanced=%.4f images=%zu", f.mean_balanced, f.n);
    return OK;
}

static enum status finish_attributes(void *state, const char *path)
{
    struct attributes_task *t = state;
    return fit_attributes(path, t->data, t->apart.at, t->apart.n);
}

static void close_attributes(void *state)
{
    struct attributes_task *t = state;
    net_run_free(&t->run);
    data_close(&t->data);
    arena_free(&t->arena);
}

const struct task task_attributes = {
    .name = "attributes",
    .about = "what a face is like: 40 attributes",
    .score_name = "mean_accuracy",
    .data_options = data_table,
    .augment_options = augment_table,
    .task_options = task_table,
    .options_size = sizeof(struct attributes_task_options),
    .state_size = sizeof(struct attributes_task),
    .open = open_attributes,
    .begin = begin_attributes,
    .batch = batch_attributes,
    .score = score_attributes,
    .finish = finish_attributes,
    .close = close_attributes,
};
