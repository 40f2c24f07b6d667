/* SPDX-License-Identifier: MIT
 * Learning LNet: composed pictures, targets a cell; the score is the average precision on pictures of the WIDER
 * train part that are held out. */
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/workers.h"
#include "detector/locate.h"
#include "detector/merge.h"
#include "train/compose.h"
#include "train/detection_score.h"
#include "train/targets.h"
#include "train/task.h"

enum { WORKERS = 64, WINDOWS = 8192, MOST_WANTED = 2048 };
enum { FACE_LOSS, BOX_LOSS, MARKS_LOSS, TAGS_LOSS, N_LOSSES };
static const char *const loss_names[N_LOSSES] = { "face", "box", "marks", "tags" };

struct locate_options {
    struct compose_options compose;
    float score_min_size;
};

/* What one worker sees of a whole picture. */
struct look {
    struct net_run *run; /* h x w */
    int h, w;
    struct window *windows;
    int n;
};

struct locate_state {
    const struct locate_options *o;
    struct compose *scenes;
    struct sample samples[WORKERS];
    struct targets targets;
    struct locate locate;
    const struct net *net;
    struct workers *workers;
    struct look looks[WORKERS];
    int n_looks, picture;
    int losses[N_LOSSES][LNET_STRIDES]; /* layers */
    double sums[N_LOSSES];              /* since the last log line */
    int steps;
    bool looked; /* for what is hard */
};

#define PART(field) offsetof(struct locate_options, compose.field)
static const struct option data_table[] = {
    { "folder", OPTION_TEXT, PART(folder), "../shared/data", 0, 0, NULL, "where the packs lie" },
    { "faces", OPTION_INT, PART(faces_per_pack), "3000", 0, 1e6, NULL,
      "single faces kept of each faces pack, for pasting; 0: all" },
    { "held_out", OPTION_INT, PART(held_out), "12", 0, 1000, NULL,
      "every so many-th picture of wider-train is for the score only" },
    { 0 },
};
static const struct option augment_table[] = {
    { "smallest", OPTION_FLOAT, PART(smallest), "12", 1, 100, NULL, "faces lower than this are ignored, in pixels" },
    { "grey", OPTION_FLOAT, PART(grey), "0.3", 0, 1, NULL, "part of the pictures that lose their colour" },
    { "turn", OPTION_FLOAT, PART(turn), "12", 0, 180, NULL, "turn of pasted faces in degrees, standard deviation" },
    { "tilt", OPTION_FLOAT, PART(tilt), "0", 0, 180, NULL,
      "turn of real scenes in degrees, standard deviation; a few are turned six times as far" },
    { "small", OPTION_FLOAT, PART(small), "0", 0, 1, NULL, "part of the real scenes that show a face of less than 32 pixels" },
    { "crowd", OPTION_FLOAT, PART(crowd), "0", 0, 1, NULL, "part of the pictures that are filled with small faces" },
    { "hats", OPTION_FLOAT, PART(hats), "0", 0, 1, NULL, "part of the faces that get a hat" },
    { "hard", OPTION_FLOAT, PART(hard), "0", 0, 1, NULL,
      "part of the real scenes that show what the net got wrong when it was scored last" },
    { "views", OPTION_FLOAT, PART(views), "0", 0, 1, NULL, "part of the pasted faces that are heads seen from any side" },
    { "real", OPTION_FLOAT, PART(real), "0.7", 0, 1, NULL, "part of the pictures that begin with a real scene" },
    { 0 },
};
static const struct option task_table[] = {
    { "score_min_size", OPTION_FLOAT, offsetof(struct locate_options, score_min_size), "20", 1, 200, NULL,
      "lowest face that counts in the score, in pixels" },
    { 0 },
};

static enum status open_locate(void *state, struct task_setting *setting)
{
    struct locate_state *st = state;
    st->o = setting->options;
    const struct lnet_options *net = setting->model_options;
    struct compose_options o = st->o->compose;
    o.size = net->size;
    const int n = workers_count(setting->workers);
    if (n > WORKERS) {
        return fail(BAD_USAGE, "train.workers is %d; locate can use %d", n, WORKERS);
    }
    enum status s = compose_open(&st->scenes, &o);
    for (int i = 0; i < n && !s; i++) {
        s = sample_create(&st->samples[i], o.size);
        st->looks[i].windows = memory_alloc(WINDOWS, sizeof *st->looks[i].windows);
        if (!s && !st->looks[i].windows) {
            s = fail(NO_RESOURCE, "no memory for the score");
        }
    }
    st->n_looks = n;
    st->workers = setting->workers;
    setting->epoch = s ? 1 : compose_scenes(st->scenes);
    return s;
}

