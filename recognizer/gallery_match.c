/* SPDX-License-Identifier: MIT
 * A face against the people of the gallery. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "recognizer/gallery_internal.h"

/* The samples as search.c wants them; false: no memory. */
static bool prepare(const struct gallery *g, const struct recognizer *r)
{
    struct face face = {.has = FACE_CODED};
    if (search_recognizer(g->search) == r)
        return true;
    if (search_begin(g->search, r, g->copy.n_samples)) {
        log_say(LOG_WARN, NULL, "gallery: no memory for %d samples", g->copy.n_samples);
        return false;
    }
    for (int i = 0; i < g->copy.n_samples; i++) {
        const struct gallery_sample *s = &g->copy.samples[i];
        face.n_code = s->n_code;
        face.quality = s->quality;
        memcpy(face.code, s->code, (size_t)s->n_code * sizeof *s->code);
        memcpy(face.bits, s->bits, (size_t)(s->n_code + 63) / 64 * sizeof *s->bits);
        search_add(g->search, &face, s->person);
    }
    return true;
}

struct match gallery_match(const struct gallery *g, const struct recognizer *r, const struct face *face)
{
    if (!g->copy.n_samples || !(face->has & FACE_CODED) || !prepare(g, r))
        return (struct match){-1, 0, 0};
    return search_best(g->search, face, SEARCH_BY_SIZE);
}

int gallery_comparisons(const struct gallery *g)
{
    enum { SAMPLES_A_CHANCE = 3 };
    double n = 0;
    for (int i = 0; i < g->copy.n_people; i++)
        n += fmax(1, (double)g->copy.people[i].samples / SAMPLES_A_CHANCE);
    return n < INT_MAX ? (int)ceil(n) : INT_MAX;
}

float gallery_threshold(const struct gallery *g, const struct recognizer *r)
{
    return recognizer_threshold(r, gallery_comparisons(g));
}
