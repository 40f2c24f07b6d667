/* SPDX-License-Identifier: MIT
 * Lists of boxes, each with a score of its own; curves of all of them. */
#include "train/detection_peers.h"

#include <string.h>

#include "base/memory.h"
#include "train/plot.h"

static enum status open_one(struct detection_peers *p, const char *at, size_t length)
{
    char path[4096];
    const size_t name = strcspn(at, "=");
    struct detection_peer *peer = &p->all[p->n];
    if (name == 0 || name + 1 >= length || length - name > sizeof path || name >= sizeof peer->name) {
        return fail(BAD_USAGE, "detection.boxes: %.*s: wants NAME=FILE", (int) length, at);
    }
    memcpy(peer->name, at, name);
    snprintf(path, sizeof path, "%.*s", (int) (length - name - 1), at + name + 1);
    const enum status s = box_list_read(&peer->list, path);
    p->n += !s;
    return s;
}

enum status detection_peers_open(struct detection_peers *p, const char *lists, const struct detection_score *like)
{
    enum status s = OK;
    while (*lists && !s) {
        const size_t length = strcspn(lists, ",");
        if (p->n == DETECTION_PEERS) {
            return fail(BAD_USAGE, "detection.boxes: at most %d lists", DETECTION_PEERS);
        }
        p->all[p->n].score = (struct detection_score){ .min_size = like->min_size, .iou = like->iou,
                                                           .restyle = like->restyle };
        s = open_one(p, lists, length);
        lists += length + (lists[length] == ',');
    }
    return s;
}

enum status detection_peers_add(struct detection_peers *p, const char *picture, const struct wanted *wanted, int n)
{
    enum status s = OK;
    for (int i = 0; i < p->n && !s; i++) {
        int n_found;
        const struct found *found = box_list_of(&p->all[i].list, picture, &n_found);
        p->all[i].named += found != NULL;
        s = detection_add(&p->all[i].score, found, n_found, wanted, n);
    }
    return s;
}

enum status detection_peers_restyle(struct detection_peers *p)
{
    struct box_style style;
    enum status s = OK;
    for (int i = 0; i < p->n && !s; i++) {
        s = detection_restyle(&p->all[i].score, &style);
    }
    return s;
}

void detection_peers_print(struct detection_peers *p)
{
    for (int i = 0; i < p->n; i++) {
        struct detection_curve c;
        detection_sum(&p->all[i].score, &c);
        printf("%s: ap=%.4f recall=%.4f recall_fppi0.1=%.4f listed=%d of %d pictures\n", p->all[i].name, c.ap, c.recall,
               c.recall_at_fppi, p->all[i].named, p->all[i].score.pictures);
    }
}

/* x[0 .. n), y[0 .. n) of both plots. */
struct curve { double *recall, *precision, *wrong; int n; };

static enum status trace(struct curve *c, struct arena *a, const struct detection_score *s)
{
    c->n = s->n;
    c->recall = arena_alloc(a, (size_t) s->n + 1, sizeof(double));
    c->precision = arena_alloc(a, (size_t) s->n + 1, sizeof(double));
    c->wrong = arena_alloc(a, (size_t) s->n + 1, sizeof(double));
    if (!c->recall || !c->precision || !c->wrong) {
        return fail(NO_RESOURCE, "no memory for the curves");
    }
    int hits = 0;
    for (int i = 0; i < s->n; i++) {
        hits += s->all[i].hit;
        c->recall[i] = s->faces ? (double) hits / s->faces : 0;
        c->precision[i] = (double) hits / (i + 1);
        c->wrong[i] = (double) (i + 1 - hits) / (s->pictures ? s->pictures : 1);
    }
    return OK;
}

/* Precision and recall; then recall up to one false box a picture. */
static enum status draw(const char *path, const char *const *names, const struct curve *c, int n, bool wrong)
{
    struct plot p = { .title = "Face detection", .x_name = wrong ? "false boxes a picture" : "recall",
                      .y_name = wrong ? "recall" : "precision", .x_high = 1, .y_high = 1, .n = n };
    for (int i = 0; i < n; i++) {
        int shown = c[i].n;
        while (wrong && shown > 0 && c[i].wrong[shown - 1] > 1) {
            shown--;
        }
        p.series[i] = (struct plot_series){ names[i], wrong ? c[i].wrong : c[i].recall,
                                            wrong ? c[i].recall : c[i].precision, shown };
    }
    return plot_curves(path, &p);
}

enum status detection_peers_plot(const struct detection_peers *p, const struct detection_score *ours, const char *path)
{
    char second[4096];
    struct curve curves[DETECTION_PEERS + 1] = { 0 };
    const char *names[DETECTION_PEERS + 1] = { "facetrail" };
    struct arena *a = arena_create();
    enum status s = trace(&curves[0], a, ours);
    for (int i = 0; i < p->n && !s; i++) {
        names[i + 1] = p->all[i].name;
        s = trace(&curves[i + 1], a, &p->all[i].score);
    }
    const char *dot = strrchr(path, '.');
    const size_t stem = dot && !strchr(dot, '/') ? (size_t) (dot - path) : strlen(path);
    snprintf(second, sizeof second, "%.*s-fppi.png", (int) stem, path);
    s = s ? s : draw(path, names, curves, p->n + 1, false);
    s = s ? s : draw(second, names, curves, p->n + 1, true);
    arena_free(&a);
    return s;
}

void detection_peers_close(struct detection_peers *p)
{
    for (int i = 0; i < p->n; i++) {
        box_list_free(&p->all[i].list);
        detection_free(&p->all[i].score);
    }
    p->n = 0;
}
