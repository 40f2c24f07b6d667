/* SPDX-License-Identifier: MIT
 * Verification by an ensemble: one picture through all its nets, every pair through its parts. */
#include "train/verification_ensemble.h"

#include <string.h>

#include "base/memory.h"

bool verification_is_ensemble(const char *path)
{
    struct tensors *file = NULL;
    if (!*path || tensors_open(&file, path))
        return false;
    bool is = tensors_note(file, "member.0") != NULL;
    tensors_close(&file);
    return is;
}

static enum status open_member(struct verification_ensemble *v, int i, const char *path)
{
    struct member *m = &v->e.members.at[i];
    char file[1024];
    member_path(file, sizeof file, path, m->file);
    struct recognizer_options o = { .weights = file, .matcher = MATCH_NONE, .mirror = true, .raw = true };
    enum status s = recognizer_open(&v->members[i], &o);
    if (s)
        return s;
    if (strcmp(recognizer_codes(v->members[i]), m->codes) != 0)
        return fail(BAD_MATCH, "%s: is %s, %s was made with %s", file, recognizer_codes(v->members[i]), path, m->codes);
    m->size = recognizer_code_size(v->members[i]);
    v->e.members.size += m->size;
    return OK;
}

/* Sizes of parts and SVM must follow from the members'. */
static enum status check(struct verification_ensemble *v, const char *path)
{
    size_t inputs;
    for (int i = 0; i < v->e.n_parts; i++) {
        const struct ensemble_part *p = &v->e.parts[i];
        int size = 0;
        for (int k = 0; k < v->e.members.n; k++)
            size += p->set >> k & 1 ? v->e.members.at[k].size : 0;
        if (size != p->pca.d)
            return fail(BAD_DATA, "%s: part \"%s\" takes %d numbers, its members make %d", path, p->name, p->pca.d, size);
        v->n_votes += p->votes;
    }
    if (!net_weight(v->svm, "answer.weight", &inputs) || inputs != (size_t)v->n_votes)
        return fail(BAD_DATA, "%s: %d parts vote, the SVM wants %zu", path, v->n_votes, inputs);
    return OK;
}

enum status verification_ensemble_open(struct verification_ensemble *v, const char *path)
{
    *v = (struct verification_ensemble){ 0 };
    enum status s = net_load(&v->svm, path, "svm");
    if (!s)
        s = ensemble_read(&v->e, net_file(v->svm), path);
    for (int i = 0; !s && i < v->e.members.n; i++)
        s = open_member(v, i, path);
    if (!s)
        s = check(v, path);
    if (s)
        verification_ensemble_close(v);
    return s;
}

void verification_ensemble_close(struct verification_ensemble *v)
{
    for (int i = 0; i < MEMBERS; i++)
        recognizer_close(&v->members[i]);
    ensemble_free(&v->e);
    net_free(&v->svm);
}

static void code(void *state, struct image im, struct face *face, float *row)
{
    struct verification_ensemble *v = state;
    for (int i = 0; i < v->e.members.n; i++) {
        size_t size = (size_t)v->e.members.at[i].size;
        recognizer_describe(v->members[i], im, 1, face, (const int[]){ 0 }, 1);
        memcpy(row, face->code, size * sizeof *row);
        row += size;
    }
}

struct verification_coder verification_ensemble_coder(struct verification_ensemble *v)
{
    return (struct verification_coder){ .state = v, .width = v->e.members.size, .code = code };
}

/* out: a number every `stride`. */
static enum status score_part(float *out, int stride, const struct ensemble_part *p, const struct members *m,
                              const struct verification *v, const struct verification_codes *c)
{
    size_t row = (size_t)ensemble_row(p);
    float *rows = memory_alloc((size_t)v->n_pictures * row, sizeof *rows);
    enum status s = rows ? ensemble_apply(rows, p, m, c->rows, c->width, (size_t)v->n_pictures)
                        : fail(NO_RESOURCE, "verification: no memory");
    for (int i = 0; !s && i < v->n_pairs; i++)
        out[(size_t)i * (size_t)stride] = ensemble_score(p, rows + (size_t)v->pairs[i].a * row,
                                                         rows + (size_t)v->pairs[i].b * row);
    memory_free(&rows);
    return s;
}

enum status verification_ensemble_score(struct verification_score *scores, const struct verification_ensemble *e,
                                        const struct verification *v, const struct verification_codes *c, int part)
{
    bool fuse = part == e->e.n_parts;
    int stride = fuse ? e->n_votes : 1, vote = 0;
    float *all = memory_alloc((size_t)v->n_pairs * (size_t)stride, sizeof *all);
    enum status s = all ? OK : fail(NO_RESOURCE, "verification: no memory");
    for (int i = 0; !s && i < e->e.n_parts; i++)
        if (fuse ? e->e.parts[i].votes : i == part)
            s = score_part(all + vote++, stride, &e->e.parts[i], &e->e.members, v, c);
    for (int i = 0; !s && i < v->n_pairs; i++)
        scores[i].score = fuse ? ensemble_fuse(e->svm, all + (size_t)i * (size_t)stride, stride) : all[i];
    memory_free(&all);
    return s;
}
