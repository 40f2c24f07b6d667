/* SPDX-License-Identifier: MIT
 * Learning the second look: marks from jittered crops of faces with true marks, and face or no face from what the
 * detector found. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "detector/marks.h"
#include "nets/models/models.h"
#include "train/crop.h"
#include "train/mine.h"
#include "train/task.h"

enum { CROP = 3 * MARKS_CROP * MARKS_CROP, HELD = 10, SCORED = 64 };

struct marks_task_options {
    struct mine_options mine;
    float shift, scale, turn, stretch, near; /* deviations of the jitter; times `near` for what is cut at the detector's marks */
    float grey, blur;
};

struct marks_task {
    const struct marks_task_options *o;
    struct mine mine;
    int crop, where, marked, is, known, marks, face;
    struct net_run *run;
    uint64_t seed;
};

#define AT(field) offsetof(struct marks_task_options, field)
static const struct option data_table[] = {
    { "folder", OPTION_TEXT, AT(mine.folder), "../shared/data", 0, 0, NULL, "where the packs lie" },
    { "detector", OPTION_TEXT, AT(mine.detector), "weights/lnet.safetensors", 0, 0, NULL,
      "LNet, whose mistakes are learnt from" },
    { "faces", OPTION_INT, AT(mine.faces_per_pack), "6000", 1, 1e6, NULL, "single faces of each faces pack" },
    { "most", OPTION_INT, AT(mine.most), "12000", 1, 1e6, NULL, "mistakes, and as many faces, of each scenes pack" },
    { "held_out", OPTION_INT, AT(mine.held_out), "12", 0, 1000, NULL,
      "every so many-th picture of wider-train is not looked at: LNet's held-out ones; 0: none" },
    { "score", OPTION_FLOAT, AT(mine.score), "0.2", 0.01, 0.99, NULL, "least score of what the detector finds" },
    { 0 },
};
static const struct option augment_table[] = {
    { "shift", OPTION_FLOAT, AT(shift), "2", 0, 8, NULL, "deviation of the shift in crop pixels" },
    { "scale", OPTION_FLOAT, AT(scale), "0.1", 0, 0.5, NULL, "deviation of the size" },
    { "turn", OPTION_FLOAT, AT(turn), "8", 0, 45, NULL, "deviation of the turn in degrees" },
    { "stretch", OPTION_FLOAT, AT(stretch), "0.05", 0, 0.5, NULL, "deviation of the width over the height, as a logarithm" },
    { "near", OPTION_FLOAT, AT(near), "0.4", 0, 1, NULL, "part of that for crops at the detector's own marks" },
    { "grey", OPTION_FLOAT, AT(grey), "0.2", 0, 1, NULL, "how often colour is lost" },
    { "blur", OPTION_FLOAT, AT(blur), "0.3", 0, 1, NULL, "how often resolution is lost" },
    { 0 },
};
#undef AT

static enum status open_marks(void *state, struct task_setting *setting)
{
    struct marks_task *t = state;
    t->o = setting->options;
    t->seed = setting->seed;
    enum status s = mine_open(&t->mine, &t->o->mine, setting->workers);
    for (int k = 0; k < MINE_KINDS && !s; k++) {
        if (t->mine.n[k] < 2 * HELD) {
            s = fail(BAD_DATA, "%s: too few patches of kind %d: %d", t->o->mine.folder, k, t->mine.n[k]);
        }
    }
    setting->epoch = t->mine.n[MINE_FACES] + t->mine.n[MINE_WRONG];
    return s;
}

static enum status begin_marks(void *state, struct net *n)
{
    struct marks_task *t = state;
    const struct net_named layers[] = {
        { "crop", &t->crop }, { "where", &t->where }, { "marked", &t->marked }, { "is", &t->is },
        { "known", &t->known }, { "marks", &t->marks }, { "face", &t->face }, { 0 },
    };
    const enum status s = net_find_all(n, layers);
    return s ? s : net_run_create(&t->run, n, SCORED, NET_INFER);
}

