/* SPDX-License-Identifier: MIT
 * Where are faces: LNet over the picture, over its halvings for faces larger than the net has learnt and over doubled parts for
 * smaller ones (closer.c); windows merged to faces, which two nets look at again (marks.c, verdict.c). Memory is planned when
 * the picture's size changes; a frame allocates nothing. */
#include "detector/detector.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "detector/closer.h"
#include "detector/locate.h"
#include "detector/marks.h"
#include "detector/merge.h"
#include "detector/verdict.h"

enum { PYRAMID_MOST = 6, PYRAMID_SIDE = 320, LEVELS = PYRAMID_MOST + 1, WINDOWS = 8192 };
/* How much the second look and the verdict count beside LNet, and what each takes off so that a score of 0.5 means about one
 * false face in ten pictures: all chosen on the pictures of WIDER's train part that no net saw (docs/results.md). */
#define TRUST 0.15f
#define DOUBT 1.2f
#define TRUST_VERDICT 0.3f
#define DOUBT_VERDICT 0.1f

const struct option detector_option_table[] = {
    { "weights", OPTION_TEXT, offsetof(struct detector_options, weights), "", 0, 0, NULL,
      "face localizer (LNet); nothing: the shipped one" },
    { "marks", OPTION_TEXT, offsetof(struct detector_options, marks), "", 0, 0, NULL,
      "net of the second look (marks); nothing: the shipped one, none: no second look" },
    { "verdict", OPTION_TEXT, offsetof(struct detector_options, verdict), "", 0, 0, NULL,
      "net of the verdict on each find and its box; nothing: the shipped one, none: no verdict" },
    { "glance", OPTION_FLOAT, offsetof(struct detector_options, glance), "0.9", 0.001, 100, NULL,
      "least score of LNet alone that is worth a second look, as a part of `score`" },
    { "score", OPTION_FLOAT, offsetof(struct detector_options, score), "0.5", 0.001, 0.999, NULL,
      "least score that is reported" },
    { "overlap", OPTION_FLOAT, offsetof(struct detector_options, overlap), "0.4", 0.05, 0.95, NULL,
      "windows that overlap more than this (intersection over union) are one face" },
    { "half", OPTION_BOOL, offsetof(struct detector_options, half), "yes", 0, 0, NULL,
      "multiply with bfloat16 on processors that are faster so; sums stay floats" },
    { "int8", OPTION_BOOL, offsetof(struct detector_options, int8), "yes", 0, 0, NULL,
      "multiply bytes in LNet on processors that are faster so: inputs and weights in 255 levels" },
    { "pyramid", OPTION_INT, offsetof(struct detector_options, pyramid), "6", 0, PYRAMID_MOST, NULL,
      "how often at most the picture is halved and searched again, for faces that fill it; at 320 pixels it is small enough" },
    { "closer", OPTION_BOOL, offsetof(struct detector_options, closer), "yes", 0, 0, NULL,
      "when faces lower than 20 pixels are wanted: where some seem to be, search the doubled picture as well" },
    { 0 },
};

struct level { /* the picture, then its halvings */
    struct net_run *run;
    struct image picture; /* of a halving */
};

struct detector {
    struct detector_options options;
    struct net *net;
    struct locate locate;
    int input, w, h, n_levels; /* what the levels are planned for; 0: nothing yet */
    struct level levels[LEVELS];
    struct window *windows;
    struct closer *closer;    /* NULL: no closer look */
    struct marks_net *second; /* NULL: no second look */
    struct verdict *verdict;  /* NULL: none */
    float *logits, *verdicts; /* what they say, a window each */
};

static void levels_free(struct detector *d)
{
    for (int i = 0; i < LEVELS; i++) {
        net_run_free(&d->levels[i].run);
        memory_free(&d->levels[i].picture.pixels);
    }
    d->w = d->h = d->n_levels = 0;
}

static int padded(int size)
{
    return (size + LNET_MULTIPLE - 1) / LNET_MULTIPLE * LNET_MULTIPLE;
}

