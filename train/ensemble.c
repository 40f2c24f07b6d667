/* SPDX-License-Identifier: MIT
 * The parts of an ensemble: fitted, applied. The file is ensemble_file.c's. */
#include "train/ensemble.h"

#include <string.h>

#include "base/check.h"
#include "base/kernels.h"
#include "base/log.h"
#include "base/memory.h"
#include "nets/gemm.h"

enum { CHUNK = 512, PAIRS_A_FACE = 20 };

enum status ensemble_create(struct ensemble *e)
{
    *e = (struct ensemble){ .parts = memory_alloc(ENSEMBLE_PARTS, sizeof *e->parts) };
    return e->parts ? OK : fail(NO_RESOURCE, "ensemble: no memory");
}

static void free_part(struct ensemble_part *p)
{
    pca_free(&p->pca);
    joint_bayes_free(&p->joint);
}

void ensemble_keep_voting(struct ensemble *e)
{
    int kept = 0;
    for (int i = 0; i < e->n_parts; i++)
        if (e->parts[i].votes)
            e->parts[kept++] = e->parts[i];
        else
            free_part(&e->parts[i]);
    e->n_parts = kept;
}

void ensemble_free(struct ensemble *e)
{
    for (int i = 0; i < e->n_parts; i++)
        free_part(&e->parts[i]);
    memory_free(&e->parts);
    *e = (struct ensemble){ 0 };
}

static float dot(const float *a, const float *b, int n)
{
    return kernels_best()->dot(a, b, (size_t)n);
}

static int set_size(uint64_t set, const struct members *m)
{
    int size = 0;
    for (int i = 0; i < m->n; i++)
        size += set >> i & 1 ? m->at[i].size : 0;
    return size;
}

/* The set's members of n joined codes. */
static void take_members(float *out, uint64_t set, const struct members *m, const float *joined, size_t stride, size_t n)
{
    for (size_t row = 0; row < n; row++) {
        const float *from = joined + row * stride;
        for (int i = 0; i < m->n; i++) {
            size_t size = (size_t)m->at[i].size;
            if (set >> i & 1) {
                memcpy(out, from, size * sizeof *out);
                out += size;
            }
            from += size;
        }
    }
}

/* The components of the set's joined codes; *out is the caller's. */
static enum status cut(float **out, const struct ensemble_part *p, const struct members *m, struct variances_codes codes)
{
    float *own = memory_alloc(codes.n * (size_t)p->pca.d, sizeof *own);
    *out = memory_alloc(codes.n * (size_t)p->pca.k, sizeof **out);
    enum status s = own && *out ? OK : fail(NO_RESOURCE, "%s: no memory", p->name);
    if (!s) {
        take_members(own, p->set, m, codes.codes, (size_t)m->size, codes.n);
        s = pca_apply(&p->pca, *out, own, codes.n);
    }
    memory_free(&own);
    return s;
}

static enum status find_components(struct ensemble_part *p, const struct members *m, struct variances_codes learnt,
                                   int components)
{
    int size = set_size(p->set, m);
    float *own = memory_alloc(learnt.n * (size_t)size, sizeof *own);
    enum status s = own ? OK : fail(NO_RESOURCE, "%s: no memory", p->name);
    if (!s) {
        take_members(own, p->set, m, learnt.codes, (size_t)m->size, learnt.n);
        s = pca_fit(&p->pca, own, learnt.n, size, components);
    }
    memory_free(&own);
    return s;
}

enum status ensemble_fit(struct ensemble_part *p, const struct members *m, struct variances_codes learnt,
                         struct variances_codes apart, int components)
{
    static const float plain = 1;
    float *known = NULL, *strange = NULL;
    struct variances chosen;
    enum status s = find_components(p, m, learnt, components);
    if (!s && !(s = cut(&known, p, m, learnt)) && !(s = cut(&strange, p, m, apart)))
        s = variances_choose(&p->joint, &chosen, &(struct variances_people){ .train = { known, learnt.person, learnt.n },
                                                                             .val = { strange, apart.person, apart.n } },
                             p->pca.k, &plain, 1, PAIRS_A_FACE);
    if (!s)
        log_say(LOG_INFO, NULL, "%s: steep=%g within=%g eer=%.4f", p->name, chosen.steep, chosen.within, chosen.eer);
    p->width = 1;
    memory_free(&known);
    memory_free(&strange);
    return s ? fail_in(s, "%s", p->name) : OK;
}