/* Crop drawn -> crop as cut: a stretch and a similarity about the middle, mirrored half of the time. */
static struct warp jitter(const struct marks_task_options *o, float part, uint64_t *random)
{
    const float s = expf(crop_wobble(part * o->scale, random));
    const float turn = crop_wobble(part * o->turn, random) * 0.0174533f;
    const float a = s * cosf(turn);
    const float b = s * sinf(turn);
    const float mid = (MARKS_CROP - 1) / 2.0f;
    struct warp w = { a, -b, mid - a * mid + b * mid + crop_wobble(part * o->shift, random), b, a,
                      mid - b * mid - a * mid + crop_wobble(part * o->shift, random) };
    const float wide = expf(crop_wobble(part * o->stretch, random) / 2);
    w = warp_chain(w, (struct warp){ wide, 0, mid - wide * mid, 0, 1 / wide, mid - mid / wide });
    if (random_chance(random, 0.5f)) { /* x -> 47 - x first */
        w = warp_chain(w, (struct warp){ -1, 0, MARKS_CROP - 1, 0, 1, 0 });
    }
    return w;
}

static void draw_crop(float *out, const struct patch *p, struct warp to_cut, float blur)
{
    crop_draw(out, MARKS_CROP, p->image, warp_chain(mine_warp(), to_cut), blur);
}

/* True marks in the crop as drawn, in the net's units; a mirrored face changes sides. */
static void place_marks(float *where, const struct patch *p, struct warp to_cut)
{
    const struct warp to_drawn = warp_inverse(to_cut);
    const bool mirrored = to_cut.a * to_cut.d - to_cut.b * to_cut.c < 0;
    for (int i = 0; i < FACE_MARKS; i++) {
        const struct point at = warp_point(to_drawn, p->marks[mirrored ? marks_other_side[i] : i]);
        where[2 * i] = (at.x - marks_canonical[i].x) / MARKS_UNIT;
        where[2 * i + 1] = (at.y - marks_canonical[i].y) / MARKS_UNIT;
    }
}

static enum mine_kind any_kind(uint64_t *random)
{
    /* HELEN's marks are the most exact ones, though few */
    static const enum mine_kind kinds[] = { MINE_FACES, MINE_FACES, MINE_FACES, MINE_HELEN, MINE_HELEN,
                                            MINE_HELEN, MINE_HELEN, MINE_MTFL,  MINE_RIGHT, MINE_RIGHT,
                                            MINE_WRONG, MINE_WRONG, MINE_WRONG, MINE_WRONG };
    return kinds[random_below(random, (int) (sizeof kinds / sizeof *kinds))];
}

/* Every HELD-th patch is for the score. */
static const struct patch *any_patch(const struct mine *m, enum mine_kind kind, uint64_t *random)
{
    int i = random_below(random, m->n[kind]);
    i = i % HELD == 0 ? i + 1 : i;
    return &m->patches[kind][i < m->n[kind] ? i : 1];
}

static void batch_marks(void *state, struct net_run *run, int worker, uint64_t *random)
{
    struct marks_task *t = state;
    const struct tensor crop = net_run_at(run, t->crop);
    float *where = net_run_at(run, t->where).at;
    float *marked = net_run_at(run, t->marked).at;
    (void) worker;
    for (int i = 0; i < crop.shape.n; i++) {
        const enum mine_kind kind = any_kind(random);
        const struct patch *p = any_patch(&t->mine, kind, random);
        /* the second pass sees crops that are nearly right */
        const bool far = p->marked && random_chance(random, 0.5f);
        const struct warp to_cut = jitter(t->o, far ? 1 : t->o->near, random);
        const float blur = random_chance(random, t->o->blur) ? random_between(random, 0.25f, 1) : 1;
        draw_crop(crop.at + (size_t) i * CROP, p, to_cut, blur);
        crop_colour(crop.at + (size_t) i * CROP, MARKS_CROP * MARKS_CROP, t->o->grey, random);
        place_marks(where + (size_t) (2 * FACE_MARKS * i), p, to_cut);
        for (int k = 0; k < 2 * FACE_MARKS; k++) {
            marked[2 * FACE_MARKS * i + k] = p->marked ? 1.0f / (2 * FACE_MARKS) : 0;
        }
        net_run_at(run, t->is).at[i] = p->face;
        net_run_at(run, t->known).at[i] = 1;
    }
}

