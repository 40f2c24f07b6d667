/* SPDX-License-Identifier: MIT
 * facetrail eval verification: are two pictures of one person? LFW's protocol on LFW's files, or on packs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "detector/detector.h"
#include "nets/net.h"
#include "recognizer/recognizer.h"
#include "train/eval.h"
#include "train/plot.h"
#include "train/select.h"
#include "train/verification.h"
#include "train/verification_ensemble.h"
#include "train/verification_groups.h"

struct verification_options { const char *pairs, *images, *plot, *write; bool aligned; };

#define AT(field) offsetof(struct verification_options, field)
static const struct option verification_table[] = {
    {"pairs", OPTION_TEXT, AT(pairs), "", 0, 0, NULL, "LFW's pairs.txt, or a table: fold same packA frameA packB frameB"},
    {"images", OPTION_TEXT, AT(images), "", 0, 0, NULL, "LFW's folder or lfw.mkv; or where the packs lie"},
    {"aligned", OPTION_BOOL, AT(aligned), "no", 0, 0, NULL, "take the marks of the packs' tables, not ours"},
    {"plot", OPTION_TEXT, AT(plot), "", 0, 0, NULL, "draw the ROC into this PNG"},
    {"write", OPTION_TEXT, AT(write), "", 0, 0, NULL, "a row a pair into this file: fold, same, score (-: missed), both pictures"},
    {0},
};
#undef AT

struct measuring {
    struct verification_options options;
    struct recognizer_options recognizer;
    struct detector_options detector;
    struct option_group groups[3];
    struct verification v;
    struct verification_codes codes;
    struct verification_score *scores;
    struct verification_label *labels;
    bool calibrated; /* there is a stored threshold */
    float threshold;
};
enum { GROUPS = 3, NAME = 96, CURVE = 4096 };

/* "--aligned", "--pairs FILE", "--pairs=FILE", "--matcher cosine", "--recognize.matcher cosine". */
static enum status read_word(struct measuring *m, int *i, int n_words, char **words, struct arena *texts)
{
    char name[NAME];
    const char *word = words[*i];
    if (strncmp(word, "--", 2) != 0)
        return fail(BAD_USAGE, "eval verification: \"%s\" is no option; --pairs FILE is needed", word);
    word += 2;
    const char *equals = strchr(word, '=');
    int length = equals ? (int)(equals - word) : (int)strlen(word);
    const char *group = memchr(word, '.', (size_t)length) ? "" : "verification.";
    if (!strncmp(word, "matcher", 7) || !strncmp(word, "weights", 7))
        group = "recognize.";
    if (snprintf(name, sizeof name, "%s%.*s", group, length, word) >= NAME)
        return fail(BAD_USAGE, "eval verification: there is no option --%s", word);
    const struct option_group *owner;
    const struct option *o = option_find(m->groups, GROUPS, name, &owner);
    const char *value = equals ? equals + 1 : "yes";
    bool flag = o && option_is_flag(o);
    if (!equals && !flag && ++*i >= n_words)
        return fail(BAD_USAGE, "eval verification: --%s wants a value", word);
    if (!equals && !flag)
        value = words[*i];
    return option_set(m->groups, GROUPS, name, value, texts);
}

static enum status read_words(struct measuring *m, int n_words, char **words, struct arena *texts)
{
    m->groups[0] = (struct option_group){"verification", "", verification_table, &m->options};
    m->groups[1] = (struct option_group){"recognize", "", recognizer_option_table, &m->recognizer};
    m->groups[2] = (struct option_group){"detect", "", detector_option_table, &m->detector};
    for (int i = 0; i < GROUPS; i++)
        option_defaults(m->groups[i].options, m->groups[i].values);
    for (int i = 0; i < n_words; i++) {
        enum status s = read_word(m, &i, n_words, words, texts);
        if (s)
            return s;
    }
    if (!*m->options.pairs)
        return fail(BAD_USAGE, "eval verification wants --pairs FILE, and --images DIR for LFW's pairs.txt");
    return OK;
}

/* What is known of the pairs before they are compared. */
static enum status make_scores(struct measuring *m)
{
    m->scores = memory_alloc((size_t)m->v.n_pairs, sizeof *m->scores);
    m->labels = memory_alloc((size_t)m->v.n_pictures, sizeof *m->labels);
    if (!m->scores || !m->labels)
        return fail(NO_RESOURCE, "verification: no memory");
    for (int i = 0; i < m->v.n_pairs; i++) {
        const struct verification_pair *p = &m->v.pairs[i];
        m->scores[i] = (struct verification_score){.fold = p->fold, .same = p->same,
                                                   .missed = m->codes.missed[p->a] || m->codes.missed[p->b]};
    }
    return verification_labels(m->labels, &m->v);
}

