/* SPDX-License-Identifier: MIT
 * Mean codes of people. */
#include "train/prototypes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/tensors.h"
#include "train/describe.h"
#include "train/task.h"

static void make_unit(float *row, int n)
{
    double squares = 1e-12;
    for (int i = 0; i < n; i++)
        squares += (double)row[i] * (double)row[i];
    for (int i = 0; i < n; i++)
        row[i] = (float)((double)row[i] / sqrt(squares));
}

/* Faces first, first + 1, ... whose classes' rows are made: their codes are added up. The next face. */
static int add_batch(float *rows, struct recognizer *r, const struct data *d, const int *class_of, const bool *learnt,
                     int first)
{
    struct face faces[DESCRIBE_BATCH];
    int class[DESCRIBE_BATCH], which[DESCRIBE_BATCH], n = 0;
    for (; first < data_count(d) && n < DESCRIBE_BATCH; first++) {
        int of = class_of[data_face(d, first)->index];
        if (of < 0 || learnt[of])
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
                            const char *weights, const bool *learnt)
{
    int n_new = 0;
    struct recognizer *r = NULL;
    struct recognizer_options o = { .weights = weights, .matcher = MATCH_NONE, .false_match_rate = 1e-3F, .half = true,
                                    .raw = true };
    enum status s = recognizer_open(&r, &o);
    if (!s && recognizer_code_size(r) != n_code)
        s = fail(BAD_MATCH, "%s: codes of %d numbers, not %d", weights, recognizer_code_size(r), n_code);
    for (int i = 0; i < n_classes && !s; i++) {
        n_new += !learnt[i];
        if (!learnt[i])
            memset(rows + (size_t)i * (size_t)n_code, 0, (size_t)n_code * sizeof *rows);
    }
    if (!s) {
        log_say(LOG_INFO, NULL, "class weights from=%s people=%d", weights, n_new);
        for (int i = 0; i < data_count(d);)
            i = add_batch(rows, r, d, class_of, learnt, i);
        for (int i = 0; i < n_classes; i++)
            if (!learnt[i])
                make_unit(rows + (size_t)i * (size_t)n_code, n_code);
    }
    recognizer_close(&r);
    return s;
}

static const char people_word[] = "people";

int prototypes_write(const int *people, int n, char *out, int size)
{
    int length = snprintf(out, (size_t)size, "%s", people_word);
    for (int i = 0; i < n && length < size; i++)
        length += snprintf(out + length, (size_t)(size - length), " %d", people[i]);
    return length;
}

/* The next number of such a text, -1: there is none. */
static long next_person(const char **text)
{
    char *end;
    const long person = strtol(*text, &end, 10);
    if (**text != ' ' || end == *text)
        return -1;
    *text = end;
    return person;
}

static bool begins(const char **text)
{
    const size_t length = sizeof people_word - 1;
    if (strncmp(*text, people_word, length) != 0)
        return false;
    *text += length;
    return true;
}

enum status prototypes_check(const int *people, int n, const char **text)
{
    if (!begins(text))
        return OK;
    for (int i = 0; i < n; i++)
        if (next_person(text) != people[i])
            return fail(BAD_MATCH, "the checkpoint has learnt other people, or these in another order: go on with its packs");
    return next_person(text) < 0 ? OK : fail(BAD_MATCH, "the checkpoint has learnt more people: go on with its packs");
}

/* A person and where its row stands. */
struct place { long person; size_t row; };

static int by_person(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    return (p->person > q->person) - (p->person < q->person);
}

/* The rows [n_rows, n_code] of whom `text` tells to their classes. */
static enum status take_rows(float *rows, const int *people, int n_classes, int n_code, const float *from, size_t n_rows,
                             const char *text, bool *learnt)
{
    struct place *places = memory_alloc(n_rows, sizeof *places);
    if (!places)
        return fail(NO_RESOURCE, "no memory for %zu people", n_rows);
    for (size_t i = 0; i < n_rows; i++)
        places[i] = (struct place){ next_person(&text), i };
    qsort(places, n_rows, sizeof *places, by_person);
    for (int i = 0; i < n_classes; i++) {
        const struct place wanted = { people[i], 0 }, *found = bsearch(&wanted, places, n_rows, sizeof wanted, by_person);
        learnt[i] = found;
        if (found)
            memcpy(rows + (size_t)i * (size_t)n_code, from + found->row * (size_t)n_code, (size_t)n_code * sizeof *rows);
    }
    memory_free(&places);
    return OK;
}

enum status prototypes_learnt(float *rows, const int *people, int n_classes, int n_code, const char *checkpoint, bool *learnt)
{
    struct tensors *file = NULL;
    enum status s = tensors_open(&file, checkpoint);
    memset(learnt, 0, (size_t)n_classes * sizeof *learnt);
    if (s)
        return s;
    const struct tensors_array *a = tensors_find(file, "people.weight");
    const char *kept = tensors_note(file, TASK_STATE_NOTE);
    if (a && a->type == TENSORS_F32 && a->n_dims == 2 && a->dims[1] == n_code && kept && begins(&kept))
        s = take_rows(rows, people, n_classes, n_code, a->at, (size_t)a->dims[0], kept, learnt);
    tensors_close(&file);
    return s ? fail_in(s, "%s", checkpoint) : OK;
}
