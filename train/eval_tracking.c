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
#include "train/tracking_heat.h"
#include "train/tracking_report.h"

struct tracking_options { const char *sequences, *tracker, *only, *plot, *write, *heat; int begin, frames; };
#define AT(field) offsetof(struct tracking_options, field)
static const struct option tracking_table[] = {
    {"sequences", OPTION_TEXT, AT(sequences), "", 0, 0, NULL, "folder of OTB or TLD sequences"},
    {"tracker", OPTION_TEXT, AT(tracker), "pixels", 0, 0, NULL, "which tracker"},
    {"only", OPTION_TEXT, AT(only), "", 0, 0, NULL, "these sequences only, separated by commas"},
    {"begin", OPTION_INT, AT(begin), "1", 1, 1000000, NULL, "the frame whose box is given, in each sequence"},
    {"frames", OPTION_INT, AT(frames), "0", 0, 1000000, NULL, "so many frames of each sequence at most; 0: all"},
    {"plot", OPTION_TEXT, AT(plot), "", 0, 0, NULL,
     "draw success into this PNG, and precision into the one beside it, NAME-precision.png"},
    {"heat", OPTION_TEXT, AT(heat), "", 0, 0, NULL,
     "draw the last frame's search region and what the tracker's heads see there into this PNG (fcnt-paper)"},
    {"write", OPTION_TEXT, AT(write), "", 0, 0, NULL, "a folder for what was found: NAME.txt with x,y,width,height,confidence a frame"},
    {0},
};
#undef AT

struct measuring {
    struct tracking_options options;
    const struct single_kind *kind;
    max_align_t values[SINGLE_OPTIONS / sizeof(max_align_t)]; /* the tracker's options */
    struct sequences sequences;
    struct tracking_score *scores, mean;
    struct tracking_returns returns;
    long frames;
    double spent;
};

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
    enum status s = single_choose(&m->kind, m->values, name);
    if (s)
        return fail_in(s, "eval tracking");
    struct option_group groups[2] = {{"tracking", "", tracking_table, &m->options},
                                     {m->kind->group, m->kind->about, m->kind->options, m->values}};
    int n_groups = m->kind->options ? 2 : 1;
    option_defaults(tracking_table, &m->options);
    s = eval_words(groups, n_groups, n_words, words, texts);
    if (!s && !*m->options.sequences)
        s = fail(BAD_USAGE, "eval tracking wants --sequences DIR");
    return s;
}

/* --begin and --frames: which part of the sequence is run. */
static enum status part_of(const struct measuring *m, const struct sequence *q, int *from, int *to)
{
    *from = m->options.begin - 1;
    *to = m->options.frames && m->options.frames < q->n - *from ? *from + m->options.frames : q->n;
    if (*from >= q->n || q->truth[*from].w <= 0)
        return fail(BAD_USAGE, "%s: there is no target in frame %d, where it is to begin", q->name, m->options.begin);
    return OK;
}

/* What the tracker said of each frame of a part, from its first on. */
struct run { int from, n; struct box *found; float *sure; double seconds; };

/* One frame: the first is given, the others are found. */
static enum status follow(struct measuring *m, void *tracker, struct image im, const struct sequence *q, struct run *r,
                          int i)
{
    enum status s = OK;
    int64_t before = clock_thread_us();
    r->found[i] = i == 0 ? q->truth[r->from] : r->found[i - 1];
    r->sure[i] = 1;
    if (i == 0)
        s = m->kind->start(tracker, im, r->found[i]);
    else
        r->sure[i] = m->kind->update(tracker, im, &r->found[i]);
    r->seconds += 1e-6 * (double)(clock_thread_us() - before);
    return s ? fail_in(s, "%s", q->name) : OK;
}

static enum status follow_all(struct measuring *m, void *tracker, struct capture *capture, struct frame *frame,
                              const struct sequence *q, struct run *r)
{
    enum status s = OK;
    for (int i = 0; !s && i < r->from + r->n; i++) {
        s = capture_read(capture, frame);
        if (s == END)
            s = fail(BAD_DATA, "%s: has %d frames, its truth %d", q->pictures, i, q->n);
        if (!s && i >= r->from)
            s = follow(m, tracker, frame->image, q, r, i - r->from);
    }
    return s;
}

static enum status run_sequence(struct measuring *m, void *tracker, const struct sequence *q,
                                struct tracking_score *score, struct run *r)
{
    struct capture *capture = NULL;
    struct frame_pool *pool = NULL;
    struct capture_options o;
    option_defaults(capture_option_table, &o);
    o.width = o.height = o.picture_width = 0; /* boxes are pixels of the source */
    int to;
    enum status s = part_of(m, q, &r->from, &to);
    r->n = s ? 0 : to - r->from;
    if (!s && (!(r->found = memory_alloc((size_t)r->n, sizeof *r->found)) ||
               !(r->sure = memory_alloc((size_t)r->n, sizeof *r->sure))))
        s = fail(NO_RESOURCE, "%s: no memory", q->name);
    if (!s)
        s = capture_open(&capture, q->pictures, &o, NULL);
    if (!s)
        s = frame_pool_create(&pool, 1, 1);
    struct frame *frame = s ? NULL : frame_get(pool);
    if (!s)
        s = follow_all(m, tracker, capture, frame, q, r);
    if (!s) {
        tracking_score(score, q->truth + r->from, r->found, r->n);
        tracking_count_returns(&m->returns, q->truth + r->from, r->found, r->sure, r->n);
    }
    if (!s && *m->options.write)
        s = tracking_write(m->options.write, q->name, r->found, r->sure, r->n);
    if (!s && *m->options.heat && r->n > 1)
        s = tracking_heat(m->options.heat, m->kind, tracker, frame->image, r->found[r->n - 1]);
    if (frame)
        frame_put(pool, frame);
    frame_pool_free(&pool);
    capture_close(&capture);
    memory_free(&r->found);
    memory_free(&r->sure);
    return s;
}

static enum status measure(struct measuring *m)
{
    void *tracker = NULL;
    size_t n = m->sequences.n;
    m->scores = memory_alloc(n, sizeof *m->scores);
    enum status s = m->scores ? OK : fail(NO_RESOURCE, "eval tracking: no memory");
    if (!s)
        s = m->kind->open(&tracker, m->values);
    printf("%-20s %7s %12s %8s %10s\n", m->kind->name, "frames", "precision20", "auc", "ms a frame");
    for (size_t i = 0; !s && i < n; i++) {
        const struct sequence *q = &m->sequences.all[i];
        struct run r = {0};
        s = run_sequence(m, tracker, q, &m->scores[i], &r);
        if (s)
            break;
        printf("%-20s %7d %12.4f %8.4f %10.3f\n", q->name, r.n, m->scores[i].precision20, m->scores[i].auc,
               1e3 * r.seconds / r.n);
        fflush(stdout);
        m->frames += r.n;
        m->spent += r.seconds;
    }
    if (tracker)
        m->kind->close(&tracker);
    tracking_mean(&m->mean, m->scores, (int)n);
    return s;
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
        s = tracking_draw(m.options.plot, m.kind->name, &m.mean, (int)m.sequences.n);
    if (!s) {
        tracking_print_attributes(&m.sequences, m.scores);
        tracking_print_returns(&m.returns);
        printf("precision20=%.4f auc=%.4f sequences=%d fps=%.2f\n", m.mean.precision20, m.mean.auc,
               (int)m.sequences.n, m.spent > 0 ? (double)m.frames / m.spent : 0);
    }
    memory_free(&m.scores);
    sequences_free(&m.sequences);
    arena_free(&texts);
    return s;
}
