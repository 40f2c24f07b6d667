/* SPDX-License-Identifier: MIT
 * Figures of verification, as LFW's protocol wants them: thresholds chosen on nine folds, tested on the tenth. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "train/verification.h"

static int best_first(const void *a, const void *b)
{
    const struct verification_score *x = a;
    const struct verification_score *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->same > y->same) - (x->same < y->same); /* of equals the strangers first: no luck with ties */
}

/* A copy, best first; missed pairs last. */
static struct verification_score *sorted(const struct verification_score *scores, int n)
{
    struct verification_score *s = memory_alloc((size_t)n + 1, sizeof *s);
    for (int i = 0; s && i < n; i++) {
        s[i] = scores[i];
        if (s[i].missed)
            s[i].score = -INFINITY;
    }
    if (s)
        qsort(s, (size_t)n, sizeof *s, best_first);
    return s;
}

/* The threshold between two scores that is right most often on all folds but one. */
static double choose(const struct verification_score *s, int n, int but)
{
    int right = 0;
    for (int i = 0; i < n; i++)
        right += s[i].fold != but && !s[i].missed && !s[i].same; /* nobody is accepted */
    int best = right;
    double threshold = n ? (double)s[0].score + 1 : 0;
    for (int i = 0; i < n && !s[i].missed; i++) {
        if (s[i].fold != but)
            right += s[i].same ? 1 : -1;
        int next = i + 1;
        while (next < n && s[next].fold == but)
            next++;
        bool end = next >= n || s[next].missed;
        if (s[i].fold != but && right > best && (end || s[next].score < s[i].score)) {
            best = right;
            threshold = end ? (double)s[i].score : 0.5 * ((double)s[i].score + (double)s[next].score);
        }
    }
    return threshold;
}

static void test_fold(struct verification_fold *out, const struct verification_score *s, int n, int fold)
{
    int right = 0;
    out->pairs = 0;
    out->threshold = choose(s, n, fold);
    for (int i = 0; i < n; i++)
        if (s[i].fold == fold) {
            out->pairs++;
            right += !s[i].missed && ((double)s[i].score >= out->threshold) == s[i].same;
        }
    out->accuracy = out->pairs ? (double)right / out->pairs : 0;
}

static double accepted(const struct verification_score *s, int n, int n_same, int most)
{
    int same = 0;
    int different = 0;
    for (int i = 0; i < n && !s[i].missed; i++) {
        different += !s[i].same;
        if (different > most)
            break;
        same += s[i].same;
    }
    return (double)same / n_same;
}

static void sweep(struct verification_figures *out, const struct verification_score *s, int n, int n_same)
{
    int n_different = n - n_same;
    int same = 0;
    int different = 0;
    double area = 0;
    double nearest = 2;
    for (int i = 0; i < n; i++) {
        if (s[i].missed) { /* never accepted: the curve ends in a straight line to (1, 1) */
            area += (n_different - different) * 0.5 * (same + n_same);
            break;
        }
        same += s[i].same;
        different += !s[i].same;
        area += s[i].same ? 0 : same;
        double wrong = (double)different / n_different;
        double refused = 1 - (double)same / n_same;
        if (fabs(wrong - refused) < nearest) {
            nearest = fabs(wrong - refused);
            out->eer = 0.5 * (wrong + refused);
        }
    }
    out->auc = area / ((double)n_same * n_different);
    out->tar_far2 = accepted(s, n, n_same, (int)(1e-2 * n_different));
    out->tar_far3 = accepted(s, n, n_same, (int)(1e-3 * n_different));
}

static void sum_up(struct verification_figures *out, int n_folds)
{
    double square = 0;
    int used = 0;
    for (int f = 0; f < n_folds; f++) {
        used += out->folds[f].pairs > 0;
        out->accuracy += out->folds[f].accuracy;
    }
    out->accuracy /= used ? used : 1;
    for (int f = 0; f < n_folds; f++)
        if (out->folds[f].pairs)
            square += (out->folds[f].accuracy - out->accuracy) * (out->folds[f].accuracy - out->accuracy);
    out->se = used > 1 ? sqrt(square / (used - 1) / used) : 0;
}

enum status verification_measure(struct verification_figures *out, const struct verification_score *scores, int n,
                                 int n_folds)
{
    struct verification_score *s = sorted(scores, n);
    int n_same = 0;
    *out = (struct verification_figures){0};
    if (!s)
        return fail(NO_RESOURCE, "verification: no memory");
    for (int i = 0; i < n; i++) {
        n_same += s[i].same;
        out->missed += s[i].missed;
    }
    if (n_same == 0 || n_same == n) {
        memory_free(&s);
        return fail(BAD_DATA, "verification: %d same and %d different pairs: both kinds are needed", n_same, n - n_same);
    }
    for (int f = 0; f < n_folds; f++)
        test_fold(&out->folds[f], s, n, f);
    sum_up(out, n_folds);
    sweep(out, s, n, n_same);
    memory_free(&s);
    return OK;
}

int verification_roc(double *far, double *tar, int room, const struct verification_score *scores, int n)
{
    struct verification_score *s = sorted(scores, n);
    int n_same = 0;
    int same = 0;
    int different = 0;
    int points = 0;
    for (int i = 0; s && i < n; i++)
        n_same += s[i].same;
    for (int i = 0; s && i < n && !s[i].missed && points < room - 1; i++) {
        same += s[i].same;
        different += !s[i].same;
        if (s[i].same && (i + 1 == n || !s[i + 1].same)) { /* where the curve turns */
            far[points] = (double)different / (n - n_same);
            tar[points++] = (double)same / n_same;
        }
    }
    if (s && points < room) {
        far[points] = 1;
        tar[points++] = 1;
    }
    memory_free(&s);
    return points;
}
