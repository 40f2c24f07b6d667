/* SPDX-License-Identifier: MIT
 * Forward-backward greedy selection (papers.md section 3). The paper fits Joint Bayesian anew for every set it tries;
 * here sets are judged by the sum of their members' own scores, which is what Joint Bayesian would say of members that
 * err independently: one fit a candidate instead of hundreds, and what two members have in common still gains nothing. */
#include "train/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct scored { float score; bool same; };

struct selecting {
    const struct select_pairs *pairs;
    float *sum;              /* [n] of the set */
    struct scored *sorted;   /* [n] */
    double best[SELECT_MOST + 1];
    uint64_t *sets;
};

static int ascending(const void *a, const void *b)
{
    float x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;
    return (x > y) - (x < y);
}

/* Of the set's sum and, times `by`, one more candidate. Equal scores count half. */
static double area(struct selecting *s, int candidate, float by)
{
    const struct select_pairs *p = s->pairs;
    const float *more = p->scores + (size_t)candidate * (size_t)p->n;
    for (int i = 0; i < p->n; i++)
        s->sorted[i] = (struct scored){ s->sum[i] + by * more[i], p->same[i] };
    qsort(s->sorted, (size_t)p->n, sizeof *s->sorted, ascending);
    double below = 0, in_order = 0, same = 0;
    for (int i = 0; i < p->n;) {
        int n_same = 0, n_different = 0;
        int next = i;
        for (; next < p->n && s->sorted[next].score <= s->sorted[i].score; next++)
            *(s->sorted[next].same ? &n_same : &n_different) += 1;
        in_order += n_same * (below + 0.5 * n_different);
        below += n_different;
        same += n_same;
        i = next;
    }
    return same > 0 && below > 0 ? in_order / (same * below) : 0;
}

static void change(struct selecting *s, uint64_t *set, int candidate, float by)
{
    const float *more = s->pairs->scores + (size_t)candidate * (size_t)s->pairs->n;
    for (int i = 0; i < s->pairs->n; i++)
        s->sum[i] += by * more[i];
    *set ^= (uint64_t)1 << candidate;
}

/* The candidate whose coming (going) leaves the best set: -1 when there is none. */
static int best_change(struct selecting *s, uint64_t may, float by, double *best)
{
    int found = -1;
    for (int c = 0; c < s->pairs->candidates; c++)
        if (may >> c & 1) {
            double a = area(s, c, by);
            if (found < 0 || a > *best) {
                found = c;
                *best = a;
            }
        }
    return found;
}

static void keep(struct selecting *s, uint64_t set, double how_good)
{
    int n = select_count(set);
    if (!s->sets[n] || how_good > s->best[n]) {
        s->sets[n] = set;
        s->best[n] = how_good;
    }
}

int select_count(uint64_t set)
{
    int n = 0;
    for (; set; set &= set - 1)
        n++;
    return n;
}

enum status select_greedy(uint64_t sets[SELECT_MOST + 1], const struct select_pairs *pairs, uint64_t taken, int most)
{
    struct selecting s = { .pairs = pairs, .sets = sets };
    memset(sets, 0, (SELECT_MOST + 1) * sizeof *sets);
    if (pairs->candidates > SELECT_MOST)
        return fail(BAD_USAGE, "selection: %d candidates, at most %d", pairs->candidates, SELECT_MOST);
    s.sum = memory_alloc((size_t)pairs->n + 1, sizeof *s.sum);
    s.sorted = memory_alloc((size_t)pairs->n + 1, sizeof *s.sorted);
    uint64_t set = 0, all = pairs->candidates == SELECT_MOST ? ~(uint64_t)0 : ((uint64_t)1 << pairs->candidates) - 1;
    while (s.sum && s.sorted && select_count(set) < most) {
        double how_good = 0;
        int come = best_change(&s, all & ~taken & ~set, 1, &how_good);
        if (come < 0)
            break;
        change(&s, &set, come, 1);
        keep(&s, set, how_good);
        for (int n = select_count(set); n > 2; n--) { /* every drop beats a record, so this ends */
            int go = best_change(&s, set, -1, &how_good);
            if (how_good <= s.best[n - 1])
                break;
            change(&s, &set, go, -1);
            keep(&s, set, how_good);
        }
    }
    bool good = s.sum && s.sorted;
    memory_free(&s.sum);
    memory_free(&s.sorted);
    return good ? OK : fail(NO_RESOURCE, "selection: no memory");
}