static void find_losses(struct locate_state *st, const struct net *n)
{
    for (int i = 0; i < N_LOSSES; i++) {
        for (int j = 0; j < LNET_STRIDES; j++) {
            char name[32];
            snprintf(name, sizeof name, "%s_loss%d", loss_names[i], LNET_FIRST_STRIDE << j);
            if (net_find(n, name, &st->losses[i][j])) {
                st->losses[i][j] = -1; /* a net without tags */
            }
        }
    }
}

static void log_locate(void *state, char *out, int size)
{
    struct locate_state *st = state;
    int at = 0;
    for (int i = 0; i < N_LOSSES && at < size; i++) {
        at += snprintf(out + at, (size_t) (size - at), "%s%s=%.3f", i ? " " : "", loss_names[i],
                       st->sums[i] / (st->steps ? st->steps : 1));
        st->sums[i] = 0;
    }
    st->steps = 0;
}

/* A run that sees pictures of this size, rounded up. Not by the workers: a failure's words are those of a thread. */
static enum status fit_look(struct locate_state *st, struct look *look, struct image picture)
{
    const int h = (picture.h + LNET_MULTIPLE - 1) / LNET_MULTIPLE * LNET_MULTIPLE;
    const int w = (picture.w + LNET_MULTIPLE - 1) / LNET_MULTIPLE * LNET_MULTIPLE;
    if (look->run && h == look->h && w == look->w) {
        return OK;
    }
    net_run_free(&look->run);
    look->h = h;
    look->w = w;
    return net_run_create_sized(&look->run, st->net, 1, h, w, NET_INFER);
}

struct looking { /* at scenes first, first + 1 ..., one a worker */
    struct locate_state *st;
    const struct scene_table *t;
    int first;
};

static void look_part(void *context, int part, int worker)
{
    const struct looking *l = context;
    struct look *look = &l->st->looks[part];
    (void) worker;
    net_run_picture(look->run, l->st->picture, l->t->scenes[l->first + part].picture);
    net_run_forward(look->run, 0);
    const int n = locate_windows(&l->st->locate, look->run, 0, locate_logit(0.1f), 1, look->windows, 0, WINDOWS);
    look->n = merge_windows(look->windows, n, 0.4f);
}

/* Looks at all scenes and calls see(st, table, scene, look, context) for each, in order and in this thread. */
typedef enum status (*look_see)(struct locate_state *st, const struct scene_table *t, int which,
                                const struct look *look, void *context);
static enum status look_at_all(struct locate_state *st, const struct scene_table *t, look_see see, void *context)
{
    enum status s = OK;
    for (int first = 0; first < t->n_scenes && !s; first += st->n_looks) {
        struct looking l = { st, t, first };
        const int left = t->n_scenes - first, n = left < st->n_looks ? left : st->n_looks;
        for (int i = 0; i < n && !s; i++) {
            s = fit_look(st, &st->looks[i], t->scenes[first + i].picture);
        }
        if (!s) {
            workers_run(st->workers, n, look_part, &l);
        }
        for (int i = 0; i < n && !s; i++) {
            s = see(st, t, first + i, &st->looks[i], context);
        }
    }
    return s;
}

/* Faces of a learnt scene without a sure window, and sure windows that are no faces. */
static enum status find_hard_in(struct locate_state *st, const struct scene_table *t, int which, const struct look *look,
                                void *context)
{
    const struct scene *scene = &t->scenes[which];
    const struct scene_face *faces = &t->faces[scene->first];
    const struct window *windows = look->windows;
    const int n = look->n;
    enum status s = OK;
    (void) context;
    for (int i = 0; i < scene->n && !s; i++) {
        bool found = faces[i].ignore || faces[i].box.h < st->o->compose.smallest;
        for (int k = 0; k < n && !found; k++) {
            found = windows[k].score > 0.5f && box_overlap(windows[k].box, faces[i].box) > 0.5f;
        }
        s = found ? OK : compose_hard_add(st->scenes, which, faces[i].box);
    }
    for (int k = 0; k < n && !s; k++) {
        bool right = windows[k].score < 0.5f;
        for (int i = 0; i < scene->n && !right; i++) {
            right = box_intersection(windows[k].box, faces[i].box) > 0.3f * box_area(windows[k].box);
        }
        s = right ? OK : compose_hard_add(st->scenes, which, windows[k].box);
    }
    return s;
}

