/* SPDX-License-Identifier: MIT
 * facetrail eval detection --pack FILE.mkv | --truth wider_bbx_gt.txt --images DIR: WIDER FACE's measure over all
 * pictures, and recall at one false box in ten pictures. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "detector/closer.h"
#include "detector/detector.h"
#include "nets/net.h"
#include "train/detection_folders.h"
#include "train/detection_peers.h"
#include "train/detection_style.h"
#include "train/eval.h"
#include "train/eval_words.h"
#include "train/scene_files.h"

enum { MOST = 2048 };

struct detection_options {
    struct scene_source source;
    const char *plot, *boxes, *write;
    float min_size, iou;
    bool restyle, inner;
};

static const struct option table[] = {
    { "pack", OPTION_TEXT, offsetof(struct detection_options, source.pack), "", 0, 0, NULL, "scenes pack, FILE.mkv" },
    { "split", OPTION_TEXT, offsetof(struct detection_options, source.split), "", 0, 0, NULL, "part of the pack" },
    { "truth", OPTION_TEXT, offsetof(struct detection_options, source.truth), "", 0, 0, NULL, "WIDER FACE text" },
    { "images", OPTION_TEXT, offsetof(struct detection_options, source.images), "", 0, 0, NULL, "its pictures" },
    { "plot", OPTION_TEXT, offsetof(struct detection_options, plot), "", 0, 0, NULL, 
      "precision against recall as a PNG picture, and recall against false boxes a picture as NAME-fppi.png" },
    { "boxes", OPTION_TEXT, offsetof(struct detection_options, boxes), "", 0, 0, NULL,
      "other programs' finds on the same pictures: NAME=FILE,NAME=FILE; WIDER FACE's form, a line \"x y w h score\" a box" },
    { "write", OPTION_TEXT, offsetof(struct detection_options, write), "", 0, 0, NULL, "file for our own finds in that form" },
    { "min_size", OPTION_FLOAT, offsetof(struct detection_options, min_size), "0", 0, 10000, NULL,
      "lower faces count neither way" },
    { "iou", OPTION_FLOAT, offsetof(struct detection_options, iou), "0.5", 0.05, 1, NULL,
      "overlap that a found box needs" },
    { "restyle", OPTION_BOOL, offsetof(struct detection_options, restyle), "no", 0, 0, NULL,
      "first move and scale found boxes by the median difference from the true ones: labels' styles differ" },
    { "inner", OPTION_BOOL, offsetof(struct detection_options, inner), "no", 0, 0, NULL,
      "found boxes from brows to lips by the five marks, in proportions measured on HELEN's: MIT+CMU's labels are so" },
    { 0 },
};

struct measuring {
    struct scene_table table;
    struct detector *detector;
    struct detection_score score;
    struct detection_folders folders;
    struct detection_peers peers;
    struct file_write list; /* our finds, when asked for */
    struct face *faces;
    int seen;
    bool inner;
    int64_t spent_us;
};

static enum status see_scene(void *context, struct scene *scene)
{
    struct measuring *m = context;
    struct found found[MOST];
    struct wanted wanted[MOST];
    int n = 0;
    if (scene->n > MOST) {
        return fail(BAD_DATA, "%s: more than %d faces", scene->name, MOST);
    }
    enum status s = detector_plan(m->detector, scene->picture.w, scene->picture.h); /* outside the measured time */
    const int64_t began = clock_us();
    s = s ? s : detector_run(m->detector, scene->picture, 0, m->faces, MOST, &n);
    m->spent_us += clock_us() - began;
    for (int i = 0; i < n; i++) {
        found[i] = (struct found){ m->inner ? detection_inner(&m->faces[i]) : m->faces[i].box, m->faces[i].score };
    }
    for (int i = 0; i < scene->n; i++) {
        const struct scene_face *f = &m->table.faces[scene->first + i];
        wanted[i] = (struct wanted){ f->box, f->ignore };
    }
    if (m->list.to) {
        box_list_write(m->list.to, scene->name, found, n);
    }
    s = s ? s : detection_peers_add(&m->peers, scene->name, wanted, scene->n);
    s = s || m->score.restyle ? s : detection_folders_add(&m->folders, scene->name, found, n, wanted, scene->n);
    progress_show("%d of %d pictures", ++m->seen, m->table.n_scenes);
    return s ? s : detection_add(&m->score, found, n, wanted, scene->n);
}

static void print_table(const struct detection_score *s)
{
    printf("%-8s %9s %9s %16s\n", "score", "recall", "precision", "false a picture");
    int hits = 0;
    int i = 0;
    for (int at = 19; at >= 1; at--) {
        const float least = (float) at / 20;
        for (; i < s->n && s->all[i].score >= least; i++) {
            hits += s->all[i].hit;
        }
        printf("%-8.2f %9.4f %9.4f %16.4f\n", (double) least, s->faces ? (double) hits / s->faces : 0.0,
               i ? (double) hits / i : 1.0, (double) (i - hits) / s->pictures);
    }
}