struct score { double error; int marked, right, judged; };

static void score_kind(struct marks_task *t, enum mine_kind kind, struct score *s)
{
    float where[SCORED][2 * FACE_MARKS];
    const struct patch *patch[SCORED];
    uint64_t random = t->seed + 77;
    int n = 0;
    for (int i = 0; i < t->mine.n[kind] + HELD; i += HELD) {
        const bool end = i >= t->mine.n[kind];
        if (!end) {
            patch[n] = &t->mine.patches[kind][i];
            const struct warp to_cut = jitter(t->o, patch[n]->marked ? 1 : t->o->near, &random);
            draw_crop(net_run_at(t->run, t->crop).at + (size_t) n * CROP, patch[n], to_cut, 1);
            place_marks(where[n], patch[n], to_cut);
            n++;
        }
        if (n < SCORED && !end) {
            continue;
        }
        net_run_forward(t->run, n ? n : 1);
        for (int k = 0; k < n; k++) {
            const float *said = net_run_at(t->run, t->marks).at + (size_t) (2 * FACE_MARKS * k);
            const float *truth = where[k];
            const double eyes = hypot((double) (marks_canonical[1].x - marks_canonical[0].x) / (double) MARKS_UNIT +
                                          (double) (truth[2] - truth[0]), (double) (truth[3] - truth[1]));
            for (int j = 0; j < FACE_MARKS && patch[k]->marked; j++) {
                s->error += hypot((double) (said[2 * j] - truth[2 * j]), (double) (said[2 * j + 1] - truth[2 * j + 1])) /
                            eyes / FACE_MARKS;
            }
            s->marked += patch[k]->marked;
            s->right += (net_run_at(t->run, t->face).at[k] > 0) == patch[k]->face;
            s->judged++;
        }
        n = 0;
    }
}

static enum status score_marks(void *state, struct net *n, double *score, char *more, int size)
{
    struct marks_task *t = state;
    struct score helen = { .error = 0 };
    struct score judged[2] = { { .error = 0 }, { .error = 0 } };
    (void) n;
    score_kind(t, MINE_HELEN, &helen);
    score_kind(t, MINE_RIGHT, &judged[0]);
    score_kind(t, MINE_WRONG, &judged[1]);
    *score = 1 - helen.error / (helen.marked ? helen.marked : 1);
    snprintf(more, (size_t) size, "nme=%.4f faces=%d faces_kept=%.4f mistakes=%d mistakes_seen=%.4f", 1 - *score,
             judged[0].judged, (double) judged[0].right / judged[0].judged, judged[1].judged,
             (double) judged[1].right / judged[1].judged);
    return OK;
}

static void close_marks(void *state)
{
    struct marks_task *t = state;
    net_run_free(&t->run);
    mine_close(&t->mine);
}

const struct task task_marks = {
    .name = "marks",
    .about = "a second look at found faces: marks to the pixel, face or no face",
    .score_name = "one_minus_nme",
    .data_options = data_table,
    .augment_options = augment_table,
    .options_size = sizeof(struct marks_task_options),
    .state_size = sizeof(struct marks_task),
    .open = open_marks,
    .begin = begin_marks,
    .batch = batch_marks,
    .score = score_marks,
    .close = close_marks,
};
