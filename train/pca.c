/* SPDX-License-Identifier: MIT
 * Principal components by subspace iteration on the covariance: joined codes have thousands of numbers, of which a few
 * hundred directions are wanted. What is found is turned into components by the small problem within the subspace. */
#include "train/pca.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "nets/gemm.h"
#include "train/matrix.h"

enum { MORE = 24, ROUNDS = 24, CHUNK = 1024 }; /* MORE: directions beyond those wanted make the last of them exact */

struct finding {
    int d, m;                   /* m: directions that are followed */
    float *covariance;          /* [d, d] */
    float *basis, *next;        /* [m, d] */
    float *chunk;               /* [CHUNK, d] */
    double *small, *turns, *values; /* [m, m], [m, m], [m] */
};

static void take_mean(float *mean, double *sum, const float *codes, size_t n, int d)
{
    memset(sum, 0, (size_t)d * sizeof *sum);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            sum[k] += (double)codes[i * (size_t)d + (size_t)k];
    for (int k = 0; k < d; k++)
        mean[k] = (float)(sum[k] / (double)n);
}

static void centre(float *out, const float *codes, size_t n, const float *mean, int d)
{
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            out[i * (size_t)d + (size_t)k] = codes[i * (size_t)d + (size_t)k] - mean[k];
}

static void gather(struct finding *f, const float *codes, size_t n, const float *mean)
{
    int d = f->d;
    memset(f->covariance, 0, (size_t)d * (size_t)d * sizeof *f->covariance);
    for (size_t done = 0; done < n; done += CHUNK) {
        size_t now = n - done < CHUNK ? n - done : CHUNK;
        centre(f->chunk, codes + done * (size_t)d, now, mean, d);
        gemm(true, false, d, d, (int)now, 1 / (float)n, f->chunk, d, f->chunk, d, 1, f->covariance, d);
    }
}

static double dot(const float *a, const float *b, int d)
{
    double sum = 0;
    for (int k = 0; k < d; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

/* Rows of length 1 at right angles (Gram and Schmidt, twice for the digits). A row that is nothing but the others is
 * drawn anew. */
static void straighten(float *rows, int m, int d, uint64_t *random)
{
    for (int i = 0; i < m; i++) {
        float *x = rows + (size_t)i * (size_t)d;
        double before = sqrt(dot(x, x, d));
        for (int again = 0; again < 2; again++)
            for (int k = 0; k < i; k++) {
                const float *y = rows + (size_t)k * (size_t)d;
                float by = (float)dot(x, y, d);
                for (int j = 0; j < d; j++)
                    x[j] -= by * y[j];
            }
        double length = sqrt(dot(x, x, d));
        if (!(length > 1e-6 * before)) {
            for (int j = 0; j < d; j++)
                x[j] = random_normal(random);
            i--;
            continue;
        }
        for (int j = 0; j < d; j++)
            x[j] = (float)(x[j] / length);
    }
}

static void find(struct finding *f)
{
    int m = f->m, d = f->d;
    uint64_t random = 1;
    for (size_t i = 0; i < (size_t)m * (size_t)d; i++)
        f->basis[i] = random_normal(&random);
    straighten(f->basis, m, d, &random);
    for (int round = 0; m < d && round < ROUNDS; round++) {
        gemm(false, false, m, d, d, 1, f->basis, d, f->covariance, d, 0, f->next, d);
        memcpy(f->basis, f->next, (size_t)m * (size_t)d * sizeof *f->basis);
        straighten(f->basis, m, d, &random);
    }
    gemm(false, false, m, d, d, 1, f->basis, d, f->covariance, d, 0, f->next, d);
    for (int i = 0; i < m; i++)
        for (int k = 0; k < m; k++)
            f->small[(size_t)i * (size_t)m + (size_t)k] = dot(f->next + (size_t)i * (size_t)d,
                                                             f->basis + (size_t)k * (size_t)d, d);
    matrix_symmetric(f->small, m);
    matrix_eigen(f->values, f->turns, f->small, m);
}

static void take_components(struct pca *out, const struct finding *f)
{
    int d = f->d;
    memset(out->rows, 0, (size_t)out->k * (size_t)d * sizeof *out->rows);
    for (int i = 0; i < out->k; i++) {
        float *to = out->rows + (size_t)i * (size_t)d;
        for (int k = 0; k < f->m; k++) {
            float by = (float)f->turns[(size_t)i * (size_t)f->m + (size_t)k];
            for (int j = 0; j < d; j++)
                to[j] += by * f->basis[(size_t)k * (size_t)d + (size_t)j];
        }
        out->parts[i] = (float)f->values[i];
    }
}

enum status pca_fit(struct pca *out, const float *codes, size_t n, int d, int k)
{
    *out = (struct pca){ .d = d, .k = k < d ? k : d };
    size_t wide = (size_t)d, m = (size_t)(out->k + MORE < d ? out->k + MORE : d);
    if (n < 2)
        return fail(BAD_DATA, "principal components: %zu codes", n);
    struct arena *a = arena_create();
    struct finding f = { .d = d, .m = (int)m };
    f.covariance = arena_alloc(a, wide * wide, sizeof *f.covariance);
    f.basis = arena_alloc(a, m * wide, sizeof *f.basis);
    f.next = arena_alloc(a, m * wide, sizeof *f.next);
    f.chunk = arena_alloc(a, CHUNK * wide, sizeof *f.chunk);
    f.small = arena_alloc(a, m * m, sizeof *f.small);
    f.turns = arena_alloc(a, m * m, sizeof *f.turns);
    f.values = arena_alloc(a, m, sizeof *f.values);
    double *sum = arena_alloc(a, wide, sizeof *sum);
    out->mean = memory_alloc(wide + (size_t)out->k * (wide + 1), sizeof *out->mean);
    enum status s = arena_seal(a);
    if (!s && !out->mean)
        s = fail(NO_RESOURCE, "principal components: no memory");
    if (!s) {
        out->rows = out->mean + wide;
        out->parts = out->rows + (size_t)out->k * wide;
        take_mean(out->mean, sum, codes, n, d);
        gather(&f, codes, n, out->mean);
        find(&f);
        take_components(out, &f);
    } else {
        pca_free(out);
    }
    arena_free(&a);
    return s;
}

enum status pca_apply(const struct pca *p, float *out, const float *codes, size_t n)
{
    float *chunk = memory_alloc(CHUNK * (size_t)p->d, sizeof *chunk);
    if (!chunk)
        return fail(NO_RESOURCE, "principal components: no memory");
    for (size_t done = 0; done < n; done += CHUNK) {
        size_t now = n - done < CHUNK ? n - done : CHUNK;
        centre(chunk, codes + done * (size_t)p->d, now, p->mean, p->d);
        gemm(false, true, (int)now, p->k, p->d, 1, chunk, p->d, p->rows, p->d, 0, out + done * (size_t)p->k, p->k);
    }
    memory_free(&chunk);
    return OK;
}

void pca_free(struct pca *p)
{
    memory_free(&p->mean);
    *p = (struct pca){ 0 };
}
