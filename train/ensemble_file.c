/* SPDX-License-Identifier: MIT
 * An ensemble as arrays and notes of the SVM's file: "member.0" = "FILE<tab>CODES", "part.0" = "votes set middle width
 * NAME", and the arrays part.0.mean, .pca, .joint (its mean, A, G and N). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "train/ensemble.h"
#include "train/matrix.h"

enum { KINDS = 3, KEY = 32, VALUE = 2 * MEMBER_TEXT + 8 };
static const char *const kinds[KINDS] = { "mean", "pca", "joint" };

struct writing {
    struct tensors_array *arrays;
    struct tensors_note *notes;
    char (*keys)[KEY], (*values)[VALUE];
    int n_arrays, n_notes, n_keys, n_values;
};

static const char *key(struct writing *w, const char *format, int number, const char *kind)
{
    snprintf(w->keys[w->n_keys], KEY, "%s.%d%s%s", format, number, kind ? "." : "", kind ? kind : "");
    return w->keys[w->n_keys++];
}

/* mean [k], A, G and N [k, k] as floats, one after the other: 3 k + 1 rows of k. */
static float *joint_numbers(struct arena *a, const struct joint_bayes *j)
{
    size_t k = (size_t)j->d, square = k * k;
    float *out = arena_alloc(a, k + 3 * square, sizeof *out);
    if (out)
        matrix_floats(matrix_floats(matrix_floats(matrix_floats(out, j->mean, k), j->form, square), j->cross, square), j->length, square);
    return out;
}

static void add_array(struct writing *w, int part, int kind, int64_t rows, int64_t columns, float *at)
{
    w->arrays[w->n_arrays++] = (struct tensors_array){ .name = key(w, "part", part, kinds[kind]), .type = TENSORS_F32,
                                                       .n_dims = 2, .dims = { rows, columns },
                                                       .n = (size_t)(rows * columns), .at = at };
}

static void add_parts(struct writing *w, const struct ensemble *e, struct arena *a)
{
    for (int i = 0; i < e->members.n; i++) {
        char *value = w->values[w->n_values++];
        snprintf(value, VALUE, "%s\t%s", e->members.at[i].file, e->members.at[i].codes);
        w->notes[w->n_notes++] = (struct tensors_note){ key(w, "member", i, NULL), value };
    }
    for (int i = 0; i < e->n_parts; i++) {
        const struct ensemble_part *p = &e->parts[i];
        char *value = w->values[w->n_values++];
        snprintf(value, VALUE, "%d %" PRIx64 " %.9g %.9g %s", p->votes, p->set, (double)p->middle, (double)p->width,
                 p->name);
        w->notes[w->n_notes++] = (struct tensors_note){ key(w, "part", i, NULL), value };
        add_array(w, i, 0, 1, p->pca.d, p->pca.mean);
        add_array(w, i, 1, p->pca.k, p->pca.d, p->pca.rows);
        add_array(w, i, 2, 3 * p->pca.k + 1, p->pca.k, joint_numbers(a, &p->joint));
    }
}

static bool is_ours(const char *name)
{
    return !strncmp(name, "part.", 5) || !strncmp(name, "member.", 7) || !strcmp(name, "xxh64");
}

static enum status write_all(struct writing *w, const struct ensemble *e, struct arena *a, const struct tensors *file,
                             const char *path)
{
    const struct tensors_note *given;
    int n_given = tensors_notes(file, &given);
    size_t notes = (size_t)(e->members.n + e->n_parts), keys = notes + KINDS * (size_t)e->n_parts;
    w->arrays = arena_alloc(a, (size_t)tensors_count(file) + KINDS * (size_t)e->n_parts, sizeof *w->arrays);
    w->notes = arena_alloc(a, (size_t)n_given + notes, sizeof *w->notes);
    w->keys = arena_alloc(a, keys, sizeof *w->keys);
    w->values = arena_alloc(a, notes, sizeof *w->values);
    if (!w->arrays || !w->notes || !w->keys || !w->values)
        return fail(NO_RESOURCE, "%s: no memory", path);
    for (int i = 0; i < tensors_count(file); i++)
        if (!is_ours(tensors_at(file, i)->name))
            w->arrays[w->n_arrays++] = *tensors_at(file, i);
    for (int i = 0; i < n_given; i++)
        if (!is_ours(given[i].key))
            w->notes[w->n_notes++] = given[i];
    add_parts(w, e, a);
    enum status s = arena_seal(a);
    return s ? s : tensors_write(path, w->arrays, w->n_arrays, w->notes, w->n_notes);
}

