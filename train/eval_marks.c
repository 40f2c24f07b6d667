/* SPDX-License-Identifier: MIT
 * facetrail eval marks --pack FILE.mkv [--split test] | --truth FILE --images DIR: distance of the five marks,
 * averaged, over the true distance of the eyes. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/progress.h"
#include "detector/detector.h"
#include "nets/net.h"
#include "train/eval.h"
#include "train/eval_words.h"
#include "train/plot.h"
#include "train/scene_files.h"

enum { MOST = 256 };
#define SAME_FACE 0.3f /* least overlap of a found box with the true face */

struct marks_options {
    struct scene_source source;
    const char *plot;
    bool restyle;
};

static const struct option table[] = {
    { "pack", OPTION_TEXT, offsetof(struct marks_options, source.pack), "", 0, 0, NULL, "scenes pack, FILE.mkv" },
    { "split", OPTION_TEXT, offsetof(struct marks_options, source.split), "", 0, 0, NULL, "part of the pack" },
    { "truth", OPTION_TEXT, offsetof(struct marks_options, source.truth), "", 0, 0, NULL,
      "a line a picture: name and five points" },
    { "images", OPTION_TEXT, offsetof(struct marks_options, source.images), "", 0, 0, NULL, "its pictures" },
    { "restyle", OPTION_BOOL, offsetof(struct marks_options, restyle), "no", 0, 0, NULL,
      "the labels' mean offset, one for all marks of all faces, is taken off first" },
    { "plot", OPTION_TEXT, offsetof(struct marks_options, plot), "", 0, 0, NULL, "curve as a PNG picture" },
    { 0 },
};

/* Of one face's marks from the labels, in distances of its eyes. */
struct offsets { struct point of[FACE_MARKS]; };

struct measuring {
    struct scene_table table;
    struct detector *detector;
    struct face faces[MOST];
    struct offsets *offsets; /* of found faces */
    size_t room;
    int found, missed;
};

/* When several faces are found, the one that overlaps the true face most is meant. */
static const struct face *same_face(const struct measuring *m, int n, struct box truth)
{
    const struct face *best = NULL;
    float most = SAME_FACE;
    for (int i = 0; i < n; i++) {
        const float shared = box_overlap(m->faces[i].box, truth);
        if (shared >= most) {
            most = shared;
            best = &m->faces[i];
        }
    }
    return best;
}

static enum status see_scene(void *context, struct scene *scene)
{
    struct measuring *m = context;
    int n;
    enum status s = detector_run(m->detector, scene->picture, 0, m->faces, MOST, &n);
    for (int i = 0; i < scene->n && !s; i++) {
        const struct scene_face *truth = &m->table.faces[scene->first + i];
        const double eyes = hypot((double) (truth->marks[1].x - truth->marks[0].x),
                                  (double) (truth->marks[1].y - truth->marks[0].y));
        if (!truth->marked || truth->ignore || !(eyes > 0)) {
            continue;
        }
        const struct face *face = same_face(m, n, truth->box);
        s = memory_grow(&m->offsets, &m->room, (size_t) m->found + 1, sizeof *m->offsets);
        if (!face || s) {
            m->missed++;
            continue;
        }
        for (int j = 0; j < FACE_MARKS; j++) {
            m->offsets[m->found].of[j] = (struct point){ (float) ((double) (face->marks[j].x - truth->marks[j].x) / eyes),
                                                         (float) ((double) (face->marks[j].y - truth->marks[j].y) / eyes) };
        }
        m->found++;
    }
    progress_show("%d of %d pictures", m->found + m->missed, m->table.n_scenes);
    return s;
}

static int ascending(const void *a, const void *b)
{
    const double p = *(const double *) a;
    const double q = *(const double *) b;
    return (p > q) - (p < q);
}

static enum status draw(const struct measuring *m, const double *errors, const char *path)
{
    double *y = memory_alloc((size_t) m->found + 1, sizeof *y);
    if (!y) {
        return fail(NO_RESOURCE, "%s: no memory for the curve", path);
    }
    for (int i = 0; i < m->found; i++) {
        y[i] = (double) (i + 1) / (m->found + m->missed);
    }
    const struct plot p = { .title = "Five marks", .x_name = "mean error over eye distance",
                            .y_name = "part of the pictures", .x_high = 0.2, .y_high = 1, .n = 1,
                            .series = { { "lnet", errors, y, m->found } } };
    const enum status s = plot_curves(path, &p);
    memory_free(&y);
    return s;
}

