/* SPDX-License-Identifier: MIT
 * Joint identification and verification, for DeepID2 (papers.md section 3) and at every depth of DeepID2+ (section 6).
 * Pairs live in the batch: samples 2i and 2i + 1, of one person half of the time. Each verification signal has its own
 * margin (train/margin.h). */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/random.h"
#include "nets/models/models.h"
#include "recognizer/recognizer.h"
#include "train/augment_face.h"
#include "train/data.h"
#include "train/fit.h"
#include "train/margin.h"
#include "train/pairs.h"
#include "train/prototypes.h"
#include "train/task.h"

enum { CROP = 3 * CROP_W * CROP_H, SIGNALS = 4 };
static const char *const depths[SIGNALS] = { "", "1", "2", "3" }; /* the code itself, then DeepID2+'s branches */

struct identity_options {
    struct data_options data;
    struct augment_options augment;
    const char *pairs; /* table for scoring, in data.folder */
    int most;
    float same;
    int reset_pairs;
    bool fit, bits_alone;
    const char *prototypes;
};

/* A code that learns, and the margin of its verification signal. */
struct signal { const char *depth; int code; struct margin margin; };

struct identity {
    const struct identity_options *o;
    bool resumes;
    const char *from;
    const struct deepid2_options *model;
    struct patch patch;
    struct data *data;
    struct arena *arena;
    int *entries, n_entries; /* faces of train persons and strangers, a person at most `most` times: what is drawn from */
    int *person;             /* class of data's person, -1: not trained; strangers behind train persons */
    int *who_is;             /* of each class the tables' number of its person */
    bool *learnt;            /* classes whose weights train.from has learnt */
    int n_classes;
    const struct data_pair *pairs;
    int n_pairs;
    struct pair_scorer *scorer;
    int face, who;
    struct signal signals[SIGNALS]; /* those with a margin */
    int n_signals;
};

#define AT(field) offsetof(struct identity_options, field)
static const struct option data_table[] = {
    DATA_OPTIONS(struct identity_options, data),
    { "pairs", OPTION_TEXT, AT(pairs), "pairs-val.tsv", 0, 0, NULL, "table of held-out pairs; empty: no score" },
    { 0 },
};
static const struct option augment_table[] = {
    AUGMENT_OPTIONS(struct identity_options, augment),
    { 0 },
};
static const struct option task_table[] = {
    { "most", OPTION_INT, AT(most), "8", 1, 100000, NULL, "a person counts at most so many times in an epoch" },
    { "same", OPTION_FLOAT, AT(same), "0.5", 0, 1, NULL, "part of the pairs that are of one person" },
    { "reset_pairs", OPTION_INT, AT(reset_pairs), "20000", 0, 1000000000, NULL,
      "pairs between two resets of the margin; 0: it stays" },
    { "fit", OPTION_BOOL, AT(fit), "yes", 0, 0, NULL, "fit matchers to the finished net; an ensemble's members need none" },
    { "bits_alone", OPTION_BOOL, AT(bits_alone), "no", 0, 0, NULL, "fit only the Joint Bayesian of bits; the other matchers stay" },
    { "prototypes", OPTION_TEXT, AT(prototypes), "", 0, 0, NULL,
      "class weights that train.from has not learnt begin as the mean codes of each person by the net in this file; empty: at random" },
    { 0 },
};
#undef AT

/* Classes of one split's people, and how often each is drawn. */
static void choose_split(struct identity *t, enum data_split split, int faces_least)
{
    for (int p = 0; p < data_people(t->data); p++) {
        int n;
        const int *faces = data_of_person(t->data, p, &n);
        if (data_face(t->data, faces[0])->split != split || n < faces_least)
            continue;
        t->who_is[t->n_classes] = data_face(t->data, faces[0])->person;
        t->person[p] = t->n_classes++;
        for (int i = 0; i < n && i < t->o->most; i++)
            t->entries[t->n_entries++] = p;
    }
}

static enum status choose_entries(struct identity *t)
{
    int people = data_people(t->data);
    t->person = arena_alloc(t->arena, (size_t)people, sizeof *t->person);
    t->who_is = arena_alloc(t->arena, (size_t)people, sizeof *t->who_is);
    t->learnt = arena_alloc(t->arena, (size_t)people, sizeof *t->learnt);
    t->entries = arena_alloc(t->arena, (size_t)data_count(t->data), sizeof *t->entries);
    enum status s = arena_seal(t->arena);
    if (s)
        return s;
    for (int p = 0; p < people; p++)
        t->person[p] = -1;
    choose_split(t, DATA_TRAIN, 2);
    choose_split(t, DATA_STRANGER, 1);
    return t->n_classes > 1 ? OK : fail(BAD_DATA, "%s: no two train persons", t->o->data.folder);
}

