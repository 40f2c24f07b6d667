/* SPDX-License-Identifier: MIT
 * Features for what is not a face (FCNT's targets may be anything): exemplar learning after Dosovitskiy et al., NIPS 2014.
 * A patch of a natural picture is a class; what is learnt is to know it again when it is moved, sized, turned, lit and
 * blurred otherwise. No labels are needed. The net is DeepID2, its two first convolutions are what the tracker takes. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"
#include "nets/models/models.h"
#include "recognizer/recognizer.h"
#include "train/augment_face.h"
#include "train/pairs.h"
#include "train/scene.h"
#include "train/task.h"
#include "train/verification.h"

enum { CROP = 3 * CROP_W * CROP_H, STORED = 128, PACKS = 2, PAIRS = 1000, SCORED = 50, TRIES = 100 };

struct natural_options {
    const char *folder;
    int patches;
    float least, zoom, held_out, same;
    struct augment_options augment;
};
#define AT(field) offsetof(struct natural_options, field)
static const struct option data_table[] = {
    { "folder", OPTION_TEXT, AT(folder), "../shared/data", 0, 0, NULL, "where the packs nofaces and wider-train lie" },
    { "patches", OPTION_INT, AT(patches), "6000", 100, 1000000, NULL, "how many places are learnt to be known again" },
    { "least", OPTION_FLOAT, AT(least), "100", 0, 1e6, NULL, "least variance of a patch's brightness: bare walls teach nothing" },
    { "held_out", OPTION_FLOAT, AT(held_out), "0.1", 0, 0.5, NULL, "part of the patches that are for the score only" },
    { 0 },
};
static const struct option augment_table[] = {
    { "zoom", OPTION_FLOAT, AT(zoom), "0.12", 0, 1, NULL, "deviation of the logarithm of the size, beside `scale`" },
    AUGMENT_OPTIONS(struct natural_options, augment),
    { 0 },
};
static const struct option task_table[] = {
    { "same", OPTION_FLOAT, AT(same), "0.5", 0, 1, NULL, "part of the pairs that are of one patch" },
    { 0 },
};
#undef AT

struct place { const struct scene *scene; float cx, cy, side; };

struct natural {
    const struct natural_options *o;
    struct patch patch;
    struct scene_table packs[PACKS];
    struct place *places;
    int n_learnt, n_places; /* the first are learnt, the rest tell the score */
    int face, who, code;
    struct net_run *run;
};

static enum status load(struct natural *t)
{
    static const char *const names[PACKS] = { "nofaces", "wider-train" };
    char tsv[1024], mkv[1024];
    for (int i = 0; i < PACKS; i++) {
        snprintf(tsv, sizeof tsv, "%s/%s.tsv", t->o->folder, names[i]);
        snprintf(mkv, sizeof mkv, "%s/%s.mkv", t->o->folder, names[i]);
        enum status s = scene_table_open(&t->packs[i], tsv, "train");
        if (!s)
            s = scene_load(&t->packs[i], mkv);
        if (s)
            return s;
    }
    return OK;
}

static float variance_of(struct image im)
{
    double sum = 0, squares = 0;
    int n = im.w * im.h;
    for (int i = 0; i < n; i++) {
        const uint8_t *p = im.pixels + i / im.w * im.stride + i % im.w * IMAGE_PIXEL;
        double luma = 0.299 * p[IMAGE_R] + 0.587 * p[IMAGE_G] + 0.114 * p[IMAGE_B];
        sum += luma;
        squares += luma * luma;
    }
    return (float)(squares / n - sum / n * (sum / n));
}

/* A square somewhere in some picture that is not bare. */
static bool draw_place(const struct natural *t, struct place *out, uint64_t *random)
{
    static const float smallest = 24, largest = 0.5f; /* pixels; of the picture's shorter side */
    for (int i = 0; i < TRIES; i++) {
        const struct scene_table *pack = &t->packs[random_below(random, PACKS)];
        const struct scene *scene = &pack->scenes[random_below(random, pack->n_scenes)];
        struct image im = scene->picture;
        float most = largest * fminf((float)im.w, (float)im.h);
        if (most <= smallest)
            continue;
        float side = smallest * powf(most / smallest, random_unit(random));
        float x = random_between(random, 0, (float)im.w - side), y = random_between(random, 0, (float)im.h - side);
        if (variance_of(image_view(im, (int)x, (int)y, (int)side, (int)side)) < t->o->least)
            continue;
        *out = (struct place){ scene, x + side / 2, y + side / 2, side };
        return true;
    }
    return false;
}