static enum status find_hard(struct locate_state *st)
{
    compose_hard_clear(st->scenes);
    return st->o->compose.hard > 0 ? look_at_all(st, compose_learnt(st->scenes), find_hard_in, NULL) : OK;
}

static enum status begin_locate(void *state, struct net *n)
{
    struct locate_state *st = state;
    enum status s = net_find(n, "picture", &st->picture);
    find_losses(st, n);
    if (!s) {
        s = targets_find(&st->targets, n);
    }
    if (!s) {
        s = locate_find(&st->locate, n);
    }
    st->net = n;
    return s;
}

static void stepped_locate(void *state, struct net *n, struct net_run *const *runs, int n_runs, int64_t step)
{
    struct locate_state *st = state;
    (void) n;
    (void) n_runs;
    (void) step;
    for (int i = 0; i < N_LOSSES; i++) {
        for (int j = 0; j < LNET_STRIDES; j++) {
            st->sums[i] += st->losses[i][j] >= 0 ? net_run_loss(runs[0], st->losses[i][j]) : 0;
        }
    }
    st->steps++;
    if (!st->looked) { /* not in begin: only now are the weights what the run goes on from */
        st->looked = true;
        if (find_hard(st)) {
            compose_hard_clear(st->scenes);
        }
    }
}

static void batch_locate(void *state, struct net_run *run, int worker, uint64_t *random)
{
    struct locate_state *st = state;
    struct sample *s = &st->samples[worker];
    const struct tensor in = net_run_at(run, st->picture);
    const size_t one = (size_t) in.shape.c * (size_t) in.shape.h * (size_t) in.shape.w;
    for (int i = 0; i < in.shape.n; i++) {
        compose_draw(st->scenes, s, random);
        image_to_planes(in.at + (size_t) i * one, in.shape.w, in.shape.h, s->canvas);
        targets_fill(&st->targets, run, i, s->faces, s->n);
    }
}

static enum status score_scene(struct locate_state *st, const struct scene_table *t, int which, const struct look *look,
                               void *context)
{
    const struct scene *scene = &t->scenes[which];
    struct found found[WINDOWS / 8];
    struct wanted wanted[MOST_WANTED];
    if (scene->n > MOST_WANTED) {
        return fail(BAD_DATA, "held-out picture %s: more than %d faces", scene->name, MOST_WANTED);
    }
    const int n = look->n > WINDOWS / 8 ? WINDOWS / 8 : look->n;
    (void) st;
    for (int i = 0; i < n; i++) {
        found[i] = (struct found){ look->windows[i].box, look->windows[i].score };
    }
    for (int i = 0; i < scene->n; i++) {
        const struct scene_face *f = &t->faces[scene->first + i];
        wanted[i] = (struct wanted){ f->box, f->ignore };
    }
    return detection_add(context, found, n, wanted, scene->n);
}

static enum status score_locate(void *state, struct net *n, double *score, char *more, int size)
{
    struct locate_state *st = state;
    struct detection_score sum = { .min_size = st->o->score_min_size, .iou = 0.5f };
    struct detection_curve curve;
    (void) n;
    const enum status s = look_at_all(st, compose_held_out(st->scenes), score_scene, &sum);
    detection_sum(&sum, &curve);
    *score = curve.ap;
    snprintf(more, (size_t) size, "recall=%.4f recall_fppi0.1=%.4f at=%.3f faces=%d", curve.recall,
             curve.recall_at_fppi, curve.score_at_fppi, sum.faces);
    detection_free(&sum);
    st->looked = false; /* if the run goes on, it does so after another look */
    return s;
}

static void close_locate(void *state)
{
    struct locate_state *st = state;
    for (int i = 0; i < WORKERS; i++) {
        sample_free(&st->samples[i]);
        net_run_free(&st->looks[i].run);
        memory_free(&st->looks[i].windows);
    }
    compose_close(&st->scenes);
}

const struct task task_locate = {
    .name = "locate",
    .about = "where are faces: LNet",
    .score_name = "ap",
    .data_options = data_table,
    .augment_options = augment_table,
    .task_options = task_table,
    .options_size = sizeof(struct locate_options),
    .state_size = sizeof(struct locate_state),
    .open = open_locate,
    .begin = begin_locate,
    .batch = batch_locate,
    .stepped = stepped_locate,
    .log = log_locate,
    .score = score_locate,
    .close = close_locate,
};
