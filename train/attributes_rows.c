/* SPDX-License-Identifier: MIT
 * HOG of ANet's crop, or the codes of the recognizer, each number with mean 0 and deviation 1; then 40 machines. */
#include "train/attributes_rows.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "train/augment_face.h"
#include "train/describe.h"
#include "train/hog.h"
#include "train/svm.h"

enum { PLANE = CROP_W * CROP_H };
static const struct svm_options machine = { .cost = 0.01, .passes = 40, .seed = 1 };

struct rows { int *faces; size_t n; float *x; }; /* x [n, d] */

struct study {
    const struct data *data;
    enum features kind;
    struct recognizer *recognizer;
    size_t d;
    float *mean, *by; /* of the learnt rows */
    float *machines;  /* [40, d + 1] */
};

static void describe_hog(float *out, const struct data *data, int face)
{
    const struct patch patch = { .to_crop = attributes_warp(), .grey = true };
    float crop[3 * PLANE];
    augment_nothing(crop, data_image(data, face), &patch, false);
    hog_describe(out, crop, CROP_W, CROP_H);
}

static void describe_codes(float *out, const struct study *s, const int *faces, size_t n)
{
    struct face told[DESCRIBE_BATCH];
    describe_faces(s->recognizer, s->data, faces, (int)n, told);
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * s->d, told[i].code, s->d * sizeof *out);
}

static enum status describe(struct rows *r, const struct study *s)
{
    if (!(r->x = memory_alloc(r->n * s->d + 1, sizeof *r->x)))
        return fail(NO_RESOURCE, "no memory for %zu faces", r->n);
    for (size_t i = 0; i < r->n; i += DESCRIBE_BATCH) {
        size_t now = r->n - i < DESCRIBE_BATCH ? r->n - i : DESCRIBE_BATCH;
        if (s->kind == FEATURES_CODES)
            describe_codes(r->x + i * s->d, s, r->faces + i, now);
        for (size_t k = 0; k < now && s->kind == FEATURES_HOG; k++)
            describe_hog(r->x + (i + k) * s->d, s->data, r->faces[i + k]);
    }
    return OK;
}

static void find_scale(struct study *s, const struct rows *r)
{
    for (size_t k = 0; k < s->d; k++) {
        double sum = 0, squares = 0, n = (double)r->n;
        for (size_t i = 0; i < r->n; i++) {
            sum += (double)r->x[i * s->d + k];
            squares += (double)r->x[i * s->d + k] * (double)r->x[i * s->d + k];
        }
        s->mean[k] = (float)(sum / n);
        s->by[k] = (float)(1 / sqrt(fmax(squares / n - sum / n * sum / n, 1e-12)));
    }
}

static void scale(const struct study *s, struct rows *r)
{
    for (size_t i = 0; i < r->n * s->d; i++)
        r->x[i] = (r->x[i] - s->mean[i % s->d]) * s->by[i % s->d];
}

static enum status learn(struct study *s, const struct rows *r)
{
    bool *yes = memory_alloc(r->n + 1, sizeof *yes);
    enum status e = yes ? OK : fail(NO_RESOURCE, "no memory for %zu answers", r->n);
    for (int k = 0; !e && k < FACE_ATTRIBUTES; k++) {
        for (size_t i = 0; i < r->n; i++)
            yes[i] = data_face(s->data, r->faces[i])->attributes >> k & 1;
        e = svm_fit(s->machines + (size_t)k * (s->d + 1), r->x, yes, r->n, s->d, &machine);
        progress_show("%d of %d attributes", k + 1, FACE_ATTRIBUTES);
    }
    progress_clear();
    memory_free(&yes);
    return e;
}

static void answer(const struct study *s, const struct rows *r, float *values)
{
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < FACE_ATTRIBUTES; k++)
            values[i * FACE_ATTRIBUTES + k] = svm_value(s->machines + k * (s->d + 1), r->x + i * s->d, s->d);
}

