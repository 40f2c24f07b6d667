/* SPDX-License-Identifier: MIT
 * A name explained: scores, odds, looks, neurons. */
#include "pipeline/why.h"

#include <math.h>
#include <string.h>

#include "pipeline/advice.h"

enum { NEURONS = 6, NEAREST = 5 };

/* Two digits count: "7.4", "47", "2,500", "12,000,000". */
static void number(char out[WHY_ODDS], double n)
{
    double unit = n < 10 ? 0.1 : pow(10, floor(log10(n)) - 1);
    double rounded = round(n / unit) * unit;
    int whole = (int)(rounded + 0.5);
    if (rounded < 9.95)
        snprintf(out, WHY_ODDS, "%.1f", rounded);
    else if (whole < 1000)
        snprintf(out, WHY_ODDS, "%d", whole);
    else if (whole < 1000000)
        snprintf(out, WHY_ODDS, "%d,%03d", whole / 1000, whole % 1000);
    else
        snprintf(out, WHY_ODDS, "%d,%03d,%03d", whole / 1000000, whole / 1000 % 1000, whole % 1000);
}

void why_odds(char out[WHY_ODDS], double rate)
{
    char n[WHY_ODDS];
    number(n, 1 / fmin(fmax(rate, 1e-9), 1));
    if (rate >= 0.5)
        snprintf(out, WHY_ODDS, "nearly all");
    else if (rate > 1e-9)
        snprintf(out, WHY_ODDS, "1 in %.40s", n);
    else
        snprintf(out, WHY_ODDS, "fewer than 1 in 1,000,000,000");
}

/* Rates are 1 everywhere when the matcher is not calibrated. */
static bool is_calibrated(const struct recognizer *r)
{
    return recognizer_false_match_rate(r, 1e30F) < 1;
}

void why_look(FILE *to, const char *name, const struct face *face)
{
    char words[ADVICE_ROOM];
    advice_words(words, face);
    fprintf(to, "  %s: quality %.2f, %s\n", name, (double)face->quality, words);
}

void why_score(FILE *to, const struct recognizer *r, float score, float threshold, int n_comparisons)
{
    char odds[WHY_ODDS];
    char times[WHY_ODDS];
    if (!is_calibrated(r)) {
        fprintf(to, "  score %.2f by %s, threshold %.2f; the matcher is not calibrated: no odds are known\n",
                (double)score, recognizer_matcher(r), (double)threshold);
        return;
    }
    double ratio = fabs((double)score);
    number(times, exp(fmin(ratio, 20)));
    fprintf(to, "  score %.2f by %s: codes like these are %s%s times likelier of %s\n", (double)score,
            recognizer_matcher(r), ratio > 20 ? "more than " : "", times, score >= 0 ? "one person" : "two persons");
    why_odds(odds, recognizer_false_match_rate(r, score));
    fprintf(to, "  of strangers' comparisons %s score more\n", odds);
    why_odds(odds, recognizer_false_match_rate(r, threshold));
    fprintf(to, "  threshold %.2f: %s of strangers' comparisons would pass", (double)threshold, odds);
    if (n_comparisons > 1) {
        why_odds(odds, fmin(1, recognizer_false_match_rate(r, threshold) * n_comparisons));
        fprintf(to, "; with %d comparisons a look, %s of strangers", n_comparisons, odds);
    }
    fprintf(to, "\n");
}

/* The numbers of the largest products, the largest first; returns how many are above zero, at most NEURONS. */
static int largest(int out[NEURONS], const float *products, int n)
{
    int found = 0;
    for (int i = 0; i < n; i++) {
        if (!(products[i] > 0) || (found == NEURONS && products[i] <= products[out[NEURONS - 1]]))
            continue;
        int at = found < NEURONS ? found++ : NEURONS - 1;
        for (; at > 0 && products[out[at - 1]] < products[i]; at--)
            out[at] = out[at - 1];
        out[at] = i;
    }
    return found;
}

