/* SPDX-License-Identifier: MIT
 * Learning the verdict: face or not, and its edges, from jittered crops of what LNet found. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/random.h"
#include "detector/verdict.h"
#include "nets/models/models.h"
#include "train/candidates.h"
#include "train/crop.h"
#include "train/task.h"

enum { PLANE = VERDICT_CROP * VERDICT_CROP, HELD = 10, SCORED = 64 };

struct verdict_task_options {
    struct candidates_options candidates;
    float shift, scale, grey, blur;
};

struct verdict_task {
    const struct verdict_task_options *o;
    struct candidates candidates;
    int around, edges, boxed, is, known, box, face;
    struct net_run *run;
};

#define AT(field) offsetof(struct verdict_task_options, field)
static const struct option data_table[] = {
    { "folder", OPTION_TEXT, AT(candidates.folder), "../shared/data", 0, 0, NULL, "where the packs lie" },
    { "detector", OPTION_TEXT, AT(candidates.detector), "weights/lnet.safetensors", 0, 0, NULL,
      "LNet, whose finds are judged" },
    { "score", OPTION_FLOAT, AT(candidates.score), "0.2", 0.01, 0.99, NULL, "least score of what it finds" },
    { "most", OPTION_INT, AT(candidates.most), "24", 1, 1000, NULL, "faces, and as many others, of one picture" },
    { "held_out", OPTION_INT, AT(candidates.held_out), "12", 0, 1000, NULL,
      "every so many-th picture of wider-train is not looked at: LNet's held-out ones; 0: none" },
    { 0 },
};
static const struct option augment_table[] = {
    { "shift", OPTION_FLOAT, AT(shift), "0.06", 0, 0.5, NULL, "deviation of the window's shift, in its sides" },
    { "scale", OPTION_FLOAT, AT(scale), "0.08", 0, 0.5, NULL, "deviation of each of its sides" },
    { "grey", OPTION_FLOAT, AT(grey), "0.2", 0, 1, NULL, "how often colour is lost" },
    { "blur", OPTION_FLOAT, AT(blur), "0.2", 0, 1, NULL, "how often resolution is lost" },
    { 0 },
};
#undef AT

static enum status open_verdict(void *state, struct task_setting *setting)
{
    struct verdict_task *t = state;
    t->o = setting->options;
    enum status s = candidates_open(&t->candidates, &t->o->candidates, setting->workers);
    for (int k = 0; k < CANDIDATE_KINDS && !s; k++) {
        if (t->candidates.n[k] < 2 * HELD) {
            s = fail(BAD_DATA, "%s: too few patches of kind %d: %d", t->o->candidates.folder, k, t->candidates.n[k]);
        }
    }
    setting->epoch = t->candidates.n[CANDIDATE_FACE] + t->candidates.n[CANDIDATE_OTHER];
    return s;
}

static enum status begin_verdict(void *state, struct net *n)
{
    struct verdict_task *t = state;
    const struct net_named layers[] = {
        { "around", &t->around }, { "edges", &t->edges }, { "boxed", &t->boxed }, { "is", &t->is },
        { "known", &t->known },   { "box", &t->box },     { "face", &t->face }, { 0 },
    };
    const enum status s = net_find_all(n, layers);
    return s ? s : net_run_create(&t->run, n, SCORED, NET_INFER);
}

static void draw_crop(float *out, struct image patch, struct box window, bool mirrored, float blur)
{
    const struct warp to_patch = verdict_warp(window);
    const struct warp mirror = { -1, 0, VERDICT_CROP - 1, 0, 1, 0 };
    crop_draw(out, VERDICT_CROP, patch, mirrored ? warp_chain(to_patch, mirror) : to_patch, blur);
}

/* Distances from the window's middle to the face's edges, in half sides of the window. */
static void edges_of(float *edges, struct box window, struct box face, bool mirrored)
{
    const struct point mid = box_centre(window);
    const float left = (mid.x - face.x) / (window.w / 2);
    const float right = (face.x + face.w - mid.x) / (window.w / 2);
    edges[0] = mirrored ? right : left;
    edges[1] = (mid.y - face.y) / (window.h / 2);
    edges[2] = mirrored ? left : right;
    edges[3] = (face.y + face.h - mid.y) / (window.h / 2);
}

static struct box moved(const struct verdict_task_options *o, struct box b, uint64_t *random)
{
    const float w = b.w * expf(crop_wobble(o->scale, random));
    const float h = b.h * expf(crop_wobble(o->scale, random));
    const float x = b.x + b.w / 2 + crop_wobble(o->shift, random) * b.w;
    const float y = b.y + b.h / 2 + crop_wobble(o->shift, random) * b.h;
    return (struct box){ x - w / 2, y - h / 2, w, h };
}

