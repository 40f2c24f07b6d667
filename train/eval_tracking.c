/* SPDX-License-Identifier: MIT
 * facetrail eval tracking: one-pass evaluation over sequences of the OTB kind. The first box is given, then the tracker
 * is alone. Frames a second are of this thread's processor time in the tracker: decoding does not count. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "capture/capture.h"
#include "nets/net.h"
#include "tracker/single.h"
#include "train/eval.h"
#include "train/eval_words.h"
#include "train/plot.h"
#include "train/sequences.h"
#include "train/tracking_score.h"

struct tracking_options { const char *sequences, *tracker, *only, *plot; };
#define AT(field) offsetof(struct tracking_options, field)
static const struct option tracking_table[] = {
    {"sequences", OPTION_TEXT, AT(sequences), "", 0, 0, NULL, "folder of OTB sequences"},
    {"tracker", OPTION_TEXT, AT(tracker), "pixels", 0, 0, NULL, "which tracker"},
    {"only", OPTION_TEXT, AT(only), "", 0, 0, NULL, "these sequences only, separated by commas"},
    {"plot", OPTION_TEXT, AT(plot), "", 0, 0, NULL,
     "draw success into this PNG, and precision into the one beside it, NAME-precision.png"},
    {0},
};
#undef AT

enum { PATH = 1024, TRACKER_OPTIONS = 1024 };
struct measuring {
    struct tracking_options options;
    const struct single_kind *kind;
    max_align_t values[TRACKER_OPTIONS / sizeof(max_align_t)]; /* the tracker's options */
    struct sequences sequences;
    struct tracking_score *scores, mean;
    long frames;
    double spent;
};

