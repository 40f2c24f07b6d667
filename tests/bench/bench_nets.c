/* SPDX-License-Identifier: MIT
 * How fast the nets run and learn on one thread, beside what OpenBLAS reaches in the same minute on a product of
 * 512 cubed: machines are noisy, ratios are not. CSV on standard output.
 * bench_nets [layers] [NAME...]: with the time of each layer; only benches whose name holds one of the names. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/face.h"
#include "base/random.h"
#include "nets/gemm.h"
#include "nets/internal.h"
#include "nets/models/anet_interweaved.h"
#include "nets/models/models.h"

enum { TIMES = 8 };

static double blas_rate(void)
{
    enum { N = 512, PRODUCTS = 12 };
    static float a[N * N], b[N * N], c[N * N];
    double best = 0;
    for (int i = 0; i < PRODUCTS; i++) {
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

static struct image noise(int w, int h)
{
    static uint8_t pixels[1280 * 736 * IMAGE_PIXEL];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof pixels && !pixels[sizeof pixels - 1]; i++)
        pixels[i] = (uint8_t)(random_unit(&seed) * 255 + 1);
    return (struct image){ pixels, w, h, w * IMAGE_PIXEL };
}

/* `bench_nets layers`: forward and backward of each layer, the best of all passes, in ms a batch. */
struct spent { int64_t before[2], best[2]; };
static struct spent spent[NET_LAYERS];

static void note_spent(const struct net_run *r)
{
    for (int i = 0; i < r->net->n_nodes; i++) {
        const int64_t now[2] = { r->nodes[i].spent_us, r->nodes[i].back_us };
        for (int k = 0; k < 2; k++) {
            int64_t d = now[k] - spent[i].before[k];
            spent[i].best[k] = spent[i].before[k] == 0 || d < spent[i].best[k] ? d : spent[i].best[k];
            spent[i].before[k] = now[k];
        }
    }
}

static void print_spent(const struct net_run *r, double blas)
{
    for (int i = 0; i < r->net->n_nodes; i++) {
        const struct node *d = &r->net->nodes[i];
        double adds = (double)d->multiply_adds * r->batch, rate[2];
        for (int k = 0; k < 2; k++) /* backward: two products of that size */
            rate[k] = spent[i].best[k] ? 2 * adds * (k + 1) / (double)spent[i].best[k] / 1e3 / blas : 0;
        if (d->kind)
            printf("  %-16s %-12s %8.2f %5.2f   %8.2f %5.2f\n", d->name, d->kind->name, (double)spent[i].best[0] / 1e3,
                   rate[0], (double)spent[i].best[1] / 1e3, rate[1]);
    }
    memset(spent, 0, sizeof spent);
}

/* Of layers that are read a place at a time, thirty: the cells of some four faces, so of a dozen at all three strides. */
static void read_places(const struct net *n, struct net_run *r)
{
    float out[2 * FACE_MARKS];
    for (int i = 0; i < n->n_nodes; i++)
        for (int k = 0; k < 30 && n->nodes[i].places; k++) {
            struct shape in = r->nodes[n->nodes[i].from[0]].out.shape;
            net_run_place(r, i, 0, 31 * k % in.w, 17 * k % in.h, out);
        }
}

enum factors { FACTORS_FLOAT, FACTORS_HALF, FACTORS_INT8 };

static int bench(const char *what, const struct model *m, const void *options, int batch, int h, int w, enum net_use use,
                 enum factors factors, bool layers)
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
    net_run_half(r, factors >= FACTORS_HALF);
    if (use == NET_INFER)
        net_run_prepare(r);
    if (net_run_int8(r, factors == FACTORS_INT8))
        net_run_picture(r, 0, noise(w, h));
    double best = 1e30, step = 1e30, blas = blas_rate();
    for (int i = 0; i < TIMES; i++) {
        int64_t t = clock_thread_us();
        if (use == NET_LEARN) {
            net_run_learn(r);
            int64_t u = clock_thread_us();
            solver_step(s, (struct net_run *[]){ r }, 1, NULL);
            u = clock_thread_us() - u;
            step = (double)u < step ? (double)u : step;
        } else {
            net_run_forward(r, 0);
            read_places(n, r);
        }
        t = clock_thread_us() - t;
        note_spent(r);
        best = (double)t < best ? (double)t : best;
    }
    double again = blas_rate();
    blas = again > blas ? again : blas;
    static const char *const words_of[] = { "", " half", " int8" };
    /* backward costs about twice the forward */
    double rate = 2 * multiply_adds(n, r) * batch * (use == NET_LEARN ? 3 : 1) / best / 1e3;
    printf("%s%s,%d,%.3f,%.1f,%.1f,%.1f,%.2f\n", what, words_of[factors], batch, best / 1e3, 1e6 * batch / best, rate, blas, rate / blas);
    if (layers) {
        printf("  %-16s %-12s %8s %5s   %8s %5s\n", "layer", "kind", "forward", "ratio", "backward", "ratio");
        print_spent(r, blas);
        printf("  solver step %.2f ms\n", use == NET_LEARN ? step / 1e3 : 0);
    }
    solver_free(&s);
    net_run_free(&r);
    net_free(&n);
    return 0;
}