static enum status open(void *state, struct task_setting *setting)
{
    struct natural *t = state;
    struct deepid2_options *m = setting->model_options;
    uint64_t random = setting->seed;
    t->o = setting->options;
    if (setting->model != &model_deepid2)
        return fail(BAD_USAGE, "task natural trains deepid2, not %s", setting->model->name);
    if (setting->batch % 2)
        return fail(BAD_USAGE, "task natural wants pairs: %d samples a worker is odd", setting->batch);
    enum status s = load(t);
    if (s)
        return s;
    if (!(t->places = memory_alloc((size_t)t->o->patches, sizeof *t->places)))
        return fail(NO_RESOURCE, "natural: no memory");
    while (t->n_places < t->o->patches && draw_place(t, &t->places[t->n_places], &random))
        t->n_places++;
    t->n_learnt = (int)((1 - t->o->held_out) * (float)t->n_places);
    if (t->n_learnt < 2 || t->n_places - t->n_learnt < 2)
        return fail(BAD_DATA, "%s: too few patches with something in them", t->o->folder);
    m->people = t->n_learnt;
    t->patch = patch_of(setting->model, m);
    setting->epoch = 8 * (int64_t)t->n_learnt;
    return OK;
}

static enum status begin(void *state, struct net *n)
{
    struct natural *t = state;
    enum status s;
    if ((s = net_find(n, "face", &t->face)) || (s = net_find(n, "who", &t->who)) || (s = net_find(n, "code", &t->code)))
        return s;
    return net_run_create(&t->run, n, 2 * SCORED, NET_INFER);
}

/* The place as it might look another time. */
static void look(const struct natural *t, float *out, const struct place *p, uint64_t *random)
{
    uint8_t pixels[STORED * STORED * IMAGE_PIXEL];
    struct image stored = { pixels, STORED, STORED, STORED * IMAGE_PIXEL };
    /* the canonical crop is the middle of what is stored: a little of the surroundings comes in */
    float step = p->side / (STORED / 2) * expf(t->o->zoom * random_normal(random));
    float x = p->cx - step * STORED / 2, y = p->cy - step * STORED / 2;
    image_warp(stored, p->scene->picture, (struct warp){ step, 0, x, 0, step, y });
    augment_face(out, stored, &t->patch, &t->o->augment, random);
}

static void batch(void *state, struct net_run *run, int worker, uint64_t *random)
{
    (void)worker;
    const struct natural *t = state;
    struct tensor face = net_run_at(run, t->face), who = net_run_at(run, t->who);
    for (int i = 0; i < face.shape.n; i += 2) {
        int p = random_below(random, t->n_learnt), q = p;
        if (random_unit(random) >= t->o->same)
            while (q == p)
                q = random_below(random, t->n_learnt);
        look(t, face.at + (size_t)i * CROP, &t->places[p], random);
        look(t, face.at + (size_t)(i + 1) * CROP, &t->places[q], random);
        who.at[i] = (float)p;
        who.at[i + 1] = (float)q;
    }
}

/* The area under the ROC curve: the chance that a pair of one place is nearer than a pair of two. */
static enum status score(void *state, struct net *net, double *area, char *more, int size)
{
    struct natural *t = state;
    struct verification_score scores[2 * PAIRS];
    struct verification_figures f;
    struct tensor face = net_run_at(t->run, t->face), code = net_run_at(t->run, t->code);
    int n = t->n_places - t->n_learnt, d = code.shape.c * code.shape.h * code.shape.w;
    const struct place *held = t->places + t->n_learnt;
    uint64_t random = 1;
    (void)net;
    for (int done = 0; done < 2 * PAIRS; done += SCORED) {
        bool same = done < PAIRS;
        for (int i = 0; i < SCORED; i++) {
            int p = random_below(&random, n), q = same ? p : (p + 1 + random_below(&random, n - 1)) % n;
            look(t, face.at + (size_t)(2 * i) * CROP, &held[p], &random);
            look(t, face.at + (size_t)(2 * i + 1) * CROP, &held[q], &random);
        }
        net_run_forward(t->run, 0);
        for (int i = 0; i < SCORED; i++) {
            const float *a = code.at + (size_t)(2 * i) * (size_t)d;
            scores[done + i] = (struct verification_score){ .score = pair_cosine(a, a + d, d), .fold = i % 2, .same = same };
        }
    }
    enum status s = verification_measure(&f, scores, 2 * PAIRS, 2);
    *area = f.auc;
    snprintf(more, (size_t)size, "pairs=%d patches=%d", 2 * PAIRS, n);
    return s;
}

static void ship(void *model_options)
{
    ((struct deepid2_options *)model_options)->people = 0;
}

static void close(void *state)
{
    struct natural *t = state;
    net_run_free(&t->run);
    for (int i = 0; i < PACKS; i++)
        scene_table_close(&t->packs[i]);
    memory_free(&t->places);
}

const struct task task_natural = {
    .name = "natural",
    .about = "patches of natural pictures known again: features for the tracker",
    .score_name = "area",
    .data_options = data_table,
    .augment_options = augment_table,
    .task_options = task_table,
    .options_size = sizeof(struct natural_options),
    .state_size = sizeof(struct natural),
    .open = open,
    .begin = begin,
    .batch = batch,
    .score = score,
    .ship = ship,
    .close = close,
};
