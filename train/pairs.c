/* SPDX-License-Identifier: MIT
 * Verification on pairs of stored crops. */
#include "train/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "recognizer/recognizer.h"
#include "train/augment_face.h"

enum { BATCH = 64, FOLDS = 16, CROP = 3 * CROP_W * CROP_H };

struct scored { float score; bool same; int fold; };

struct pair_scorer {
    const struct data *data;
    const struct data_pair *pairs;
    int n;
    struct net_run *run;
    struct patch patch;
    int face, code, size;
    int *faces, n_faces; /* every face that a pair names, once */
    float *codes;        /* [data_count, size], only those filled */
    float *score;
    bool *same;
    int *fold;
};

static int by_score(const void *a, const void *b)
{
    float x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;
    return (x > y) - (x < y);
}

/* Right answers on the fold when the threshold is the best of the other folds. `s` ascends. */
static double fold_accuracy(const struct scored *s, int n, int fold)
{
    /* right(i): pairs 0 .. i - 1 are called different, the others same */
    int others = 0, own = 0, own_n = 0, best = -1, at_best = 0;
    for (int i = 0; i < n; i++) {
        others += s[i].fold != fold && s[i].same;
        own += s[i].fold == fold && s[i].same;
        own_n += s[i].fold == fold;
    }
    for (int i = 0; i <= n; i++) {
        bool between = i == 0 || i == n || s[i].score > s[i - 1].score; /* equal scores get one answer */
        if (between && others > best) {
            best = others;
            at_best = own;
        }
        if (i < n) {
            int change = s[i].same ? -1 : 1;
            *(s[i].fold == fold ? &own : &others) += change;
        }
    }
    return own_n ? (double)at_best / own_n : -1;
}

enum status pair_measure(struct pair_figures *out, const float *score, const bool *same, const int *fold, int n)
{
    struct scored *s = memory_alloc((size_t)n + 1, sizeof *s);
    if (!s)
        return fail(NO_RESOURCE, "pairs: no memory");
    int n_same = 0, folds = 0;
    for (int i = 0; i < n; i++) {
        s[i] = (struct scored){ score[i], same[i], fold[i] };
        n_same += same[i];
    }
    qsort(s, (size_t)n, sizeof *s, by_score);
    *out = (struct pair_figures){ 0 };
    for (int f = 0; f < FOLDS; f++) {
        double a = fold_accuracy(s, n, f);
        out->accuracy += a >= 0 ? a : 0;
        folds += a >= 0;
    }
    out->accuracy /= folds ? folds : 1;
    int n_different = n - n_same, accepted_same = 0, accepted_different = 0;
    double nearest = 2;
    for (int i = n - 1; i >= 0; i--) {
        accepted_same += s[i].same;
        accepted_different += !s[i].same;
        double tar = (double)accepted_same / (n_same ? n_same : 1);
        double far = (double)accepted_different / (n_different ? n_different : 1);
        if (far <= 0.01)
            out->tar_far2 = tar;
        if (fabs(1 - tar - far) < nearest) {
            nearest = fabs(1 - tar - far);
            out->eer = (1 - tar + far) / 2;
        }
    }
    memory_free(&s);
    return OK;
}

float pair_cosine(const float *a, const float *b, int n)
{
    double aa = 1e-20, bb = 1e-20, ab = 0;
    for (int i = 0; i < n; i++) {
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
        ab += (double)a[i] * (double)b[i];
    }
    return (float)(ab / sqrt(aa * bb));
}

static enum status fill(struct pair_scorer *p)
{
    size_t all = (size_t)data_count(p->data), n = (size_t)p->n;
    p->faces = memory_alloc(all, sizeof *p->faces);
    p->codes = memory_alloc(all * (size_t)p->size, sizeof *p->codes);
    p->score = memory_alloc(n, sizeof *p->score);
    p->same = memory_alloc(n, sizeof *p->same);
    p->fold = memory_alloc(n, sizeof *p->fold);
    if (!p->faces || !p->codes || !p->score || !p->same || !p->fold)
        return fail(NO_RESOURCE, "pairs: no memory");
    for (int i = 0; i < p->n; i++)
        p->faces[p->pairs[i].a] = p->faces[p->pairs[i].b] = 1;
    for (size_t i = 0; i < all; i++)
        if (p->faces[i])
            p->faces[p->n_faces++] = (int)i;
    for (int i = 0; i < p->n; i++) {
        p->same[i] = p->pairs[i].same;
        p->fold[i] = p->pairs[i].fold;
    }
    return OK;
}

enum status pair_scorer_create(struct pair_scorer **out, const struct data *d, const struct data_pair *pairs, int n,
                               const struct net *net)
{
    struct pair_scorer *p = memory_alloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return fail(NO_RESOURCE, "pairs: no memory");
    *p = (struct pair_scorer){ .data = d, .pairs = pairs, .n = n,
                               .patch = patch_of(net_model(net), net_options(net)) };
    enum status s;
    if ((s = net_find(net, "face", &p->face)) || (s = net_find(net, "code", &p->code)) ||
        (s = net_run_create(&p->run, net, BATCH, NET_INFER))) {
        pair_scorer_free(&p);
        return s;
    }
    struct shape shape = net_run_at(p->run, p->code).shape;
    p->size = shape.c * shape.h * shape.w;
    if ((s = fill(p))) {
        pair_scorer_free(&p);
        return s;
    }
    *out = p;
    return OK;
}

/* Codes of faces and their mirror images, averaged, to length 1. */
static void describe(struct pair_scorer *p, const int *faces, int n)
{
    struct tensor in = net_run_at(p->run, p->face), code = net_run_at(p->run, p->code);
    for (int i = 0; i < n; i++) {
        augment_nothing(in.at + (size_t)(2 * i) * CROP, data_image(p->data, faces[i]), &p->patch, false);
        augment_nothing(in.at + (size_t)(2 * i + 1) * CROP, data_image(p->data, faces[i]), &p->patch, true);
    }
    net_run_forward(p->run, 2 * n);
    for (int i = 0; i < n; i++) {
        const float *a = code.at + (size_t)(2 * i) * (size_t)p->size, *b = a + p->size;
        float *to = p->codes + (size_t)faces[i] * (size_t)p->size;
        double square = 1e-20;
        for (int k = 0; k < p->size; k++) {
            to[k] = a[k] + b[k];
            square += (double)to[k] * (double)to[k];
        }
        float scale = (float)(1 / sqrt(square));
        for (int k = 0; k < p->size; k++)
            to[k] *= scale;
    }
}

void pair_scorer_run(struct pair_scorer *p, struct pair_figures *out)
{
    for (int i = 0; i < p->n_faces; i += BATCH / 2)
        describe(p, p->faces + i, p->n_faces - i < BATCH / 2 ? p->n_faces - i : BATCH / 2);
    for (int i = 0; i < p->n; i++) {
        const float *a = p->codes + (size_t)p->pairs[i].a * (size_t)p->size;
        const float *b = p->codes + (size_t)p->pairs[i].b * (size_t)p->size;
        float dot = 0;
        for (int k = 0; k < p->size; k++)
            dot += a[k] * b[k];
        p->score[i] = dot;
    }
    enum status s = pair_measure(out, p->score, p->same, p->fold, p->n);
    CHECK(s == OK);
}

void pair_scorer_free(struct pair_scorer **p)
{
    if (!p || !*p)
        return;
    net_run_free(&(*p)->run);
    memory_free(&(*p)->faces);
    memory_free(&(*p)->codes);
    memory_free(&(*p)->score);
    memory_free(&(*p)->same);
    memory_free(&(*p)->fold);
    memory_free(p);
}
