/* SPDX-License-Identifier: MIT
 * What a layer file supplies, and the graph as the other files of nets/ see it. */
#ifndef FACETRAIL_NETS_INTERNAL_H
#define FACETRAIL_NETS_INTERNAL_H

#include "base/image.h"
#include "base/kernels.h"
#include "base/memory.h"
#include "nets/net.h"

enum { LAYER_PARAMS = 4, LAYER_FROM = 4, PARAM_DIMS = 4, NET_LAYERS = 512 };

enum param_role {
    PARAM_WEIGHT,    /* drawn by fan_in, decays */
    PARAM_BIAS,      /* starts at `initial`, no decay */
    PARAM_STATISTIC, /* starts at `initial`; its "gradient" is (value - what this batch says): a running mean */
    PARAM_FIXED,     /* starts at `initial`; set by the training task, never by the solver */
};

struct layer_param {
    const char *name; /* "weight" */
    int n_dims, dims[PARAM_DIMS];
    enum param_role role;
    int fan_in;
    float initial;
};

struct layer_plan {
    struct shape out;
    int n_params;
    struct layer_param params[LAYER_PARAMS];
    size_t keep;           /* floats remembered from forward to backward, for the whole batch */
    size_t levels;         /* floats that `prepare` fills, in inference */
    size_t scratch;        /* floats used within one call */
    int64_t multiply_adds; /* a sample */
    bool in_place;         /* may write its output over its only input */
    bool in_place_idle;    /* over its first input where nothing is learnt */
    bool reads_out;        /* backward reads the output: the next layer must not write over it */
    bool loss;             /* the output is one number: the weighted loss */
};

/* The next n numbers of scratch, on a cache line: up to SCRATCH_LINE more than asked for. */
enum { SCRATCH_LINE = 16 };
static inline void *scratch_take(float **scratch, size_t n)
{
    float *at = *scratch;
    *scratch += (n + SCRATCH_LINE - 1) / SCRATCH_LINE * SCRATCH_LINE;
    return at;
}

/* n rows of a layer's output from `first` on, counted where in[0]'s first row is row 0; they go to out's rows from `to` on.
 * What would be above or below in[0] counts as 0. */
struct pass_rows { int first, n, to; };

struct pass { /* all that a layer may touch */
    const struct tensor *in;      /* n_in of them */
    const struct tensor *in_grad; /* added to; .at NULL: nobody wants it. May be out_grad itself when in place */
    const bool *in_new;           /* CAN_SET: that gradient holds nothing yet, to be written rather than added to */
    const struct tensor *param;
    const struct tensor *param_grad; /* added to */
    int n_in;
    struct tensor out, out_grad;
    float *keep, *scratch; /* keep: in inference what `prepare` wrote */
    const struct kernels *kernels;
    uint64_t *random;
    bool learning; /* statistics of the batch, dropout */
    bool half;     /* products may round their factors to bfloat16 (kernels->fast_half) */
    bool int8;     /* or to bytes (kernels->fast_int8), where nothing is learnt */
    bool prepared; /* pass.keep holds what `prepare` made of the weights */
    const struct image *picture; /* int8: in[0] is this picture, and not filled; else NULL */
    bool relu;     /* the next layer is an in-place relu that this call does as well (CAN_RELU, CAN_LEARN_RELU) */
    bool pool;     /* and the one after it, a 2x2 maximum: out and out_grad are that one's (CAN_LEARN_POOL) */
    struct pass_rows rows; /* what is wanted of `out`; layers without infer->reach are always asked for all of it */
};

enum layer_can {
    CAN_RELU = 1,       /* forward honours pass.relu when not learning */
    CAN_LEARN_RELU = 2, /* and when learning; backward honours it too */
    CAN_SET = 4,        /* backward honours pass.in_new; for other kinds new gradients are zeroed before */
    CAN_LEARN_POOL = 8, /* when learning, forward and backward honour pass.pool as well */
};

/* Which rows of its input an output row y is made of: from y * stride - above, so many as the kernel is high. */
struct layer_reach { int stride, above, kernel; };

struct layer_infer { /* what a kind can do where nothing is learnt */
    void (*prepare)(const void *options, const struct pass *pass); /* fills pass.keep, with int8 by the weights as levels */
    bool (*pixels)(const void *options);                           /* int8: forward can read pass.picture */
    /* All maps at one place of a sample, instead of forward; pass->out is not touched. */
    void (*place)(const void *options, const struct pass *pass, int sample, int x, int y, float *out);
    /* int8: whether forward honours pass.rows, and what of its input it needs for them. */
    bool (*reach)(const void *options, struct layer_reach *reach);
};