int ensemble_row(const struct ensemble_part *p)
{
    return 2 * p->pca.k + 1;
}

struct applying { float *own, *cut, *form, *cross, *length, *by_form, *by_cross; };

static enum status make_room(struct applying *w, struct arena *a, const struct ensemble_part *p)
{
    size_t k = (size_t)p->pca.k;
    w->own = arena_alloc(a, CHUNK * (size_t)p->pca.d, sizeof *w->own);
    w->cut = arena_alloc(a, CHUNK * k, sizeof *w->cut);
    w->by_form = arena_alloc(a, CHUNK * k, sizeof *w->by_form);
    w->by_cross = arena_alloc(a, CHUNK * k, sizeof *w->by_cross);
    w->form = arena_alloc(a, k * k, sizeof *w->form);
    w->cross = arena_alloc(a, k * k, sizeof *w->cross);
    w->length = arena_alloc(a, k * k, sizeof *w->length);
    enum status s = arena_seal(a);
    for (size_t i = 0; !s && i < k * k; i++) {
        w->form[i] = (float)p->joint.form[i];
        w->cross[i] = (float)p->joint.cross[i];
        w->length[i] = (float)p->joint.length[i];
    }
    return s;
}

static void fill_rows(float *out, struct applying *w, const struct ensemble_part *p, int n)
{
    int k = p->pca.k;
    for (int i = 0; i < n * k; i++)
        w->cut[i] -= (float)p->joint.mean[i % k];
    joint_bayes_bring(w->cut, w->by_form, w->length, n, k);
    gemm(false, false, n, k, k, 1, w->cut, k, w->form, k, 0, w->by_form, k); /* A and G are symmetric */
    gemm(false, false, n, k, k, 1, w->cut, k, w->cross, k, 0, w->by_cross, k);
    for (int i = 0; i < n; i++, out += 2 * k + 1) {
        const float *x = w->cut + (size_t)i * (size_t)k;
        memcpy(out, x, (size_t)k * sizeof *out);
        memcpy(out + k, w->by_cross + (size_t)i * (size_t)k, (size_t)k * sizeof *out);
        out[2 * k] = dot(x, w->by_form + (size_t)i * (size_t)k, k);
    }
}

enum status ensemble_apply(float *out, const struct ensemble_part *p, const struct members *m, const float *joined,
                           size_t stride, size_t n)
{
    struct applying w;
    struct arena *a = arena_create();
    enum status s = make_room(&w, a, p);
    for (size_t done = 0; !s && done < n; done += CHUNK) {
        size_t now = n - done < CHUNK ? n - done : CHUNK;
        take_members(w.own, p->set, m, joined + done * stride, stride, now);
        if (!(s = pca_apply(&p->pca, w.cut, w.own, now)))
            fill_rows(out + done * (size_t)ensemble_row(p), &w, p, (int)now);
    }
    arena_free(&a);
    return s;
}

/* x'Ax + y'Ay - 2 x'Gy */
float ensemble_score(const struct ensemble_part *p, const float *a, const float *b)
{
    int k = p->pca.k;
    return (a[2 * k] + b[2 * k] - 2 * dot(a, b + k, k) - p->middle) / p->width;
}

float ensemble_fuse(struct net *svm, const float *scores, int n)
{
    size_t size;
    const float *weight = net_weight(svm, "answer.weight", &size);
    CHECK(weight && size == (size_t)n);
    float sum = net_weight(svm, "answer.bias", &size)[0];
    for (int i = 0; i < n; i++)
        sum += weight[i] * scores[i];
    return sum;
}