static void print_sizes(const struct detection_score *s, double least)
{
    printf("%-12s %8s %14s %10s\n", "face height", "faces", "at 0.1 false", "recall");
    for (int k = 0; k < DETECTION_SIZES; k++) {
        int all = 0;
        int sure = 0;
        for (int i = 0; i < s->n; i++) {
            all += s->all[i].hit && s->all[i].size == k;
            sure += s->all[i].hit && s->all[i].size == k && (double) s->all[i].score >= least;
        }
        if (s->of_size[k]) {
            char range[32];
            snprintf(range, sizeof range, k + 1 < DETECTION_SIZES ? "%d-%d" : "%d-", detection_sizes[k], detection_sizes[k + 1]);
            printf("%-12s %8d %14.4f %10.4f\n", range, s->of_size[k], (double) sure / s->of_size[k], (double) all / s->of_size[k]);
        }
    }
}

static enum status measure(struct measuring *m, const struct detection_options *o, const struct detector_options *d)
{
    struct detection_curve curve;
    m->score = (struct detection_score){ .min_size = o->min_size, .iou = o->iou, .restyle = o->restyle };
    m->folders = (struct detection_folders){ .min_size = o->min_size, .iou = o->iou };
    m->inner = o->inner;
    nets_set_threads(1); /* products of crops are too small to share */
    m->faces = memory_alloc(MOST, sizeof *m->faces);
    enum status s = m->faces ? OK : fail(NO_RESOURCE, "no memory for %d faces", MOST);
    s = s ? s : detection_peers_open(&m->peers, o->boxes, &m->score);
    if (!s && o->write[0]) {
        s = file_create(&m->list, o->write);
    }
    if (!s) {
        s = scene_source_open(&m->table, &o->source, false);
    }
    if (!s) {
        s = detector_open(&m->detector, d);
    }
    if (!s) {
        s = scene_source_each(&m->table, &o->source, see_scene, m);
    }
    progress_clear();
    if (!s && m->list.to) {
        s = file_commit(&m->list);
    }
    if (s) {
        file_abandon(&m->list);
        return s;
    }
    struct box_style style;
    if ((s = detection_restyle(&m->score, &style)) || (s = detection_peers_restyle(&m->peers))) {
        return s;
    }
    if (o->restyle) {
        printf("style dx=%.3f dy=%.3f w=%.3f h=%.3f\n", (double) style.dx, (double) style.dy, (double) style.w,
               (double) style.h);
    }
    detection_sum(&m->score, &curve);
    print_table(&m->score);
    print_sizes(&m->score, curve.score_at_fppi);
    detection_folders_print(&m->folders);
    detection_peers_print(&m->peers);
    if (o->plot[0] && (s = detection_peers_plot(&m->peers, &m->score, o->plot))) {
        return s;
    }
    int hits = 0;
    for (int i = 0; i < m->score.n; i++) {
        hits += m->score.all[i].hit;
    }
    printf("ap=%.4f recall=%.4f recall_fppi0.1=%.4f images=%d faces=%d ms=%.2f score_fppi0.1=%.3f hits=%d false=%d\n",
           curve.ap, curve.recall, curve.recall_at_fppi, m->score.pictures, m->score.faces,
           (double) m->spent_us / 1000 / (m->score.pictures ? m->score.pictures : 1), curve.score_at_fppi, hits,
           m->score.n - hits);
    return OK;
}

enum status eval_detection(int n_words, char **words)
{
    struct detection_options o;
    struct detector_options d;
    struct measuring m = { 0 };
    const struct option_group groups[] = { { "detection", "what is measured", table, &o },
                                           { "detect", "the detector", detector_option_table, &d } };
    struct arena *texts = arena_create();
    option_defaults(table, &o);
    option_defaults(detector_option_table, &d);
    d.score = 0.02f; /* the whole curve */
    const float usual = d.glance;
    d.glance = 0;
    enum status s = eval_words(groups, 2, n_words, words, texts);
    if (!s) {
        d.closer &= o.min_size < CLOSER_BELOW;
        /* unless told: at the curve's end second looks at all that LNet found would take most of the time */
        d.glance = d.glance > 0 ? d.glance : fmaxf(usual, 0.1f / d.score);
        s = measure(&m, &o, &d);
    }
    detector_close(&m.detector);
    detection_free(&m.score);
    detection_folders_free(&m.folders);
    detection_peers_close(&m.peers);
    scene_table_close(&m.table);
    memory_free(&m.faces);
    arena_free(&texts);
    return s;
}