struct layer_kind {
    const char *name, *about;
    size_t options_size;
    unsigned can; /* enum layer_can */
    enum status (*plan)(struct layer_plan *plan, const void *options, const struct shape *in, int n_in);
    void (*forward)(const void *options, const struct pass *pass);
    void (*backward)(const void *options, const struct pass *pass);
    const struct layer_infer *infer; /* NULL: nothing of it */
};

/* nets/layers/layers.c: every kind there is, for the gradient test and `show`. */
extern const struct layer_kind *const layer_kinds[];

struct node {
    const struct layer_kind *kind; /* NULL: an input */
    char *name;
    void *options;
    int n_from, from[LAYER_FROM];
    struct shape shape; /* as built, n = 1 */
    int n_params, first_param;
    int64_t multiply_adds;
    bool keep, places, loss; /* places: net_keep_places; keep as well */
};

struct param {
    char *name; /* "conv1.weight" */
    struct layer_param as;
    size_t at, n; /* in the block of weights */
};

struct net {
    struct arena *arena;
    const struct model *model;
    void *options;
    int n_nodes, n_params, max_nodes, max_params;
    struct node *nodes;
    struct param *params;
    size_t n_weights;
    float *weights;
    struct tensors *file; /* what it was loaded from: notes and checksum; NULL */
};

struct run_node {
    struct tensor out, grad; /* grad.at NULL: none */
    float *keep;
    bool needed, reads_out;
    bool streamed;        /* int8: stream_forward does it */
    bool fused, in_place; /* fused: this relu or pool is done by a layer before it */
    bool in_new[LAYER_FROM];      /* the first of those that write the gradient of that input */
    bool unused;                  /* nobody writes its gradient */
    bool relu_after, pool_after; /* pool_after: `out` and `grad` are the pool's, here and at the relu */
    int64_t spent_us, back_us; /* in forward, in backward passes */
    struct tensor in[LAYER_FROM], in_grad[LAYER_FROM];
    struct tensor param[LAYER_PARAMS], param_grad[LAYER_PARAMS];
};

/* stream.c: layers behind each other that are run some rows at a time. `out` is a window of the layer's output, from its row
 * `base` on, of which rows up to `made` are there; the last step's is all of it. */
enum { STREAM_STEPS = 16 };
struct stream_step { int node, rows, base, made; struct layer_reach reach; struct tensor out; };
struct stream { int n, band; struct stream_step steps[STREAM_STEPS + 1]; }; /* n 0: none; band: rows of the first at a time */

struct net_run {
    struct arena *arena;
    const struct net *net;
    enum net_use use;
    int batch, n;
    struct run_node *nodes;
    float *gradients; /* the shape of net->weights */
    float *scratch;
    uint64_t random;
    bool half, int8, prepared;
    int pictured; /* the input that `picture` is; -1: none */
    struct image picture;
    struct stream stream;
    const struct kernels *kernels;
};

/* Memory for a run that does not come from its arena: zeroed floats, or NULL, which whoever hands it out remembers.
 * `weights` is where the net's weights lie there. No scratch is taken. */
struct run_memory {
    void *from;
    float *(*take)(void *from, size_t n);
    float *weights;
};
/* plan.c: how many times what layer `layer` puts out is read, and by which layer last. */
int net_run_users(const struct net_run *r, int layer, int *last);
/* stream.c: finds such layers and takes their windows; runs them. */
void stream_plan(struct net_run *r, float *(*take)(void *from, size_t n), void *from);
void stream_forward(struct net_run *r);
/* run.c: what layer i of a run may touch. */
struct pass net_run_pass(struct net_run *r, int i, bool learning);
/* plan.c. A NET_FEED run has memory for inputs, kept layers and losses only: they are computed elsewhere. */
enum status net_run_create_in(struct net_run **out, const struct net *n, int batch, enum net_use use,
                              const struct run_memory *memory);
/* solver.c: for whoever steps in the solver's place. */
struct solver_state { float *velocity, *shadow; struct solver_options options; }; /* shadow NULL: no average */
struct solver_state solver_state(const struct solver *s);
void solver_set_norm(struct solver *s, double norm);
/* fold.c: a layer's parameter by name; NULL: it has none of that name. */
const struct param *net_param_of(const struct net *n, const struct node *d, const char *name);
/* build.c */
enum status net_build(struct net **out, const struct model *m, const void *options);
/* Plans node i for given input shapes. */
enum status node_plan(const struct node *node, struct layer_plan *plan, const struct shape *in);
/* weights.c */
void net_draw(struct net *n, uint64_t seed);
/* A shape as text: "40x20x3x3". */
void dims_text(char *out, size_t size, const int *dims, int n);

#endif
