/* SPDX-License-Identifier: MIT
 * LNet as published (papers.md section 8): whole photographs and the attributes of whoever is in them, never where. With
 * model.people above 0 it learns persons instead, from single faces somewhere on a face-free picture: the face
 * identification that the attributes may begin from (train.from). */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"
#include "nets/models/models.h"
#include "train/data.h"
#include "train/response.h"
#include "train/scene.h"
#include "train/task.h"

enum { SIDE = LNET_TAGS_SIDE, PICTURE = 3 * SIDE * SIDE };

struct tags_options {
    struct data_options data;
    int attributes, held_out;
    float smallest, grey, single;
};

struct tags {
    const struct tags_options *o;
    struct scene_table photographs, held, grounds; /* held: for the score */
    struct data *faces;                            /* NULL: only photographs */
    int *chosen, n_chosen;                         /* those that are pasted: of train persons, with attributes if told */
    bool persons;
    int order[FACE_ATTRIBUTES];                    /* the first o->attributes of them are learnt */
    int picture, truth, counts, who;
    struct response_net look;
};

#define AT(field) offsetof(struct tags_options, field)
static const struct option data_table[] = {
    DATA_OPTIONS(struct tags_options, data),
    { "held_out", OPTION_INT, AT(held_out), "12", 2, 1000, NULL, "every so many-th photograph is for the score only" },
    { 0 },
};
static const struct option augment_table[] = {
    { "smallest", OPTION_FLOAT, AT(smallest), "0.7", 0.2, 1, NULL, "least size of a photograph beside its own" },
    { "single", OPTION_FLOAT, AT(single), "0.5", 0, 1, NULL,
      "part of the pictures that are no photograph but a single face somewhere on a face-free picture" },
    { "grey", OPTION_FLOAT, AT(grey), "0.3", 0, 1, NULL, "part of the pictures without colour" },
    { 0 },
};
static const struct option task_table[] = {
    { "attributes", OPTION_INT, AT(attributes), "40", 1, FACE_ATTRIBUTES, NULL,
      "how many are learnt; fewer are a part of more, in an order drawn once" },
    { 0 },
};
#undef AT

static enum status load(struct scene_table *t, const struct tags *tags, const char *name, const char *split, bool held, bool rest)
{
    char tsv[1024], mkv[1024];
    snprintf(tsv, sizeof tsv, "%s/%s.tsv", tags->o->data.folder, name);
    snprintf(mkv, sizeof mkv, "%s/%s.mkv", tags->o->data.folder, name);
    enum status s = scene_table_open(t, tsv, split);
    if (s)
        return s;
    if (held || rest)
        scene_table_thin(t, 0, tags->o->held_out, rest);
    s = scene_load(t, mkv);
    return !s && !t->n_scenes ? fail(BAD_DATA, "%s: no picture", tsv) : s;
}

static enum status choose_faces(struct tags *t)
{
    int n = data_count(t->faces);
    if (!(t->chosen = memory_alloc((size_t)n + 1, sizeof *t->chosen)))
        return fail(NO_RESOURCE, "tags: no memory");
    for (int i = 0; i < n; i++) {
        const struct data_face *f = data_face(t->faces, i);
        if (f->split == DATA_TRAIN && (t->persons || f->described))
            t->chosen[t->n_chosen++] = i;
    }
    return t->n_chosen ? OK : fail(BAD_DATA, "%s: no face to paste in packs \"%s\"", t->o->data.folder, t->o->data.packs);
}

static void draw_order(struct tags *t)
{
    uint64_t random = 1;
    for (int i = 0; i < FACE_ATTRIBUTES; i++) {
        int k = random_below(&random, i + 1);
        t->order[i] = t->order[k];
        t->order[k] = i;
    }
}

static enum status open(void *state, struct task_setting *setting)
{
    struct tags *t = state;
    struct lnet_tags_options *m = setting->model_options;
    t->o = setting->options;
    t->persons = m->people > 0;
    if (setting->model != &model_lnet_tags)
        return fail(BAD_USAGE, "task tags trains lnet-tags, not %s", setting->model->name);
    draw_order(t);
    enum status s = load(&t->grounds, t, "nofaces", "train", false, false);
    if (!s)
        s = load(&t->held, t, "tags", "train", true, false);
    if (!s && !t->persons)
        s = load(&t->photographs, t, "tags", "train", false, true);
    if (!s && (t->persons || t->o->single > 0) && !(s = data_open(&t->faces, &t->o->data)))
        s = choose_faces(t);
    if (!s && t->persons)
        m->people = data_people(t->faces);
    setting->epoch = t->n_chosen + t->photographs.n_scenes;
    return s;
}

static enum status begin(void *state, struct net *n)
{
    struct tags *t = state;
    enum status s = net_find(n, "picture", &t->picture);
    if (!s && t->persons)
        s = net_find(n, "who", &t->who);
    else if (!s && !(s = net_find(n, "truth", &t->truth)))
        s = net_find(n, "counts", &t->counts);
    return s ? s : response_open(&t->look, n);
}