static struct point mean_offset(const struct measuring *m, int mark)
{
    struct point sum = { 0, 0 };
    for (int i = 0; i < m->found; i++) {
        sum.x += m->offsets[i].of[mark].x;
        sum.y += m->offsets[i].of[mark].y;
    }
    const float n = (float) (m->found ? m->found : 1);
    return (struct point){ sum.x / n, sum.y / n };
}

/* A face's mean error, to each mark's sum as well. */
static double error_of(const struct offsets *o, struct point style, double *by_mark)
{
    double sum = 0;
    for (int j = 0; j < FACE_MARKS; j++) {
        const double off = hypot((double) (o->of[j].x - style.x), (double) (o->of[j].y - style.y));
        by_mark[j] += off;
        sum += off;
    }
    return sum / FACE_MARKS;
}

static enum status report(const struct measuring *m, const struct marks_options *o)
{
    static const char *const names[FACE_MARKS] = { "left eye", "right eye", "nose", "left mouth corner",
                                                   "right mouth corner" };
    const int all = m->found + m->missed;
    struct point offset[FACE_MARKS];
    struct point mean = { 0, 0 };
    for (int j = 0; j < FACE_MARKS; j++) {
        offset[j] = mean_offset(m, j);
        mean.x += offset[j].x / FACE_MARKS;
        mean.y += offset[j].y / FACE_MARKS;
    }
    const struct point style = o->restyle ? mean : (struct point){ 0, 0 };
    double sum = 0;
    double by_mark[FACE_MARKS] = { 0 };
    int bad = m->missed;
    if (!all) {
        return fail(BAD_DATA, "no picture has marks");
    }
    double *errors = memory_alloc((size_t) m->found + 1, sizeof *errors);
    if (!errors) {
        return fail(NO_RESOURCE, "no memory for %d errors", m->found);
    }
    for (int i = 0; i < m->found; i++) {
        errors[i] = error_of(&m->offsets[i], style, by_mark);
        sum += errors[i];
        bad += errors[i] > 0.1;
    }
    qsort(errors, (size_t) m->found, sizeof *errors, ascending);
    printf("%-20s %10s %20s %10s\n", "mark", "mean error", "right of the label", "below it");
    for (int j = 0; j < FACE_MARKS; j++) {
        printf("%-20s %10.4f %20.4f %10.4f\n", names[j], by_mark[j] / (m->found ? m->found : 1), (double) offset[j].x,
               (double) offset[j].y);
    }
    printf("%d of %d faces were not found: they count as failures, not in the mean\n", m->missed, all);
    printf("marks lie %.4f to the right of the labels and %.4f below them on the average%s\n", (double) mean.x,
           (double) mean.y, o->restyle ? ", which is taken off" : "");
    const enum status s = o->plot[0] ? draw(m, errors, o->plot) : OK;
    memory_free(&errors);
    if (!s) {
        printf("nme=%.4f failure10=%.4f images=%d missed=%d\n", sum / (m->found ? m->found : 1), (double) bad / all,
               all, m->missed);
    }
    return s;
}

enum status eval_marks(int n_words, char **words)
{
    struct marks_options o;
    struct detector_options d;
    const struct option_group groups[] = { { "marks", "what is measured", table, &o },
                                           { "detect", "the detector", detector_option_table, &d } };
    struct arena *texts = arena_create();
    struct measuring *m = memory_alloc(1, sizeof *m);
    option_defaults(table, &o);
    option_defaults(detector_option_table, &d);
    enum status s = m ? eval_words(groups, 2, n_words, words, texts) : fail(NO_RESOURCE, "no memory");
    if (!s) {
        s = scene_source_open(&m->table, &o.source, true);
    }
    if (!s) {
        nets_set_threads(1); /* products of crops are too small to share */
        s = detector_open(&m->detector, &d);
    }
    if (!s) {
        s = scene_source_each(&m->table, &o.source, see_scene, m);
    }
    progress_clear();
    if (!s) {
        s = report(m, &o);
    }
    if (m) {
        detector_close(&m->detector);
        scene_table_close(&m->table);
        memory_free(&m->offsets);
    }
    memory_free(&m);
    arena_free(&texts);
    return s;
}
