/* SPDX-License-Identifier: MIT
 * How fast the nets run and learn on one thread, beside what OpenBLAS reaches in the same minute on a product of
 * 512 cubed: machines are noisy, ratios are not. CSV on standard output. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "nets/gemm.h"
#include "nets/internal.h"
#include "nets/models/models.h"

static double blas_rate(void)
{
    enum { N = 512, TIMES = 12 };
    static float a[N * N], b[N * N], c[N * N];
    double best = 0;
    for (int i = 0; i < TIMES; i++) {
        int64_t t = clock_thread_us();
        gemm(false, false, N, N, N, 1, a, N, b, N, 0, c, N);
        t = clock_thread_us() - t;
        double rate = 2.0 * N * N * N / (double)(t ? t : 1) / 1e3;
        best = rate > best ? rate : best;
    }
    return best;
}

static double multiply_adds(const struct net *n, const struct net_run *r)
{
    double total = 0;
    for (int i = 0; i < n->n_nodes; i++) {
        struct shape built = n->nodes[i].shape, now = r->nodes[i].out.shape;
        if (r->nodes[i].needed && !n->nodes[i].loss) /* of all positions of this picture size */
            total += (double)n->nodes[i].multiply_adds * (double)(now.h * now.w) / (double)(built.h * built.w);
    }
    return total;
}

static void fill(struct net_run *r)
{
    uint64_t seed = 1;
    for (int i = 0; i < r->net->n_nodes; i++) {
        const struct node *d = &r->net->nodes[i];
        struct tensor t = r->nodes[i].out;
        for (size_t k = 0; !d->kind && t.at && k < shape_count(t.shape); k++)
            t.at[k] = strcmp(d->name, "who") ? random_normal(&seed) : (float)(k / 2);
    }
}

static int bench(const char *what, const struct model *m, const void *options, int batch, int h, int w, enum net_use use)
{
    struct net *n = NULL;
    struct net_run *r = NULL;
    struct solver *s = NULL;
    if (net_create(&n, m, options, 1) || net_run_create_sized(&r, n, batch, h, w, use) ||
        solver_create(&s, n, &(struct solver_options){ .rate = 1e-4f, .momentum = 0.9f })) {
        fprintf(stderr, "%s\n", fail_message());
        return 1;
    }
    fill(r);
    double best = 1e30, blas = blas_rate();
    for (int i = 0; i < 12; i++) {
        int64_t t = clock_thread_us();
        if (use == NET_LEARN) {
            net_run_learn(r);
            solver_step(s, (struct net_run *[]){ r }, 1);
        } else {
            net_run_forward(r, 0);
        }
        t = clock_thread_us() - t;
        best = (double)t < best ? (double)t : best;
    }
    double again = blas_rate();
    blas = again > blas ? again : blas;
    /* backward costs about twice the forward */
    double rate = 2 * multiply_adds(n, r) * batch * (use == NET_LEARN ? 3 : 1) / best / 1e3;
    printf("%s,%d,%.3f,%.1f,%.1f,%.1f,%.2f\n", what, batch, best / 1e3, 1e6 * batch / best, rate, blas, rate / blas);
    solver_free(&s);
    net_run_free(&r);
    net_free(&n);
    return 0;
}

int main(void)
{
    struct deepid2_options id;
    struct lnet_options locate;
    option_defaults(model_deepid2.options, &id);
    option_defaults(model_lnet.options, &locate);
    nets_set_threads(1);
    fprintf(stderr, "kernels %s, OpenBLAS %s, one thread, processor time, best of 12\n", kernels_best()->name,
            nets_blas_name());
    printf("what,batch,ms,samples_s,gflops,blas_gflops,ratio\n");
    int bad = 0;
    bad |= bench("deepid2 code", &model_deepid2, &id, 1, 0, 0, NET_INFER);
    bad |= bench("deepid2 code", &model_deepid2, &id, 32, 0, 0, NET_INFER);
    bad |= bench("lnet 320x256", &model_lnet, &locate, 1, 256, 320, NET_INFER);
    bad |= bench("lnet 640x384", &model_lnet, &locate, 1, 384, 640, NET_INFER);
    bad |= bench("lnet 640x480", &model_lnet, &locate, 1, 480, 640, NET_INFER);
    bad |= bench("lnet 1280x736", &model_lnet, &locate, 1, 736, 1280, NET_INFER);
    id.people = 10000;
    id.normalize = true;
    bad |= bench("deepid2 learn", &model_deepid2, &id, 64, 0, 0, NET_LEARN);
    locate.normalize = true;
    bad |= bench("lnet learn 256x256", &model_lnet, &locate, 8, 0, 0, NET_LEARN);
    return bad;
}