static enum status find_kind(struct measuring *m, const char *name)
{
    char names[256] = "";
    for (int i = 0; i < single_count(); i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", single_at(i)->name);
    m->kind = single_find(name);
    return m->kind ? OK : fail(BAD_USAGE, "eval tracking: there is no tracker \"%s\"; there are %s", name, names);
}

/* The tracker is read first: its options join the table. */
static enum status read_words(struct measuring *m, int n_words, char **words, struct arena *texts)
{
    const char *name = "pixels";
    for (int i = 0; i < n_words; i++) {
        if (!strcmp(words[i], "--tracker") && i + 1 < n_words)
            name = words[i + 1];
        if (!strncmp(words[i], "--tracker=", 10))
            name = words[i] + 10;
    }
    enum status s = find_kind(m, name);
    if (s)
        return s;
    struct option_group groups[2] = {{"tracking", "", tracking_table, &m->options},
                                     {m->kind->group, m->kind->about, m->kind->options, m->values}};
    int n_groups = m->kind->options ? 2 : 1;
    if (m->kind->options_size > sizeof m->values)
        return fail(NO_RESOURCE, "eval tracking: %s has too many options", m->kind->name);
    for (int i = 0; i < n_groups; i++)
        option_defaults(groups[i].options, groups[i].values);
    s = eval_words(groups, n_groups, n_words, words, texts);
    if (!s && !*m->options.sequences)
        s = fail(BAD_USAGE, "eval tracking wants --sequences DIR");
    return s;
}

/* One frame: the first is given, the others are found. */
static enum status follow(struct measuring *m, void *tracker, struct image im, const struct sequence *q, int i,
                          struct box *box, double *seconds)
{
    enum status s = OK;
    int64_t before = clock_thread_us();
    if (i == 0)
        s = m->kind->start(tracker, im, *box = q->truth[0]);
    else
        m->kind->update(tracker, im, box);
    *seconds += 1e-6 * (double)(clock_thread_us() - before);
    return s ? fail_in(s, "%s", q->name) : OK;
}

static enum status follow_all(struct measuring *m, void *tracker, struct capture *capture, struct frame *frame,
                              const struct sequence *q, struct box *found, double *seconds)
{
    enum status s = OK;
    struct box box = {0};
    for (int i = 0; !s && i < q->n; i++) {
        s = capture_read(capture, frame);
        if (s == END)
            s = fail(BAD_DATA, "%s: has %d frames, its truth %d", q->pictures, i, q->n);
        if (!s)
            s = follow(m, tracker, frame->image, q, i, &box, seconds);
        found[i] = box;
    }
    return s;
}

static enum status run_sequence(struct measuring *m, void *tracker, const struct sequence *q,
                                struct tracking_score *score, double *seconds)
{
    struct capture *capture = NULL;
    struct frame_pool *pool = NULL;
    struct capture_options o;
    option_defaults(capture_option_table, &o);
    o.width = o.height = o.picture_width = 0; /* boxes are pixels of the source */
    struct box *found = memory_alloc((size_t)q->n, sizeof *found);
    enum status s = found ? OK : fail(NO_RESOURCE, "%s: no memory", q->name);
    if (!s)
        s = capture_open(&capture, q->pictures, &o, NULL);
    if (!s)
        s = frame_pool_create(&pool, 1, 1);
    struct frame *frame = s ? NULL : frame_get(pool);
    if (!s)
        s = follow_all(m, tracker, capture, frame, q, found, seconds);
    if (!s)
        tracking_score(score, q->truth, found, q->n);
    if (frame)
        frame_put(pool, frame);
    frame_pool_free(&pool);
    capture_close(&capture);
    memory_free(&found);
    return s;
}

static enum status measure(struct measuring *m)
{
    void *tracker = NULL;
    size_t n = m->sequences.n;
    m->scores = memory_alloc(n, sizeof *m->scores);
    enum status s = m->scores ? OK : fail(NO_RESOURCE, "eval tracking: no memory");
    if (!s)
        s = m->kind->open(&tracker, m->kind->options ? (const void *)m->values : NULL);
    printf("%-20s %7s %12s %8s %10s\n", m->kind->name, "frames", "precision20", "auc", "ms a frame");
    for (size_t i = 0; !s && i < n; i++) {
        const struct sequence *q = &m->sequences.all[i];
        double seconds = 0;
        s = run_sequence(m, tracker, q, &m->scores[i], &seconds);
        if (s)
            break;
        printf("%-20s %7d %12.4f %8.4f %10.3f\n", q->name, q->n, m->scores[i].precision20, m->scores[i].auc,
               1e3 * seconds / q->n);
        fflush(stdout);
        m->frames += q->n;
        m->spent += seconds;
    }
    if (tracker)
        m->kind->close(&tracker);
    tracking_mean(&m->mean, m->scores, (int)n);
    return s;
}

static enum status draw_one(const char *path, const char *title, const char *x_name, const double *x, const double *y,
                            int n, const char *name)
{
    struct plot p = {.title = title, .x_name = x_name, .y_name = "part of the frames",
                     .x_low = 0, .x_high = x[n - 1], .y_low = 0, .y_high = 1, .n = 1};
    p.series[0] = (struct plot_series){.name = name, .x = x, .y = y, .n = n};
    return plot_curves(path, &p);
}

static enum status draw(const struct measuring *m)
{
    char path[PATH], title[128], legend[64];
    double x[TRACKING_PIXELS];
    const char *out = m->options.plot, *dot = strrchr(out, '.');
    int stem = dot && !strchr(dot, '/') ? (int)(dot - out) : (int)strlen(out);
    if (snprintf(path, sizeof path, "%.*s-precision.png", stem, out) >= PATH)
        return fail(BAD_USAGE, "%s: the name is too long", out);
    for (int i = 0; i < TRACKING_OVERLAPS; i++)
        x[i] = (double)i / (TRACKING_OVERLAPS - 1);
    snprintf(title, sizeof title, "Success over %d targets", (int)m->sequences.n);
    snprintf(legend, sizeof legend, "%s: %.3f", m->kind->name, m->mean.auc);
    enum status s = draw_one(out, title, "overlap", x, m->mean.success, TRACKING_OVERLAPS, legend);
    for (int i = 0; i < TRACKING_PIXELS; i++)
        x[i] = i;
    snprintf(title, sizeof title, "Precision over %d targets", (int)m->sequences.n);
    snprintf(legend, sizeof legend, "%s: %.3f", m->kind->name, m->mean.precision20);
    return s ? s : draw_one(path, title, "pixels off", x, m->mean.precision, TRACKING_PIXELS, legend);
}

enum status eval_tracking(int n_words, char **words)
{
    struct measuring m = {.frames = 0};
    struct arena *texts = arena_create();
    enum status s = texts ? read_words(&m, n_words, words, texts) : fail(NO_RESOURCE, "eval tracking: no memory");
    nets_set_threads(1);
    if (!s)
        s = sequences_read(&m.sequences, m.options.sequences, m.options.only);
    if (!s)
        s = measure(&m);
    if (!s && *m.options.plot)
        s = draw(&m);
    if (!s)
        printf("precision20=%.4f auc=%.4f sequences=%d fps=%.2f\n", m.mean.precision20, m.mean.auc,
               (int)m.sequences.n, m.spent > 0 ? (double)m.frames / m.spent : 0);
    memory_free(&m.scores);
    sequences_free(&m.sequences);
    arena_free(&texts);
    return s;
}
