/* SPDX-License-Identifier: MIT
 * Scores of pairs of faces, and what they say of a matcher. */
#include "base/log.h"
#include "base/memory.h"
#include "recognizer/recognizer.h"
#include "train/fit.h"

enum status fit_scores_make(struct fit_scores *s, size_t n, int most)
{
    *s = (struct fit_scores){.same = memory_alloc(n * (size_t)most + 1, sizeof *s->same),
                             .different = memory_alloc(n * (n - 1) / 2 + 1, sizeof *s->different)};
    return s->same && s->different ? OK : fail(NO_RESOURCE, "scores: no memory for the pairs of %zu faces", n);
}

void fit_scores_free(struct fit_scores *s)
{
    memory_free(&s->same);
    memory_free(&s->different);
}

void fit_scores_take(struct fit_scores *s, const int *person, size_t n, int most, fit_score *score, const void *context)
{
    s->n_same = s->n_different = 0;
    for (size_t i = 0; i < n; i++) {
        int of_person = 0;
        for (size_t k = 0; k < i; k++) {
            if (person[i] != person[k])
                s->different[s->n_different++] = score(context, i, k);
            else if (of_person++ < most)
                s->same[s->n_same++] = score(context, i, k);
        }
    }
}

size_t fit_scores_of_groups(float *out, const int *group, size_t n, fit_score *score, const void *context)
{
    size_t pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (group[i] == group[k])
                out[pairs++] = score(context, i, k);
    return pairs;
}

struct rows { const struct recognizer *recognizer; float *at; size_t width; };

static float score(const void *context, size_t i, size_t k)
{
    const struct rows *r = context;
    return recognizer_compare(r->recognizer, r->at + i * r->width, r->at + k * r->width);
}

static enum status make_rows(struct rows *rows, const struct recognizer *r, struct fit_faces f)
{
    *rows = (struct rows){.recognizer = r, .width = ((size_t)recognizer_row(r) + 15) / 16 * 16};
    rows->at = memory_alloc(f.n * rows->width + 1, sizeof *rows->at);
    for (size_t i = 0; rows->at && i < f.n; i++)
        recognizer_prepare(r, &f.faces[i], rows->at + i * rows->width);
    return rows->at ? OK : fail(NO_RESOURCE, "calibration: no memory");
}

/* Strangers of one group are more alike than validation people at large: the tail is theirs. Groups of few count little, as
 * there are few pairs of them. */
static enum status see_strangers(struct fit_calibration *c, const struct recognizer *r, struct fit_faces f, const float *same,
                                 size_t n_same)
{
    struct rows rows;
    size_t n = 0;
    float *scores = memory_alloc(f.n * (f.n + 1) / 2 + 1, sizeof *scores);
    enum status s = make_rows(&rows, r, f);
    if (!s && !scores)
        s = fail(NO_RESOURCE, "calibration: no memory for the pairs of %zu strangers", f.n);
    if (!s) {
        n = fit_scores_of_groups(scores, f.person, f.n, score, &rows);
        log_say(LOG_INFO, NULL, "strangers: faces=%zu pairs=%zu above_1e-2=%.5f above_1e-3=%.5f above_1e-4=%.5f", f.n, n,
                fit_share_above(scores, n, (float)c->tail[1]), fit_share_above(scores, n, (float)c->tail[2]),
                fit_share_above(scores, n, (float)c->tail[3]));
        fit_tail(c, scores, n, same, n_same);
    }
    memory_free(&scores);
    memory_free(&rows.at);
    return s;
}

enum status fit_scores_calibrate(struct fit_calibration *c, const struct recognizer *r, struct fit_faces val,
                                 struct fit_faces strangers, int most)
{
    struct fit_scores scores;
    struct rows rows;
    enum status s = make_rows(&rows, r, val), room = fit_scores_make(&scores, val.n, most);
    if (!s && !(s = room)) {
        fit_scores_take(&scores, val.person, val.n, most, score, &rows);
        s = fit_calibrate(c, scores.same, scores.n_same, scores.different, scores.n_different);
    }
    if (!s && strangers.n > 1)
        s = see_strangers(c, r, strangers, scores.same, scores.n_same);
    memory_free(&rows.at);
    fit_scores_free(&scores);
    return s;
}