static enum status encode(struct measuring *m, const struct verification_coder *coder, const char *matcher)
{
    struct detector *d = NULL;
    nets_set_threads(1); /* products of crops are too small to share */
    enum status s = m->options.aligned ? OK : detector_open(&d, &m->detector);
    if (!s)
        s = verification_encode(&m->codes, &m->v, coder, d);
    detector_close(&d);
    if (!s && !(s = make_scores(m)))
        printf("matcher %s, %s, %d pictures, %d pairs\n", matcher,
               m->options.aligned ? "the packs' marks" : "our detector and marks", m->v.n_pictures, m->v.n_pairs);
    return s;
}

static void code_one(void *state, struct image im, struct face *face, float *row)
{
    recognizer_describe(state, im, 1, face, (const int[]){0}, 1);
    recognizer_prepare(state, face, row);
}

static enum status measure_net(struct measuring *m)
{
    struct recognizer *r = NULL;
    enum status s = recognizer_open(&r, &m->recognizer);
    if (s)
        return s;
    struct verification_coder coder = {.state = r, .width = recognizer_row(r), .code = code_one};
    s = encode(m, &coder, recognizer_matcher(r));
    for (int i = 0; !s && i < m->v.n_pairs; i++) {
        const float *rows = m->codes.rows;
        const struct verification_pair *p = &m->v.pairs[i];
        if (!m->scores[i].missed)
            m->scores[i].score = recognizer_compare(r, rows + (size_t)p->a * m->codes.width,
                                                    rows + (size_t)p->b * m->codes.width);
    }
    m->threshold = recognizer_threshold(r, 1);
    m->calibrated = true;
    recognizer_close(&r);
    return s;
}

/* A line for every part; what the SVM says is left in the scores. */
static enum status measure_ensemble(struct measuring *m)
{
    struct verification_ensemble e;
    enum status s = verification_ensemble_open(&e, m->recognizer.weights);
    if (s)
        return s;
    struct verification_coder coder = verification_ensemble_coder(&e);
    if (!(s = encode(m, &coder, "ensemble")))
        printf("%-32s %8s %10s %8s %8s %8s\n", "part", "nets", "accuracy", "se", "auc", "eer");
    for (int i = 0; !s && i <= e.e.n_parts; i++) {
        struct verification_figures f;
        const struct ensemble_part *p = &e.e.parts[i];
        if ((s = verification_ensemble_score(m->scores, &e, &m->v, &m->codes, i)) || i == e.e.n_parts ||
            (s = verification_measure(&f, m->scores, m->v.n_pairs, m->v.n_folds)))
            break;
        printf("%-32s %8d %10.4f %8.4f %8.4f %8.4f\n", p->name, select_count(p->set), f.accuracy, f.se, f.auc, f.eer);
    }
    verification_ensemble_close(&e);
    return s;
}

static enum status measure(struct measuring *m)
{
    enum status s = verification_read(&m->v, m->options.pairs, m->options.images);
    if (s)
        return s;
    return verification_is_ensemble(m->recognizer.weights) ? measure_ensemble(m) : measure_net(m);
}

/* What the shipped threshold does to these pairs. */
static void print_stored(const struct measuring *m)
{
    int n[2] = {0, 0};
    int accepted[2] = {0, 0};
    for (int i = 0; i < m->v.n_pairs; i++) {
        const struct verification_score *s = &m->scores[i];
        n[s->same]++;
        accepted[s->same] += !s->missed && s->score >= m->threshold;
    }
    printf("at the stored threshold %.2f (false match rate %g): %.2f %% of the same and %.3f %% of the different pairs "
           "are accepted\n", (double)m->threshold, (double)m->recognizer.false_match_rate,
           100.0 * accepted[1] / (n[1] ? n[1] : 1), 100.0 * accepted[0] / (n[0] ? n[0] : 1));
}