/* Every HELD-th patch is for the score. */
static const struct candidate *any_candidate(const struct candidates *c, enum candidate_kind kind, uint64_t *random)
{
    const int i = random_below(random, c->n[kind]);
    return &c->of[kind][i % HELD ? i : i + 1 < c->n[kind] ? i + 1 : 1];
}

static void batch_verdict(void *state, struct net_run *run, int worker, uint64_t *random)
{
    struct verdict_task *t = state;
    const struct tensor around = net_run_at(run, t->around);
    (void) worker;
    for (int i = 0; i < around.shape.n; i++) {
        const enum candidate_kind kind = random_chance(random, 0.5f) ? CANDIDATE_FACE : CANDIDATE_OTHER;
        const struct candidate *c = any_candidate(&t->candidates, kind, random);
        const struct box window = moved(t->o, c->window, random);
        const bool mirrored = random_chance(random, 0.5f);
        const float blur = random_chance(random, t->o->blur) ? random_between(random, 0.3f, 1) : 1;
        float *crop = around.at + (size_t) i * 3 * PLANE;
        draw_crop(crop, c->image, window, mirrored, blur);
        crop_colour(crop, PLANE, t->o->grey, random);
        edges_of(net_run_at(run, t->edges).at + (size_t) (4 * i), window, c->face, mirrored);
        net_run_at(run, t->boxed).at[i] = c->boxed;
        net_run_at(run, t->is).at[i] = kind == CANDIDATE_FACE;
        net_run_at(run, t->known).at[i] = c->known;
    }
}

struct score { double before, after; int boxed, right, judged; };

static void score_kind(struct verdict_task *t, enum candidate_kind kind, struct score *s)
{
    const struct candidates *all = &t->candidates;
    for (int first = 0; first < all->n[kind]; first += HELD * SCORED) {
        int n = 0;
        for (int i = first; n < SCORED && i < all->n[kind]; i += HELD) {
            const struct candidate *c = &all->of[kind][i];
            draw_crop(net_run_at(t->run, t->around).at + (size_t) n++ * 3 * PLANE, c->image, c->window, false, 1);
        }
        net_run_forward(t->run, n);
        for (int i = 0; i < n; i++) {
            const struct candidate *c = &all->of[kind][first + i * HELD];
            const struct box said = verdict_box(c->window, net_run_at(t->run, t->box).at + (size_t) (4 * i));
            if (c->boxed) {
                s->before += (double) box_overlap(c->window, c->face);
                s->after += (double) box_overlap(said, c->face);
                s->boxed++;
            }
            if (c->known) {
                s->right += (net_run_at(t->run, t->face).at[i] > 0) == (kind == CANDIDATE_FACE);
                s->judged++;
            }
        }
    }
}

static enum status score_verdict(void *state, struct net *n, double *score, char *more, int size)
{
    struct verdict_task *t = state;
    struct score of[CANDIDATE_KINDS] = { { .judged = 0 }, { .judged = 0 } };
    double part[CANDIDATE_KINDS];
    (void) n;
    for (int k = 0; k < CANDIDATE_KINDS; k++) {
        score_kind(t, (enum candidate_kind) k, &of[k]);
        part[k] = of[k].judged ? (double) of[k].right / of[k].judged : 1;
    }
    *score = (part[CANDIDATE_FACE] + part[CANDIDATE_OTHER]) / 2;
    const struct score *f = &of[CANDIDATE_FACE];
    const int boxed = f->boxed ? f->boxed : 1;
    snprintf(more, (size_t) size, "faces=%d faces_kept=%.4f others=%d others_seen=%.4f overlap=%.4f overlap_before=%.4f",
             f->judged, part[CANDIDATE_FACE], of[CANDIDATE_OTHER].judged, part[CANDIDATE_OTHER], f->after / boxed,
             f->before / boxed);
    return OK;
}

static void close_verdict(void *state)
{
    struct verdict_task *t = state;
    net_run_free(&t->run);
    candidates_close(&t->candidates);
}

const struct task task_verdict = {
    .name = "verdict",
    .about = "is what LNet found a face, and where does it end",
    .score_name = "accuracy",
    .data_options = data_table,
    .augment_options = augment_table,
    .options_size = sizeof(struct verdict_task_options),
    .state_size = sizeof(struct verdict_task),
    .open = open_verdict,
    .begin = begin_verdict,
    .batch = batch_verdict,
    .score = score_verdict,
    .close = close_verdict,
};