/* `what` at `size` times its own, somewhere on the canvas, mirrored as often as not. */
static void paste(struct image canvas, struct image what, float size, uint64_t *random)
{
    int w = (int)fminf(size * (float)what.w, (float)canvas.w), h = (int)fminf(size * (float)what.h, (float)canvas.h);
    struct image part = image_view(canvas, random_below(random, canvas.w - w + 1), random_below(random, canvas.h - h + 1), w, h);
    float step = 1 / size;
    bool mirror = random_chance(random, 0.5f);
    image_warp(part, what, (struct warp){ mirror ? -step : step, 0, mirror ? (float)what.w - 1 : 0, 0, step, 0 });
}

/* A face-free picture over all of the canvas. */
static void paint_ground(const struct tags *t, struct image canvas, uint64_t *random)
{
    struct image ground = t->grounds.scenes[random_below(random, t->grounds.n_scenes)].picture;
    image_resize(canvas, ground);
    if (random_chance(random, 0.5f))
        image_mirror(canvas);
}

static void turn_grey(float *planes)
{
    for (int i = 0; i < SIDE * SIDE; i++) {
        float luma = 0.299f * planes[i] + 0.587f * planes[SIDE * SIDE + i] + 0.114f * planes[2 * SIDE * SIDE + i];
        planes[i] = planes[SIDE * SIDE + i] = planes[2 * SIDE * SIDE + i] = luma;
    }
}

static const struct scene_face *main_face(const struct tags *t, int photograph)
{
    const struct scene *scene = &t->photographs.scenes[photograph];
    return scene->n ? &t->photographs.faces[scene->first] : NULL;
}

/* What is said of sample i, of the attributes that are learnt. */
static void tell(const struct tags *t, struct net_run *run, int i, uint64_t tags, bool known)
{
    float *truth = net_run_at(run, t->truth).at + i * FACE_ATTRIBUTES;
    float *counts = net_run_at(run, t->counts).at + i * FACE_ATTRIBUTES;
    for (int k = 0; k < FACE_ATTRIBUTES; k++) {
        truth[t->order[k]] = tags >> t->order[k] & 1;
        counts[t->order[k]] = known && k < t->o->attributes ? 1 / (float)t->o->attributes : 0;
    }
}

static void batch(void *state, struct net_run *run, int worker, uint64_t *random)
{
    (void)worker;
    const struct tags *t = state;
    uint8_t pixels[SIDE * SIDE * IMAGE_PIXEL];
    struct image canvas = { pixels, SIDE, SIDE, SIDE * IMAGE_PIXEL };
    struct tensor picture = net_run_at(run, t->picture);
    for (int i = 0; i < picture.shape.n; i++) {
        float *planes = picture.at + (size_t)i * PICTURE;
        paint_ground(t, canvas, random);
        bool single = t->persons || (t->faces && random_chance(random, t->o->single));
        int one = single ? t->chosen[random_below(random, t->n_chosen)] : random_below(random, t->photographs.n_scenes);
        const struct scene_face *photograph = single ? NULL : main_face(t, one);
        if (single)
            paste(canvas, data_image(t->faces, one), random_between(random, 0.4f, 2), random);
        else
            paste(canvas, t->photographs.scenes[one].picture, random_between(random, t->o->smallest, 1), random);
        if (t->persons)
            net_run_at(run, t->who).at[i] = (float)data_face(t->faces, one)->index;
        else
            tell(t, run, i, single ? data_face(t->faces, one)->attributes : photograph ? photograph->tags : 0,
                 single || (photograph && photograph->tagged));
        image_to_planes(planes, SIDE, SIDE, canvas);
        if (random_chance(random, t->o->grey))
            turn_grey(planes);
    }
}

/* In how many held-out photographs the response is highest on the face, though nobody ever said where it is. */
static enum status score(void *state, struct net *n, double *share, char *more, int size)
{
    struct tags *t = state;
    int on = 0, near = 0, all = 0;
    (void)n;
    for (int i = 0; i < t->held.n_scenes; i++) {
        const struct scene *photograph = &t->held.scenes[i];
        if (!photograph->n)
            continue;
        struct box face = t->held.faces[photograph->first].box;
        struct response r = response_of(&t->look, photograph->picture);
        all++;
        on += r.peak.x >= face.x && r.peak.x < face.x + face.w && r.peak.y >= face.y && r.peak.y < face.y + face.h;
        near += box_overlap(r.window, face) >= 0.5f;
    }
    *share = all ? (double)on / all : 0;
    snprintf(more, (size_t)size, "overlap50=%.4f photographs=%d", all ? (double)near / all : 0, all);
    return OK;
}

static void ship(void *model_options)
{
    struct lnet_tags_options *m = model_options;
    m->people = 0;
    m->learns = false;
}

static void close(void *state)
{
    struct tags *t = state;
    response_close(&t->look);
    scene_table_close(&t->photographs);
    scene_table_close(&t->held);
    scene_table_close(&t->grounds);
    memory_free(&t->chosen);
    data_close(&t->faces);
}

const struct task task_tags = {
    .name = "tags",
    .about = "LNet as published: from what is said of a picture to where its face is",
    .score_name = "peak",
    .data_options = data_table,
    .augment_options = augment_table,
    .task_options = task_table,
    .options_size = sizeof(struct tags_options),
    .state_size = sizeof(struct tags),
    .open = open,
    .begin = begin,
    .batch = batch,
    .score = score,
    .ship = ship,
    .close = close,
};