static enum status open(void *state, struct task_setting *setting)
{
    struct identity *t = state;
    t->o = setting->options;
    t->resumes = setting->resumes;
    t->from = setting->from;
    struct deepid2_options *m = setting->model_options;
    if (setting->model != &model_deepid2 && setting->model != &model_deepid2plus)
        return fail(BAD_USAGE, "task identity trains deepid2 and deepid2plus, not %s", setting->model->name);
    if (!m->identify && m->verify == VERIFY_NONE)
        return fail(BAD_USAGE, "task identity: model.identify = no and model.verify = none leave nothing to learn from");
    if (setting->batch % 2)
        return fail(BAD_USAGE, "task identity wants pairs: %d samples a worker is odd", setting->batch);
    enum status s = data_open(&t->data, &t->o->data);
    if (s)
        return s;
    if (!(t->arena = arena_create()))
        return fail(NO_RESOURCE, "identity: no memory");
    if ((s = choose_entries(t)))
        return s;
    m->people = t->n_classes;
    t->model = m;
    t->patch = patch_of(setting->model, m);
    setting->epoch = t->n_entries;
    if (!t->o->pairs[0])
        return OK;
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", t->o->data.folder, t->o->pairs);
    return data_pairs(t->data, path, &t->pairs, &t->n_pairs);
}

/* Rows that train.from has learnt are kept; the others begin as prototypes, if there are any. */
static enum status begin_classes(struct identity *t, struct net *n)
{
    size_t size;
    float *rows = net_weight(n, "people.weight", &size);
    enum status s = OK;
    if (!rows || t->resumes)
        return OK;
    int n_code = (int)(size / (size_t)t->n_classes);
    if (t->from[0])
        s = prototypes_learnt(rows, t->who_is, t->n_classes, n_code, t->from, t->learnt);
    if (s || !t->o->prototypes[0] || !memchr(t->learnt, false, (size_t)t->n_classes))
        return s;
    return prototypes_fill(rows, t->n_classes, n_code, t->data, t->person, t->o->prototypes, t->learnt);
}

static enum status begin(void *state, struct net *n)
{
    struct identity *t = state;
    enum status s;
    size_t size;
    if ((s = net_find(n, "face", &t->face)) || (s = net_find(n, "who", &t->who)) || (s = begin_classes(t, n)))
        return s;
    bool margins = t->model->verify == VERIFY_L2 || t->model->verify == VERIFY_L2_DIFFERENT ||
                   t->model->verify == VERIFY_L1;
    for (int i = 0; margins && i < SIGNALS; i++) {
        char name[32];
        struct signal *to = &t->signals[t->n_signals];
        snprintf(name, sizeof name, "verify%s.margin", depths[i]);
        if (!(to->margin.value = net_weight(n, name, &size)))
            continue;
        snprintf(name, sizeof name, "code%s", depths[i]);
        if ((s = net_find(n, name, &to->code)))
            return s;
        to->depth = depths[i];
        t->n_signals++;
    }
    return t->n_pairs ? pair_scorer_create(&t->scorer, t->data, t->pairs, t->n_pairs, n) : OK;
}

static int draw_face(const struct identity *t, int person, int not_this, uint64_t *random)
{
    int n;
    const int *faces = data_of_person(t->data, person, &n);
    int i = random_below(random, n);
    return faces[i] == not_this ? faces[(i + 1) % n] : faces[i];
}

static void batch(void *state, struct net_run *run, int worker, uint64_t *random)
{
    (void)worker;
    struct identity *t = state;
    struct tensor face = net_run_at(run, t->face), who = net_run_at(run, t->who);
    for (int i = 0; i < face.shape.n; i += 2) {
        int p = t->entries[random_below(random, t->n_entries)], q = p;
        if (random_unit(random) >= t->o->same)
            while (q == p)
                q = t->entries[random_below(random, t->n_entries)];
        int a = draw_face(t, p, -1, random), b = draw_face(t, q, a, random);
        augment_face(face.at + (size_t)i * CROP, data_image(t->data, a), &t->patch, &t->o->augment, random);
        augment_face(face.at + (size_t)(i + 1) * CROP, data_image(t->data, b), &t->patch, &t->o->augment, random);
        who.at[i] = (float)t->person[p];
        who.at[i + 1] = (float)t->person[q];
    }
}

