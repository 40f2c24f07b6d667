/* SPDX-License-Identifier: MIT
 * Mean codes of people. */
#include "train/prototypes.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/tensors.h"
#include "train/describe.h"

static void make_unit(float *row, int n)
{
    double squares = 1e-12;
    for (int i = 0; i < n; i++)
        squares += (double)row[i] * (double)row[i];
    for (int i = 0; i < n; i++)
        row[i] = (float)((double)row[i] / sqrt(squares));
}

/* Faces first, first + 1, ... whose classes' rows are made: their codes are added up. The next face. */
static int add_batch(float *rows, struct recognizer *r, const struct data *d, const int *class_of, int n_learnt, int first)
{
    struct face faces[DESCRIBE_BATCH];
    int class[DESCRIBE_BATCH], which[DESCRIBE_BATCH], n = 0;
    for (; first < data_count(d) && n < DESCRIBE_BATCH; first++) {
        int of = class_of[data_face(d, first)->index];
        if (of < n_learnt)
            continue;
        which[n] = first;
        class[n++] = of;
    }
    describe_faces(r, d, which, n, faces);
    for (int i = 0; i < n; i++) {
        const int n_code = faces[i].n_code;
        float *row = rows + (size_t)class[i] * (size_t)n_code;
        for (int k = 0; k < n_code; k++)
            row[k] += faces[i].code[k];
    }
    return first;
}

enum status prototypes_fill(float *rows, int n_classes, int n_code, const struct data *d, const int *class_of,
                            const char *weights, int n_learnt)
{
    struct recognizer *r = NULL;
    struct recognizer_options o = { .weights = weights, .matcher = MATCH_NONE, .false_match_rate = 1e-3F, .half = true,
                                    .raw = true };
    enum status s = recognizer_open(&r, &o);
    if (!s && recognizer_code_size(r) != n_code)
        s = fail(BAD_MATCH, "%s: codes of %d numbers, not %d", weights, recognizer_code_size(r), n_code);
    if (!s) {
        log_say(LOG_INFO, NULL, "class weights from=%s people=%d", weights, n_classes - n_learnt);
        memset(rows + (size_t)n_learnt * (size_t)n_code, 0, (size_t)(n_classes - n_learnt) * (size_t)n_code * sizeof *rows);
        for (int i = 0; i < data_count(d);)
            i = add_batch(rows, r, d, class_of, n_learnt, i);
        for (int i = n_learnt; i < n_classes; i++)
            make_unit(rows + (size_t)i * (size_t)n_code, n_code);
    }
    recognizer_close(&r);
    return s;
}

enum status prototypes_learnt(float *rows, int n_classes, int n_code, const char *checkpoint, int *n)
{
    struct tensors *file = NULL;
    enum status s = tensors_open(&file, checkpoint);
    *n = 0;
    if (s)
        return s;
    const struct tensors_array *a = tensors_find(file, "people.weight");
    if (a && a->type == TENSORS_F32 && a->n % (size_t)n_code == 0 && a->n <= (size_t)n_classes * (size_t)n_code) {
        memcpy(rows, a->at, a->n * sizeof *rows);
        *n = (int)(a->n / (size_t)n_code);
    }
    tensors_close(&file);
    return OK;
}
