/* SPDX-License-Identifier: MIT
 * From a matcher's score to a log likelihood ratio, and from a false match rate to a threshold. The first was
 * measured on the validation people, the second on pairs of strangers of one sex and origin where there are such
 * (train/fit_scores.c); both lie in the notes of the weights file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "recognizer/internal.h"

const struct matcher *matcher_at(int number)
{
    static const struct matcher *const table[] = {&matcher_joint_bayes, &matcher_cosine, &matcher_hamming,
                                                 &matcher_joint_bayes_bits};
    return number >= 0 && number < (int)(sizeof table / sizeof *table) ? table[number] : NULL;
}

/* n finite numbers, nothing else. */
static bool read_numbers(const char *text, float *out, int n)
{
    for (int i = 0; i < n; i++) {
        char *end;
        out[i] = strtof(text, &end);
        if (end == text || !isfinite(out[i]))
            return false;
        text = end;
    }
    return *text == '\0';
}

enum status calibration_load(struct calibration *out, const struct tensors *file, const char *path,
                             const char *matcher)
{
    char key[64];
    float logistic[2];
    snprintf(key, sizeof key, "%s.logistic", matcher);
    const char *line = tensors_note(file, key);
    snprintf(key, sizeof key, "%s.tail", matcher);
    const char *tail = tensors_note(file, key);
    *out = (struct calibration){.factor = 1};
    if (!line || !tail)
        return OK;
    if (!read_numbers(line, logistic, 2) || !read_numbers(tail, out->tail, TAIL) || logistic[0] <= 0)
        return fail(BAD_DATA, "%s: the notes %s.logistic and .tail do not hold a calibration", path, matcher);
    out->known = true;
    out->factor = logistic[0];
    out->shift = logistic[1];
    for (int i = 0; i < TAIL; i++)
        out->tail[i] = out->factor * out->tail[i] + out->shift;
    for (int i = 1; i < TAIL; i++)
        if (out->tail[i] < out->tail[i - 1])
            return fail(BAD_DATA, "%s: the note %s.tail does not rise", path, matcher);
    return OK;
}

double calibration_rate(const struct calibration *c, float score)
{
    int i = 0;
    if (!c->known)
        return 1;
    while (i < TAIL - 2 && c->tail[i + 1] <= score)
        i++;
    double step = (double)c->tail[i + 1] - (double)c->tail[i];
    double at = i + (step > 0 ? ((double)score - (double)c->tail[i]) / step : score < c->tail[i] ? 0 : 1);
    double rate = pow(10, -1 - at);
    return rate > 1 ? 1 : rate < 1e-15 ? 1e-15 : rate;
}

float calibration_threshold(const struct calibration *c, double rate)
{
    double at = -log10(rate < 1e-15 ? 1e-15 : rate > 0.5 ? 0.5 : rate) - 1; /* 0: the first of the tail */
    int i = at < 0 ? 0 : at > TAIL - 2 ? TAIL - 2 : (int)at;
    if (!c->known)
        return 0;
    return (float)(c->tail[i] + (at - i) * ((double)c->tail[i + 1] - (double)c->tail[i]));
}