void why_neurons(FILE *to, const struct face *a, const struct face *b)
{
    float products[FACE_CODE];
    int top[NEURONS];
    int equal = 0;
    int both = 0;
    double cosine = 0;
    double share = 0;
    int n = a->n_code < b->n_code ? a->n_code : b->n_code;
    for (int i = 0; i < n; i++) {
        unsigned x = (unsigned)(a->bits[i / 64] >> (i % 64)) & 1;
        unsigned y = (unsigned)(b->bits[i / 64] >> (i % 64)) & 1;
        equal += x == y;
        both += x && y;
        products[i] = a->code[i] * b->code[i];
        cosine += (double)products[i];
    }
    int found = largest(top, products, n);
    fprintf(to, "  %d of %d neurons agree whether they fire, %d fire for both; the cosine of the codes is %.2f\n", equal,
            n, both, cosine);
    if (found)
        fprintf(to, "  most of it from neurons");
    for (int i = 0; i < found; i++) {
        fprintf(to, "%s %d (%.3f)", i ? "," : "", top[i], (double)products[top[i]]);
        share += (double)products[top[i]];
    }
    if (found)
        fprintf(to, ": together %.2f\n", share);
}

struct nearest { struct { int sample; float score; } at[NEAREST]; int n, of; };

static struct nearest find_nearest(const struct gallery *g, const struct recognizer *r, int person,
                                   const struct face *face)
{
    struct nearest out = {.n = 0};
    for (int i = 0; i < gallery_samples(g); i++) {
        struct face sample;
        if (gallery_sample(g, i)->person != person)
            continue;
        gallery_sample_face(gallery_sample(g, i), &sample);
        float score = recognizer_score(r, face, &sample);
        out.of++;
        if (out.n == NEAREST && score <= out.at[NEAREST - 1].score)
            continue;
        int at = out.n < NEAREST ? out.n++ : NEAREST - 1;
        for (; at > 0 && out.at[at - 1].score < score; at--)
            out.at[at] = out.at[at - 1];
        out.at[at].sample = i;
        out.at[at].score = score;
    }
    return out;
}

static void say_rival(FILE *to, const struct gallery *g, const struct recognizer *r, int person,
                      const struct face *face, float score, float threshold)
{
    struct match m = gallery_match(g, r, face);
    if (m.person < 0)
        return;
    if (m.person != person)
        fprintf(to, "  %s is nearer: %.2f%s\n", gallery_name(g, m.person), (double)m.score,
                m.score >= threshold ? ", and would be named" : ", also below the threshold");
    else if (gallery_people(g) > 1)
        fprintf(to, "  nobody is nearer; the next is behind by %.2f\n", (double)m.margin);
    if (m.person == person && score >= threshold)
        fprintf(to, "  so the face is named %s\n", gallery_name(g, person));
    else if (m.score < threshold)
        fprintf(to, "  so the face stays unknown\n");
}

float why_person(FILE *to, const struct gallery *g, const struct recognizer *r, int person, const struct face *face)
{
    char odds[WHY_ODDS];
    float score = 0;
    float threshold = gallery_threshold(g, r);
    struct nearest nearest = find_nearest(g, r, person, face);
    gallery_score(g, r, face, person, &score);
    fprintf(to, "the nearest of %d samples\n  %6s  %6s  %7s  %-24s  %s\n", nearest.of, "sample", "score", "quality",
            "strangers that score more", "source");
    for (int i = 0; i < nearest.n; i++) {
        const struct gallery_sample *s = gallery_sample(g, nearest.at[i].sample);
        snprintf(odds, sizeof odds, "not known");
        if (is_calibrated(r))
            why_odds(odds, recognizer_false_match_rate(r, nearest.at[i].score));
        fprintf(to, "  %6lld  %6.2f  %7.2f  %-24s   %s\n", (long long)s->id, (double)nearest.at[i].score,
                (double)s->quality, odds, s->source);
    }
    fprintf(to, "the best two together, weighted by quality\n");
    why_score(to, r, score, threshold, gallery_comparisons(g));
    say_rival(to, g, r, person, face, score, threshold);
    if (nearest.n) {
        struct face sample;
        gallery_sample_face(gallery_sample(g, nearest.at[0].sample), &sample);
        fprintf(to, "the neurons, beside sample %lld\n", (long long)gallery_sample(g, nearest.at[0].sample)->id);
        why_neurons(to, face, &sample);
    }
    return score;
}
