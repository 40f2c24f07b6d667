/* SPDX-License-Identifier: MIT
 * A face against all samples: rows of one contiguous matrix, best person by the mean of the best two samples. */
#include "base/log.h"
#include "base/memory.h"
#include "recognizer/gallery_internal.h"
#include "recognizer/internal.h"

#include <math.h>
#include <string.h>

enum { PAD = 16 }; /* floats: a row begins on 64 bytes */

static bool prepare(const struct gallery *g, const struct recognizer *r)
{
    struct gallery_rows *rows = g->rows;
    if (rows->of == r)
        return true;
    rows->width = ((size_t)recognizer_row(r) + PAD - 1) / PAD * PAD;
    if (memory_grow(&rows->rows, &rows->room, (size_t)g->copy.n_samples * rows->width + PAD, sizeof(float)))
        return false;
    struct face face = {0};
    for (int i = 0; i < g->copy.n_samples; i++) {
        const struct gallery_sample *s = &g->copy.samples[i];
        memcpy(face.code, s->code, (size_t)s->n_code * sizeof *s->code);
        memcpy(face.bits, s->bits, (size_t)(s->n_code + 63) / 64 * sizeof *s->bits);
        recognizer_prepare(r, &face, rows->rows + (size_t)i * rows->width);
    }
    rows->of = r;
    return true;
}

static void consider(struct match *m, int person, float best, float second)
{
    float score = isfinite(second) ? 0.5F * (best + second) : best;
    if (m->person < 0 || score > m->score) {
        /* margin holds the second best person's score until the end */
        m->margin = m->person < 0 ? -INFINITY : m->score;
        m->score = score;
        m->person = person;
    } else if (score > m->margin) {
        m->margin = score;
    }
}

struct match gallery_match(const struct gallery *g, const struct recognizer *r, const struct face *face)
{
    _Alignas(64) float row[RECOGNIZER_ROW];
    struct match m = {-1, 0, 0};
    if (!g->copy.n_samples || !(face->has & FACE_CODED))
        return m;
    if (!prepare(g, r)) {
        log_say(LOG_WARN, NULL, "gallery: no memory for %d samples", g->copy.n_samples);
        return m;
    }
    recognizer_prepare(r, face, row);
    for (int i = 0; i < g->copy.n_samples;) {
        int person = g->copy.samples[i].person;
        float best = -INFINITY;
        float second = -INFINITY;
        for (; i < g->copy.n_samples && g->copy.samples[i].person == person; i++) {
            float s = recognizer_compare(r, row, g->rows->rows + (size_t)i * g->rows->width);
            if (s > best) {
                second = best;
                best = s;
            } else if (s > second) {
                second = s;
            }
        }
        consider(&m, person, best, second);
    }
    /* With one person in the gallery there is no rival: as far as a score can be. */
    m.margin = isfinite(m.margin) ? m.score - m.margin : 100;
    return m;
}