static enum status levels_plan(struct detector *d, int w, int h)
{
    const int longer = w > h ? w : h;
    levels_free(d);
    for (int i = 0; i <= d->options.pyramid; i++) {
        struct level *l = &d->levels[i];
        const int lw = w >> i;
        const int lh = h >> i;
        if (i > 0 && (lw < LNET_MULTIPLE || lh < LNET_MULTIPLE || longer >> (i - 1) <= PYRAMID_SIDE)) {
            break;
        }
        enum status s = net_run_create_sized(&l->run, d->net, 1, padded(lh), padded(lw), NET_INFER);
        if (s) {
            levels_free(d);
            return s;
        }
        net_run_half(l->run, d->options.half);
        net_run_int8(l->run, d->options.int8);
        if (i > 0) {
            l->picture = (struct image){ NULL, lw, lh, lw * IMAGE_PIXEL };
            l->picture.pixels = memory_alloc((size_t) lh, (size_t) l->picture.stride);
            if (!l->picture.pixels) {
                levels_free(d);
                return fail(NO_RESOURCE, "no memory for a %d x %d picture", lw, lh);
            }
        }
        d->n_levels = i + 1;
    }
    d->w = w;
    d->h = h;
    return d->closer ? closer_plan(d->closer, w, h) : OK;
}

/* The weights file that is asked for; empty: none. */
static enum status find_weights(char *path, size_t size, const char *asked, const char *shipped)
{
    if (!asked || !asked[0]) {
        return file_find_weights(path, size, shipped);
    }
    snprintf(path, size, "%s", strcmp(asked, "none") ? asked : "");
    return OK;
}

/* What looks at LNet's finds. */
static enum status open_looks(struct detector *d, const struct detector_options *o)
{
    char path[4096];
    d->logits = memory_alloc(WINDOWS, sizeof *d->logits);
    d->verdicts = memory_alloc(WINDOWS, sizeof *d->verdicts);
    enum status s = d->logits && d->verdicts ? find_weights(path, sizeof path, o->marks, "marks")
                                             : fail(NO_RESOURCE, "no memory for the detector");
    if (!s && path[0]) {
        s = marks_open(&d->second, path, o->half);
    }
    if (!s) {
        s = find_weights(path, sizeof path, o->verdict, "verdict");
    }
    return s || !path[0] ? s : verdict_open(&d->verdict, path, o->half);
}

enum status detector_open(struct detector **out, const struct detector_options *o)
{
    char path[4096];
    enum status s = OK;
    struct detector *d = memory_alloc(1, sizeof *d);
    *out = NULL;
    if (!d) {
        return fail(NO_RESOURCE, "no memory for the detector");
    }
    d->options = *o;
    d->options.weights = d->options.marks = d->options.verdict = NULL; /* the caller's texts need not live on */
    d->windows = memory_alloc(WINDOWS, sizeof *d->windows);
    if (!d->windows) {
        s = fail(NO_RESOURCE, "no memory for the detector");
    }
    if (!s && !(o->weights && o->weights[0])) {
        s = file_find_weights(path, sizeof path, "lnet");
    }
    if (!s) {
        s = net_load(&d->net, o->weights && o->weights[0] ? o->weights : path, "lnet");
    }
    if (!s) {
        s = open_looks(d, o);
    }
    if (!s) {
        s = net_find(d->net, "picture", &d->input);
    }
    if (!s) {
        s = locate_find(&d->locate, d->net);
    }
    if (!s && o->closer) {
        s = closer_open(&d->closer, d->net, &d->locate, o->half, o->int8);
    }
    if (s) {
        detector_close(&d);
        return s;
    }
    *out = d;
    return OK;
}

void detector_close(struct detector **d)
{
    if (*d) {
        levels_free(*d);
        net_free(&(*d)->net);
        closer_close(&(*d)->closer);
        marks_close(&(*d)->second);
        verdict_close(&(*d)->verdict);
        memory_free(&(*d)->logits);
        memory_free(&(*d)->verdicts);
        memory_free(&(*d)->windows);
    }
    memory_free(d);
}

