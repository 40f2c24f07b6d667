/* SPDX-License-Identifier: MIT
 * facetrail eval response --pack tags.mkv --empty nofaces.mkv --weights 5=FILE,40=FILE: does the response of LNet as
 * published lie on the face, though no box was ever given (papers.md section 8)? A name before the "=" is the number of
 * attributes that the net learnt from: --plot draws recall over it, and the scores of pictures with and without a face. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "train/eval.h"
#include "train/eval_words.h"
#include "train/plot.h"
#include "train/response.h"
#include "train/scene_files.h"

enum { MOST = 8, NAME = 64 };

struct response_options {
    struct scene_source source;
    const char *empty, *weights, *plot;
};

#define AT(field) offsetof(struct response_options, field)
static const struct option table[] = {
    { "pack", OPTION_TEXT, AT(source.pack), "", 0, 0, NULL, "photographs with a box, FILE.mkv" },
    { "split", OPTION_TEXT, AT(source.split), "val", 0, 0, NULL, "part of the pack" },
    { "empty", OPTION_TEXT, AT(empty), "", 0, 0, NULL, "face-free pictures, FILE.mkv: for the threshold; empty: none" },
    { "weights", OPTION_TEXT, AT(weights), "", 0, 0, NULL, "nets: NAME=FILE,NAME=FILE" },
    { "plot", OPTION_TEXT, AT(plot), "", 0, 0, NULL, "draw into FILE.png and FILE-scores.png" },
    { 0 },
};
#undef AT

struct scores { double *at; int n; size_t room; };

struct figures { /* of one net */
    char name[NAME];
    int pictures, on, centre, over[3]; /* peak, the picture's own centre: on the face; overlap of 0.3, 0.5, 0.7 */
    struct scores with, without;
    double threshold, right; /* balanced accuracy of "score above threshold: a face" */
};

struct looking {
    struct response_net net;
    const struct scene_table *table;
    struct figures *f;
    bool empty;
};

static const float overlaps[3] = { 0.3f, 0.5f, 0.7f };

static bool holds(struct box b, float x, float y)
{
    return x >= b.x && x < b.x + b.w && y >= b.y && y < b.y + b.h;
}

static enum status see_scene(void *context, struct scene *scene)
{
    struct looking *l = context;
    struct figures *f = l->f;
    if (!l->empty && (!scene->n || l->table->faces[scene->first].ignore))
        return OK;
    struct response r = response_of(&l->net, scene->picture);
    struct scores *to = l->empty ? &f->without : &f->with;
    enum status s = memory_grow(&to->at, &to->room, (size_t)to->n + 1, sizeof *to->at);
    if (s)
        return s;
    to->at[to->n++] = (double)r.score;
    if (l->empty)
        return OK;
    struct box face = l->table->faces[scene->first].box;
    f->pictures++;
    f->on += holds(face, r.peak.x, r.peak.y);
    f->centre += holds(face, (float)scene->picture.w / 2, (float)scene->picture.h / 2);
    for (int i = 0; i < 3; i++)
        f->over[i] += box_overlap(r.window, face) >= overlaps[i];
    progress_show("%s: %d pictures", f->name, f->pictures);
    return OK;
}