enum status ensemble_write(const struct ensemble *e, const char *path)
{
    struct tensors *file = NULL;
    struct writing w = { 0 };
    enum status s = tensors_open(&file, path);
    if (s)
        return s;
    struct arena *a = arena_create();
    s = write_all(&w, e, a, file, path);
    arena_free(&a);
    tensors_close(&file);
    return s;
}

/* rows x columns floats; rows and columns below 0: any, and told. NULL: it is not there or has another size. */
static const float *find(const struct tensors *file, int part, int kind, int64_t *rows, int64_t *columns)
{
    char name[KEY];
    snprintf(name, sizeof name, "part.%d.%s", part, kinds[kind]);
    const struct tensors_array *a = tensors_find(file, name);
    if (!a || a->type != TENSORS_F32 || a->n_dims != 2 || (*rows >= 0 && a->dims[0] != *rows) ||
        (*columns >= 0 && a->dims[1] != *columns) || a->dims[0] < 1 || a->dims[1] < 1)
        return NULL;
    *rows = a->dims[0];
    *columns = a->dims[1];
    return a->at;
}

static enum status read_part(struct ensemble *e, const struct tensors *file, const char *path, const char *text)
{
    int number = e->n_parts, votes = 0, skip = 0;
    struct ensemble_part *p = &e->parts[number];
    int64_t one = 1, d = -1, k = -1;
    const float *mean = find(file, number, 0, &one, &d), *rows = find(file, number, 1, &k, &d);
    int64_t numbers = 3 * k + 1;
    const float *joint = rows && k <= ENSEMBLE_COMPONENTS ? find(file, number, 2, &numbers, &k) : NULL;
    if (!mean || !rows || !joint || sscanf(text, "%d %" SCNx64 " %f %f %n", &votes, &p->set, &p->middle, &p->width, &skip) < 4 ||
        !(p->width > 0))
        return fail(BAD_DATA, "%s: part %d of the ensemble is damaged", path, number);
    size_t wide = (size_t)d, cut = (size_t)k, square = cut * cut;
    p->votes = votes;
    snprintf(p->name, sizeof p->name, "%s", text + skip);
    p->pca = (struct pca){ .d = (int)d, .k = (int)k, .mean = memory_alloc(wide + cut * wide, sizeof(float)) };
    p->joint = (struct joint_bayes){ .d = (int)k, .mean = memory_alloc(cut + 3 * square, sizeof(double)) };
    e->n_parts++;
    if (!p->pca.mean || !p->joint.mean)
        return fail(NO_RESOURCE, "%s: no memory", path);
    p->pca.rows = p->pca.mean + wide;
    memcpy(p->pca.mean, mean, wide * sizeof *mean);
    memcpy(p->pca.rows, rows, cut * wide * sizeof *rows);
    for (size_t i = 0; i < cut + 3 * square; i++)
        p->joint.mean[i] = (double)joint[i];
    p->joint.form = p->joint.mean + cut;
    p->joint.cross = p->joint.form + square;
    p->joint.length = p->joint.cross + square;
    return OK;
}

enum status ensemble_read(struct ensemble *e, const struct tensors *file, const char *path)
{
    char name[KEY];
    enum status s = ensemble_create(e);
    const char *text;
    for (; !s && e->members.n < MEMBERS; e->members.n++) {
        snprintf(name, sizeof name, "member.%d", e->members.n);
        struct member *m = &e->members.at[e->members.n];
        if (!(text = tensors_note(file, name)))
            break;
        size_t n = strcspn(text, "\t");
        if (!text[n] || n >= MEMBER_TEXT)
            return fail(BAD_DATA, "%s: %s is damaged", path, name);
        snprintf(m->file, sizeof m->file, "%.*s", (int)n, text);
        snprintf(m->codes, sizeof m->codes, "%s", text + n + 1);
    }
    while (!s && e->n_parts < ENSEMBLE_PARTS) {
        snprintf(name, sizeof name, "part.%d", e->n_parts);
        if (!(text = tensors_note(file, name)))
            break;
        s = read_part(e, file, path, text);
    }
    if (!s && (!e->members.n || !e->n_parts))
        s = fail(BAD_MATCH, "%s: holds no ensemble", path);
    return s;
}
