/* SPDX-License-Identifier: MIT
 * Verification of covered faces (papers.md section 6): both pictures of a pair are covered, each in its own place. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "train/neurons_study.h"

struct verifying {
    int *row, *faces, n_faces; /* row of each of the data's faces, -1: in no pair; the faces of the rows */
    float *codes[STUDY_LAYERS], *lbp, *score;
    bool *same;
    int *fold;
};

static void free_all(struct verifying *v)
{
    for (int i = 0; i < STUDY_LAYERS; i++)
        memory_free(&v->codes[i]);
    memory_free(&v->row);
    memory_free(&v->faces);
    memory_free(&v->lbp);
    memory_free(&v->score);
    memory_free(&v->same);
    memory_free(&v->fold);
}

static void add_face(struct verifying *v, int face)
{
    if (v->row[face] >= 0)
        return;
    v->row[face] = v->n_faces;
    v->faces[v->n_faces++] = face;
}

static enum status prepare(struct verifying *v, const struct study *s, const struct data_pair *pairs, int n)
{
    size_t all = (size_t)data_count(s->data), count = (size_t)n + 1;
    v->row = memory_alloc(all, sizeof *v->row);
    v->faces = memory_alloc(all, sizeof *v->faces);
    v->score = memory_alloc(count, sizeof *v->score);
    v->same = memory_alloc(count, sizeof *v->same);
    v->fold = memory_alloc(count, sizeof *v->fold);
    if (!v->row || !v->faces || !v->score || !v->same || !v->fold)
        return fail(NO_RESOURCE, "neurons: no memory");
    memset(v->row, 255, all * sizeof *v->row);
    for (int i = 0; i < n; i++) {
        add_face(v, pairs[i].a);
        add_face(v, pairs[i].b);
        v->same[i] = pairs[i].same;
        v->fold[i] = pairs[i].fold;
    }
    v->lbp = memory_alloc((size_t)v->n_faces + 1, LBP_SIZE * sizeof *v->lbp);
    bool enough = v->lbp != NULL;
    for (int k = 0; k < s->n_layers; k++)
        enough &= (v->codes[k] = memory_alloc((size_t)v->n_faces + 1, (size_t)s->layers[k].size * sizeof(float))) != NULL;
    return enough ? OK : fail(NO_RESOURCE, "neurons: no memory");
}

static enum status score(double *accuracy, struct verifying *v, const struct data_pair *pairs, int n, const float *rows,
                         int size, bool chi)
{
    struct pair_figures f;
    for (int i = 0; i < n; i++) {
        const float *a = rows + (size_t)v->row[pairs[i].a] * (size_t)size;
        const float *b = rows + (size_t)v->row[pairs[i].b] * (size_t)size;
        v->score[i] = chi ? -lbp_distance(a, b) : pair_cosine(a, b, size);
    }
    enum status e = pair_measure(&f, v->score, v->same, v->fold, n);
    *accuracy = f.accuracy;
    return e;
}

enum status study_verify(double accuracy[STUDY_WAYS], struct study *s, const struct data_pair *pairs, int n,
                         const struct cover *c)
{
    struct verifying v = { 0 };
    enum status e = prepare(&v, s, pairs, n);
    if (!e)
        study_describe(s, v.faces, v.n_faces, c, v.codes, v.lbp);
    for (int k = 0; !e && k < s->n_layers; k++)
        e = score(&accuracy[k], &v, pairs, n, v.codes[k], s->layers[k].size, false);
    if (!e && !(e = score(&accuracy[STUDY_LBP_COSINE], &v, pairs, n, v.lbp, LBP_SIZE, false)))
        e = score(&accuracy[STUDY_LBP_CHI], &v, pairs, n, v.lbp, LBP_SIZE, true);
    free_all(&v);
    return e;
}