/* The same thresholds for all: who is refused, who is taken for somebody else. */
static void print_groups(const struct measuring *m, const struct verification_figures *f)
{
    struct verification_group groups[VERIFICATION_GROUPS];
    int n = verification_by_group(groups, &m->v, m->labels, m->scores, f);
    if (n)
        printf("%-30s %6s %10s %10s %12s %12s\n", "both faces", "same", "different", "accuracy", "not matched",
               "false match");
    for (int i = 0; i < n; i++) {
        const struct verification_group *g = &groups[i];
        double refused = (double)g->wrong[1] / g->n[1], taken = (double)g->wrong[0] / g->n[0];
        printf("%-30s %6d %10d %10.4f %12.4f %12.4f\n", g->name, g->n[1], g->n[0], 1 - 0.5 * (refused + taken), refused,
               taken);
    }
}

static void print(const struct measuring *m, const struct verification_figures *f)
{
    printf("%6s %8s %10s %10s\n", "fold", "pairs", "threshold", "accuracy");
    for (int i = 0; i < m->v.n_folds; i++)
        printf("%6d %8d %10.3f %10.4f\n", i, f->folds[i].pairs, f->folds[i].threshold, f->folds[i].accuracy);
    print_groups(m, f);
    if (m->calibrated)
        print_stored(m);
    printf("accuracy=%.4f se=%.4f auc=%.4f eer=%.4f tar_far1e-2=%.4f tar_far1e-3=%.4f pairs=%d missed=%d\n", f->accuracy,
           f->se, f->auc, f->eer, f->tar_far2, f->tar_far3, m->v.n_pairs, m->codes.n_missed);
}

/* Few false matches are what matters: their rate is drawn as its logarithm. */
static enum status draw(const struct measuring *m, const struct verification_figures *f)
{
    char title[128];
    double *far = memory_alloc(2 * CURVE, sizeof *far);
    if (!far)
        return fail(NO_RESOURCE, "verification: no memory");
    int n = verification_roc(far, far + CURVE, CURVE, m->scores, m->v.n_pairs);
    for (int i = 0; i < n; i++)
        far[i] = log10(far[i] > 1e-4 ? far[i] : 1e-4);
    snprintf(title, sizeof title, "Verification, %d pairs: accuracy %.4f", m->v.n_pairs, f->accuracy);
    struct plot p = {.title = title, .x_name = "log10 of the false match rate", .y_name = "true match rate",
                     .x_low = -4, .x_high = 0, .y_low = 0, .y_high = 1, .n = 1};
    p.series[0] = (struct plot_series){.name = "all folds", .x = far, .y = far + CURVE, .n = n};
    enum status s = plot_curves(m->options.plot, &p);
    memory_free(&far);
    return s;
}

static void write_picture(FILE *to, const struct measuring *m, int i, char end)
{
    const struct verification_picture *p = &m->v.pictures[i];
    if (p->name)
        fprintf(to, "%s%c", p->name, end);
    else
        fprintf(to, "%s:%d%c", m->v.packs[p->pack], p->frame, end);
}

static enum status write_pairs(const struct measuring *m)
{
    struct file_write out;
    enum status s = file_create(&out, m->options.write);
    if (s)
        return s;
    fputs("fold\tsame\tscore\tfirst\tsecond\n", out.to);
    for (int i = 0; i < m->v.n_pairs; i++) {
        const struct verification_score *score = &m->scores[i];
        fprintf(out.to, "%d\t%d\t", score->fold, score->same);
        if (score->missed)
            fputs("-\t", out.to);
        else
            fprintf(out.to, "%.4f\t", (double)score->score);
        write_picture(out.to, m, m->v.pairs[i].a, '\t');
        write_picture(out.to, m, m->v.pairs[i].b, '\n');
    }
    return file_commit(&out);
}

enum status eval_verification(int n_words, char **words)
{
    struct measuring m = {.threshold = 0};
    struct verification_figures figures;
    struct arena *texts = arena_create();
    enum status s = texts ? read_words(&m, n_words, words, texts) : fail(NO_RESOURCE, "verification: no memory");
    if (!s)
        s = measure(&m);
    if (!s)
        s = verification_measure(&figures, m.scores, m.v.n_pairs, m.v.n_folds);
    if (!s && *m.options.plot)
        s = draw(&m, &figures);
    if (!s && *m.options.write)
        s = write_pairs(&m);
    if (!s)
        print(&m, &figures);
    memory_free(&m.scores);
    memory_free(&m.labels);
    verification_codes_free(&m.codes);
    verification_free(&m.v);
    arena_free(&texts);
    return s;
}