static int ascending(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

/* Where the histograms of the two kinds of pictures part best. */
static void part(struct figures *f)
{
    qsort(f->with.at, (size_t)f->with.n, sizeof(double), ascending);
    qsort(f->without.at, (size_t)f->without.n, sizeof(double), ascending);
    for (int i = 0, below = 0; i < f->with.n && f->without.n; i++) {
        while (below < f->without.n && f->without.at[below] < f->with.at[i])
            below++;
        double right = 0.5 * (1 - (double)i / f->with.n + (double)below / f->without.n);
        if (right > f->right) {
            f->right = right;
            f->threshold = f->with.at[i];
        }
    }
}

static enum status measure(struct figures *f, const char *path, const struct response_options *o)
{
    struct net *net = NULL;
    struct scene_table faces = { 0 }, empty = { 0 };
    struct looking l = { .f = f, .table = &faces };
    enum status s = net_load(&net, path, "lnet-tags");
    if (!s)
        s = response_open(&l.net, net);
    if (!s)
        s = scene_source_open(&faces, &o->source, false);
    if (!s)
        s = scene_source_each(&faces, &o->source, see_scene, &l);
    struct scene_source source = { .pack = o->empty, .split = "", .truth = "", .images = "" };
    l.empty = true;
    if (!s && *o->empty && !(s = scene_source_open(&empty, &source, false)))
        s = scene_source_each(&empty, &source, see_scene, &l);
    if (!s && !f->pictures)
        s = fail(BAD_DATA, "%s: no picture has a face", o->source.pack);
    if (!s)
        part(f);
    scene_table_close(&faces);
    scene_table_close(&empty);
    response_close(&l.net);
    net_free(&net);
    return s;
}

static enum status draw(const struct figures *f, int n, const char *path)
{
    char name[1024];
    double x[MOST], y[3][MOST];
    for (int i = 0; i < n; i++) {
        x[i] = atof(f[i].name);
        y[0][i] = (double)f[i].on / f[i].pictures;
        for (int k = 0; k < 2; k++)
            y[k + 1][i] = (double)f[i].over[k] / f[i].pictures;
    }
    struct plot p = { .title = "Faces found without boxes", .x_name = "attributes learnt from", .y_name = "part of the photographs",
                      .y_high = 1, .n = 3,
                      .series = { { "peak on the face", x, y[0], n }, { "window, overlap 0.3", x, y[1], n }, { "window, overlap 0.5", x, y[2], n } } };
    enum status s = plot_curves(path, &p);
    const struct figures *last = &f[n - 1];
    if (s || !last->without.n)
        return s;
    p = (struct plot){ .title = "Score of a picture's best window", .x_name = "mean response above its surroundings'",
                       .y_name = "how often", .n = 2,
                       .series = { { "with a face", last->with.at, NULL, last->with.n },
                                   { "without", last->without.at, NULL, last->without.n } } };
    size_t stem = strlen(path);
    stem = stem > 4 && !strcmp(path + stem - 4, ".png") ? stem - 4 : stem;
    snprintf(name, sizeof name, "%.*s-scores.png", (int)stem, path);
    return plot_histogram(name, &p);
}

static enum status each(struct figures *f, int *n, const struct response_options *o)
{
    char path[1024];
    enum status s = OK;
    for (const char *at = o->weights; *at && !s; at += strcspn(at, ",")) {
        at += *at == ',';
        int length = (int)strcspn(at, ","), name = (int)strcspn(at, "=");
        bool named = name < length;
        if (*n == MOST)
            return fail(BAD_USAGE, "eval response: at most %d nets", MOST);
        snprintf(f[*n].name, NAME, "%.*s", named ? name : length, at);
        snprintf(path, sizeof path, "%.*s", named ? length - name - 1 : length, at + (named ? name + 1 : 0));
        s = measure(&f[(*n)++], path, o);
    }
    return s;
}

static void print(const struct figures *f, int n)
{
    printf("%-20s %9s %9s %9s %9s %9s %9s\n", "net", "peak", "IoU 0.3", "IoU 0.5", "IoU 0.7", "told", "threshold");
    for (int i = 0; i < n; i++) {
        double all = f[i].pictures;
        printf("%-20.20s %9.4f %9.4f %9.4f %9.4f %9.4f %9.4f\n", f[i].name, f[i].on / all, f[i].over[0] / all, f[i].over[1] / all,
               f[i].over[2] / all, f[i].right, f[i].threshold);
    }
    const struct figures *last = &f[n - 1];
    double all = last->pictures;
    printf("%-20s %9.4f\n", "the picture's centre", last->centre / all);
    printf("peak=%.4f iou30=%.4f iou50=%.4f told=%.4f centre=%.4f images=%d empty=%d\n", last->on / all, last->over[0] / all,
           last->over[1] / all, last->right, last->centre / all, last->pictures, last->without.n);
}

enum status eval_response(int n_words, char **words)
{
    struct response_options o = { .plot = "" };
    const struct option_group groups[] = { { "response", "what is measured", table, &o } };
    struct arena *texts = arena_create();
    struct figures f[MOST] = { { .pictures = 0 } };
    int n = 0;
    option_defaults(table, &o);
    enum status s = eval_words(groups, 1, n_words, words, texts);
    if (!s && !*o.weights)
        s = fail(BAD_USAGE, "eval response wants --weights NAME=FILE (facetrail train configs/train/lnet_tags.conf makes one)");
    if (!s)
        s = each(f, &n, &o);
    progress_clear();
    if (!s && *o.plot)
        s = draw(f, n, o.plot);
    if (!s)
        print(f, n);
    for (int i = 0; i < n; i++) {
        memory_free(&f[i].with.at);
        memory_free(&f[i].without.at);
    }
    arena_free(&texts);
    return s;
}