static void look(const struct identity *t, struct signal *g, struct net_run *run)
{
    struct tensor code = net_run_at(run, g->code), who = net_run_at(run, t->who);
    int size = code.shape.c * code.shape.h * code.shape.w;
    enum margin_distance form = t->model->verify == VERIFY_L1 ? DISTANCE_L1 : DISTANCE_L2;
    for (int i = 0; i < code.shape.n; i += 2) {
        const float *a = code.at + (size_t)i * (size_t)size;
        margin_see(&g->margin, margin_distance(a, a + size, size, t->model->unit, form), who.at[i] == who.at[i + 1]);
    }
}

static void stepped(void *state, struct net *n, struct net_run *const *runs, int n_runs, int64_t step)
{
    (void)n;
    (void)step;
    struct identity *t = state;
    for (int i = 0; t->o->reset_pairs && i < t->n_signals; i++) {
        for (int r = 0; r < n_runs; r++)
            look(t, &t->signals[i], runs[r]);
        if (t->signals[i].margin.n_seen >= t->o->reset_pairs)
            margin_reset(&t->signals[i].margin);
    }
}

static void log_words(void *state, char *out, int size)
{
    struct identity *t = state;
    int n = 0;
    out[0] = 0;
    for (int i = 0; i < t->n_signals && n < size; i++)
        n += snprintf(out + n, (size_t)(size - n), "%smargin%s=%.4f pair_error%s=%.4f", i ? " " : "",
                      t->signals[i].depth, (double)*t->signals[i].margin.value, t->signals[i].depth,
                      t->signals[i].margin.error);
}

static enum status score(void *state, struct net *n, double *accuracy, char *more, int size)
{
    (void)n;
    struct identity *t = state;
    struct pair_figures f = { 0 };
    if (!t->scorer)
        return OK;
    pair_scorer_run(t->scorer, &f);
    *accuracy = f.accuracy;
    snprintf(more, (size_t)size, "eer=%.4f tar_far1e-2=%.4f pairs=%d", f.eer, f.tar_far2, t->n_pairs);
    return OK;
}

static void remember(const void *state, char *out, int size)
{
    const struct identity *t = state;
    int n = prototypes_write(t->who_is, t->n_classes, out, size);
    for (int i = 0; i < t->n_signals && n < size; i++) {
        n += snprintf(out + n, (size_t)(size - n), " ; ");
        n += margin_write(&t->signals[i].margin, out + n, size - n);
    }
    CHECK(n < size);
}

static enum status recall(void *state, const char *text)
{
    struct identity *t = state;
    enum status s = prototypes_check(t->who_is, t->n_classes, &text);
    for (int i = 0; i < t->n_signals && !s; i++) {
        text += strncmp(text, " ; ", 3) == 0 ? 3 : 0;
        s = *text ? margin_read(&t->signals[i].margin, &text)
                  : fail(BAD_DATA, "the checkpoint holds %d margins of task identity, not %d", i, t->n_signals);
    }
    return s || !*text ? s : fail(BAD_DATA, "the checkpoint holds more than %d margins of task identity", t->n_signals);
}

static void ship(void *model_options)
{
    struct deepid2_options *m = model_options;
    m->people = 0;
    m->branches = false;
}

static enum status finish(void *state, const char *path)
{
    struct identity *t = state;
    return t->o->fit ? fit_matchers(path, t->data, t->o->bits_alone) : OK;
}

static void close(void *state)
{
    struct identity *t = state;
    pair_scorer_free(&t->scorer);
    data_close(&t->data);
    arena_free(&t->arena);
}

const struct task task_identity = {
    .name = "identity",
    .about = "identification and verification together",
    .score_name = "accuracy",
    .data_options = data_table,
    .augment_options = augment_table,
    .task_options = task_table,
    .options_size = sizeof(struct identity_options),
    .state_size = sizeof(struct identity),
    .open = open,
    .begin = begin,
    .batch = batch,
    .stepped = stepped,
    .log = log_words,
    .score = score,
    .remember = remember,
    .recall = recall,
    .ship = ship,
    .finish = finish,
    .close = close,
};