const struct net *detector_net(const struct detector *d)
{
    return d->net;
}

const struct net *detector_second_net(const struct detector *d)
{
    return d->second ? marks_model(d->second) : NULL;
}

const struct net *detector_verdict_net(const struct detector *d)
{
    return d->verdict ? verdict_net(d->verdict) : NULL;
}

/* A logit: what LNet must say of a window. */
static float least_response(const struct detector *d)
{
    const float score = d->options.score;
    return locate_logit(d->second || d->verdict ? d->options.glance * score : score);
}

static int run_level(struct detector *d, int i, struct image im, float least, int n)
{
    struct level *l = &d->levels[i];
    if (i > 0) {
        image_resize(l->picture, im);
        im = l->picture;
    }
    net_run_picture(l->run, d->input, im);
    net_run_forward(l->run, 0);
    return locate_windows(&d->locate, l->run, 0, least, ldexpf(1, i), d->windows, n, WINDOWS);
}

static void report(struct face *f, const struct window *w)
{
    memset(f, 0, sizeof *f);
    f->has = FACE_MARKED;
    f->box = w->box;
    f->score = w->score;
    memcpy(f->marks, w->marks, sizeof f->marks);
    f->track = f->person = -1;
}

static int keep_high(struct window *windows, int n, float min_height)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (windows[i].box.h >= min_height && box_is_finite(windows[i].box)) {
            windows[kept++] = windows[i];
        }
    }
    return kept;
}

/* Marks from the second look, boxes from the verdict; the score is what all nets say together. */
static int look_again(struct detector *d, struct image im, int n)
{
    int kept = 0;
    if (d->second) {
        marks_refine(d->second, im, d->windows, n, d->logits);
    }
    if (d->verdict) {
        verdict_judge(d->verdict, im, d->windows, n, d->verdicts);
    }
    for (int i = 0; i < n; i++) {
        float logit = locate_logit(d->windows[i].score);
        logit += d->second ? TRUST * d->logits[i] - DOUBT : 0;
        logit += d->verdict ? TRUST_VERDICT * d->verdicts[i] - DOUBT_VERDICT : 0;
        d->windows[i].score = 1 / (1 + expf(-logit));
        if (d->windows[i].score >= d->options.score) {
            d->windows[kept++] = d->windows[i];
        }
    }
    return merge_best(d->windows, kept, kept);
}

enum status detector_plan(struct detector *d, int w, int h)
{
    enum status s = w == d->w && h == d->h ? OK : levels_plan(d, w, h);
    return s ? fail_in(s, "detector, %d x %d", w, h) : OK;
}

enum status detector_run(struct detector *d, struct image im, float min_height, struct face *faces, int max, int *n)
{
    *n = 0;
    if (im.w < 1 || im.h < 1) {
        return fail(BAD_USAGE, "a picture of %d x %d has no faces", im.w, im.h);
    }
    enum status s = detector_plan(d, im.w, im.h);
    if (s) {
        return s;
    }
    int n_windows = 0;
    const bool closer = d->closer && min_height < CLOSER_BELOW;
    const float least = least_response(d);
    for (int i = 0; i < d->n_levels; i++) {
        n_windows = run_level(d, i, im, closer ? fminf(least, locate_logit(CLOSER_HINT)) : least, n_windows);
    }
    if (closer) {
        n_windows = closer_look(d->closer, im, least, d->windows, n_windows, WINDOWS);
    }
    n_windows = merge_windows(d->windows, n_windows, d->options.overlap);
    n_windows = keep_high(d->windows, n_windows, min_height);
    if (d->second || d->verdict) {
        n_windows = look_again(d, im, n_windows);
        n_windows = keep_high(d->windows, n_windows, min_height); /* the verdict has moved edges */
    }
    for (int i = 0; i < n_windows && *n < max; i++) {
        report(&faces[(*n)++], &d->windows[i]);
    }
    return OK;
}
