/* SPDX-License-Identifier: MIT
 * A face against the people of the gallery. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "recognizer/gallery_internal.h"

void gallery_sample_face(const struct gallery_sample *s, struct face *out)
{
    *out = (struct face){.has = FACE_CODED, .n_code = s->n_code, .quality = s->quality, .person = s->person};
    memcpy(out->code, s->code, (size_t)s->n_code * sizeof *s->code);
    memcpy(out->bits, s->bits, (size_t)(s->n_code + 63) / 64 * sizeof *s->bits);
}

/* The samples as search.c wants them; false: no memory. */
static bool prepare(const struct gallery *g, const struct recognizer *r)
{
    if (search_recognizer(g->search) == r)
        return true;
    if (search_begin(g->search, r, g->copy.n_samples)) {
        log_say(LOG_WARN, NULL, "gallery: no memory for %d samples", g->copy.n_samples);
        return false;
    }
    for (int i = 0; i < g->copy.n_samples; i++) {
        struct face face;
        gallery_sample_face(&g->copy.samples[i], &face);
        search_add(g->search, &face, face.person);
    }
    return true;
}

struct match gallery_match(const struct gallery *g, const struct recognizer *r, const struct face *face)
{
    if (!g->copy.n_samples || !(face->has & FACE_CODED) || !prepare(g, r))
        return (struct match){-1, 0, 0};
    return search_best(g->search, face, SEARCH_BY_SIZE);
}

bool gallery_score(const struct gallery *g, const struct recognizer *r, const struct face *face, int person,
                   float *score)
{
    return prepare(g, r) && search_person(g->search, face, person, score);
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