/* What the machines' values mean, from the faces kept apart; then the answers for `asked`. */
static enum status read(const struct study *s, const struct rows *apart, const struct rows *asked, float *out,
                        float rates[FACE_ATTRIBUTES])
{
    struct attributes_scale by[FACE_ATTRIBUTES];
    float *values = memory_alloc(apart->n * FACE_ATTRIBUTES + 1, sizeof *values);
    uint64_t *truth = memory_alloc(apart->n + 1, sizeof *truth);
    enum status e = values && truth ? OK : fail(NO_RESOURCE, "no memory for %zu answers", apart->n);
    if (!e) {
        answer(s, apart, values);
        for (size_t i = 0; i < apart->n; i++)
            truth[i] = data_face(s->data, apart->faces[i])->attributes;
        e = attributes_fit(by, values, truth, apart->n);
    }
    if (!e) {
        answer(s, asked, out);
        for (size_t i = 0; i < asked->n * FACE_ATTRIBUTES; i++)
            out[i] = attributes_probability(&by[i % FACE_ATTRIBUTES], out[i]);
        for (int k = 0; k < FACE_ATTRIBUTES; k++)
            rates[k] = by[k].rate;
    }
    memory_free(&values);
    memory_free(&truth);
    return e;
}

static enum status open_features(struct study *s, const char *weights)
{
    struct recognizer_options o = { .weights = weights, .matcher = MATCH_NONE, .mirror = true };
    enum status e = OK;
    s->d = HOG_SIZE;
    if (s->kind == FEATURES_CODES) {
        if ((e = recognizer_open(&s->recognizer, &o)))
            return e;
        s->d = (size_t)recognizer_code_size(s->recognizer);
    }
    s->mean = memory_alloc(s->d, sizeof *s->mean);
    s->by = memory_alloc(s->d, sizeof *s->by);
    s->machines = memory_alloc(FACE_ATTRIBUTES * (s->d + 1), sizeof *s->machines);
    return s->mean && s->by && s->machines ? OK : fail(NO_RESOURCE, "no memory for %zu features", s->d);
}

static enum status choose(struct rows *learnt, struct rows *apart, const struct data *d, int most)
{
    size_t n = (size_t)data_count(d);
    learnt->faces = memory_alloc(n + 1, sizeof(int));
    apart->faces = memory_alloc(n + 1, sizeof(int));
    if (!learnt->faces || !apart->faces)
        return fail(NO_RESOURCE, "no memory for %zu faces", n);
    for (int i = 0; i < (int)n; i++) {
        const struct data_face *f = data_face(d, i);
        struct rows *to = attributes_apart(f) ? apart : learnt;
        if (f->described && f->split == DATA_TRAIN && (to == apart || !most || to->n < (size_t)most))
            to->faces[to->n++] = i;
    }
    return learnt->n && apart->n ? OK : fail(BAD_DATA, "too few train faces with attributes to learn from");
}

enum status attributes_rows(const struct data *d, enum features kind, const char *weights, int most, const int *faces,
                            size_t n, float *probabilities, float rates[FACE_ATTRIBUTES])
{
    struct study s = { .data = d, .kind = kind };
    struct rows learnt = { 0 }, apart = { 0 }, asked = { .n = n };
    enum status e = choose(&learnt, &apart, d, most);
    asked.faces = memory_alloc(n + 1, sizeof(int));
    if (!e && !asked.faces)
        e = fail(NO_RESOURCE, "no memory for %zu faces", n);
    if (!e)
        memcpy(asked.faces, faces, n * sizeof *faces);
    if (!e && !(e = open_features(&s, weights)) && !(e = describe(&learnt, &s)) && !(e = describe(&apart, &s)) &&
        !(e = describe(&asked, &s))) {
        find_scale(&s, &learnt);
        scale(&s, &learnt);
        scale(&s, &apart);
        scale(&s, &asked);
        if (!(e = learn(&s, &learnt)))
            e = read(&s, &apart, &asked, probabilities, rates);
    }
    struct rows *all[] = { &learnt, &apart, &asked };
    for (int i = 0; i < 3; i++) {
        memory_free(&all[i]->faces);
        memory_free(&all[i]->x);
    }
    memory_free(&s.mean);
    memory_free(&s.by);
    memory_free(&s.machines);
    recognizer_close(&s.recognizer);
    return e;
}