/* Shifted patches of a crop: one by one (in one batch), and interweaved. */
static int bench_patches(int along)
{
    const int all = along * along;
    struct net *n = NULL;
    struct net_run *r = NULL;
    struct anet_interweaved *a = NULL;
    double best[2] = { 1e30, 1e30 };
    if (net_create(&n, &model_anet, NULL, 1) || net_run_create(&r, n, all, NET_INFER) || anet_interweaved_open(&a, n, along)) {
        fprintf(stderr, "%s\n", fail_message());
        return 1;
    }
    fill(r);
    for (int i = 0; i < 2 * 20; i++) {
        int64_t t = clock_thread_us();
        if (i % 2)
            anet_interweaved_run(a);
        else
            net_run_forward(r, 0);
        t = clock_thread_us() - t;
        best[i % 2] = (double)t < best[i % 2] ? (double)t : best[i % 2];
    }
    printf("anet %d patches,one by one %.3f ms,interweaved %.3f ms,%.2f times as fast\n", all, best[0] / 1e3, best[1] / 1e3,
           best[0] / best[1]);
    anet_interweaved_close(&a);
    net_run_free(&r);
    net_free(&n);
    return 0;
}

static bool wanted(const char *what, int n_words, char **words)
{
    bool any = false;
    for (int i = 1; i < n_words; i++) {
        if (strstr(what, words[i]))
            return true;
        any |= strcmp(words[i], "layers") != 0;
    }
    return !any;
}

int main(int n_words, char **words)
{
    struct deepid2_options id, plus;
    struct lnet_options locate;
    struct marks_options second;
    struct verdict_options verdict;
    bool layers = n_words > 1 && !strcmp(words[1], "layers");
    int bad = 0;
    option_defaults(model_deepid2.options, &id);
    option_defaults(model_deepid2plus.options, &plus);
    option_defaults(model_lnet.options, &locate);
    locate.deeper = 2; /* as configs/train/lnet.conf has it */
    option_defaults(model_marks.options, &second);
    option_defaults(model_verdict.options, &verdict);
    second.normalize = verdict.normalize = false;
    struct deepid2_options id_learn = id, plus_learn = plus, plain;
    struct lnet_options locate_learn = locate;
    locate.normalize = false; /* folded, as it is shipped */
    id_learn.people = plus_learn.people = 10869;
    id_learn.normalize = plus_learn.normalize = locate_learn.normalize = true;
    id_learn.unit = plus_learn.unit = plus_learn.branches = true;
    plain = plus_learn;
    plain.branches = false;
    const struct { const char *what; const struct model *model; const void *options; int batch, h, w; enum net_use use; } all[] = {
        { "deepid2 code", &model_deepid2, &id, 1, 0, 0, NET_INFER },
        { "deepid2 code", &model_deepid2, &id, 32, 0, 0, NET_INFER },
        { "deepid2plus code", &model_deepid2plus, &plus, 1, 0, 0, NET_INFER },
        { "deepid2plus code", &model_deepid2plus, &plus, 32, 0, 0, NET_INFER },
        { "lnet 320x256", &model_lnet, &locate, 1, 256, 320, NET_INFER },
        { "lnet 640x384", &model_lnet, &locate, 1, 384, 640, NET_INFER },
        { "lnet 640x480", &model_lnet, &locate, 1, 480, 640, NET_INFER },
        { "lnet 1280x736", &model_lnet, &locate, 1, 736, 1280, NET_INFER },
        { "marks second look", &model_marks, &second, 16, 0, 0, NET_INFER },
        { "verdict", &model_verdict, &verdict, 16, 0, 0, NET_INFER },
        { "deepid2 learn", &model_deepid2, &id_learn, 64, 0, 0, NET_LEARN },
        { "deepid2 learn", &model_deepid2, &id_learn, 128, 0, 0, NET_LEARN },
        { "deepid2plus learn no branches", &model_deepid2plus, &plain, 64, 0, 0, NET_LEARN },
        { "deepid2plus learn", &model_deepid2plus, &plus_learn, 64, 0, 0, NET_LEARN },
        { "deepid2plus learn", &model_deepid2plus, &plus_learn, 128, 0, 0, NET_LEARN },
        { "lnet learn 256x256", &model_lnet, &locate_learn, 8, 0, 0, NET_LEARN },
    };
    nets_set_threads(1);
    fprintf(stderr, "kernels %s, OpenBLAS %s, one thread, processor time, best of %d\n", kernels_best()->name,
            nets_blas_name(), TIMES);
    setvbuf(stdout, NULL, _IOLBF, 0); /* a bench that is ended has shown what it had */
    printf("what,batch,ms,samples_s,gflops,blas_gflops,ratio\n");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (int f = FACTORS_FLOAT; f <= FACTORS_INT8 && wanted(all[i].what, n_words, words); f++) {
            bool can = f == FACTORS_HALF   ? kernels_best()->fast_half
                       : f == FACTORS_INT8 ? kernels_best()->fast_int8 && all[i].model == &model_lnet && all[i].use == NET_INFER
                                           : true;
            if (can)
                bad |= bench(all[i].what, all[i].model, all[i].options, all[i].batch, all[i].h, all[i].w, all[i].use,
                             (enum factors)f, layers);
        }
    for (int along = 3; along <= 7 && wanted("anet patches", n_words, words); along += 2)
        bad |= bench_patches(along);
    return bad;
}
