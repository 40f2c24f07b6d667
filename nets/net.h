/* SPDX-License-Identifier: MIT
 * Build, load, run, learn. A net is a graph and its weights; a net_run is the activations of one user.
 * Shapes are [n, c, h, w], row-major, 32-bit floats.
 *
 * Running:  net_load -> net_run_create(.., NET_INFER) -> fill net_run_at(input) -> net_run_forward -> read
 *           net_run_at(kept layer).
 * Learning: net_create -> net_run_create(.., NET_LEARN), one a worker -> fill inputs, net_run_learn
 *           -> solver_step. */
#ifndef FACETRAIL_NETS_NET_H
#define FACETRAIL_NETS_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/image.h"
#include "base/option.h"
#include "base/status.h"
#include "base/tensors.h"

struct shape { int n, c, h, w; };
struct tensor { struct shape shape; float *at; }; /* contiguous; a view */
size_t shape_count(struct shape s);

struct net_builder; /* keeps its first error; the calls need no checking */
struct layer_kind;
/* shape.n is ignored: the run's batch counts. A name is for net_find and weights; NULL: one is made from the kind. */
int net_input(struct net_builder *b, const char *name, struct shape shape);
int net_add(struct net_builder *b, const struct layer_kind *kind, const char *name, const void *options,
            int n_from, const int *from); /* the new layer's number */
void net_keep(struct net_builder *b, int layer); /* readable after a run; others share memory */
/* The same, but NET_INFER runs do not compute it: what is read of it, with net_run_place, is all it costs there. For a 1x1
 * convolution of which few places matter. */
void net_keep_places(struct net_builder *b, int layer);

struct model { /* one published architecture; nets/models/NAME.c */
    const char *name, *paper;
    const struct option *options; /* width, input size, number of identities ... */
    size_t options_size;
    void (*build)(struct net_builder *b, const void *options);
};
const struct model *model_find(const char *name); /* NULL: none */
int model_count(void);
const struct model *model_at(int i);

struct net;     /* graph and weights. Any number of runs may share one while nobody learns. */
struct net_run; /* activations, gradients and scratch of one user. One thread at a time. */

/* options NULL: the model's defaults. Weights are drawn from the seed (He initialisation). */
enum status net_create(struct net **out, const struct model *m, const void *options, uint64_t seed);
/* Model and options come from the file's notes ("model", "model.maps", ...). `part` is the model's name that the
 * caller wants, or NULL for any; another one is BAD_MATCH. */
enum status net_load(struct net **out, const char *path, const char *part);
/* `notes` (recipe, data, score, date ...) join the notes the net writes itself. */
enum status net_save(const struct net *n, const char *path, const struct tensors_note *notes, int n_notes);
/* The same with further arrays (matchers) and without what only learning needs: the losses' classes. */
enum status net_ship(const struct net *n, const char *path, const struct tensors_array *more, int n_more,
                     const struct tensors_note *notes, int n_notes);
/* net_save with further arrays. */
enum status net_write(const struct net *n, const char *path, const struct tensors_array *more, int n_more,
                      const struct tensors_note *notes, int n_notes);
/* Copies those weights from a file whose names and shapes fit; says how many; for fine-tuning. */
enum status net_borrow(struct net *n, const char *path, int *n_taken);
/* A copy without `normalize` layers: each is folded into the conv or full layer before it. `model` options of the
 * copy have `normalize = no`. The copy computes what `n` computes in inference, to rounding. */
enum status net_fold(struct net **out, const struct net *n);
/* For a net that normalises and has taken its weights from the folded one at `path` (net_borrow): sets its `normalize`
 * layers so that it computes the same on the batch that lies in `run`, a NET_LEARN run of it. How many were set; those
 * that the file has, and those after a layer that it has not, are left alone. */
enum status net_unfold(struct net *n, struct net_run *run, const char *path, int *unfolded);
void net_free(struct net **n);

enum status net_find(const struct net *n, const char *layer, int *number); /* once, at start-up */
struct net_named { const char *layer; int *number; };
enum status net_find_all(const struct net *n, const struct net_named *named); /* up to one without a layer */
/* A weight by name ("verify.margin"), to look at or to set between steps; NULL: none. */
float *net_weight(struct net *n, const char *name, size_t *count);
const struct model *net_model(const struct net *n);
const void *net_options(const struct net *n);       /* the model's options struct */
const char *net_note(const struct net *n, const char *key); /* of the file it was loaded from; NULL: none */
const struct tensors *net_file(const struct net *n); /* NULL: not from a file */
uint64_t net_checksum(const struct net *n);         /* of the file; 0 when not from a file */
size_t net_weights(const struct net *n);            /* how many learnt numbers */
/* One line a layer: name, kind, output shape, weights, multiply-adds a sample. */
void net_print(const struct net *n, FILE *to);

enum net_use { NET_INFER, NET_LEARN, NET_FEED }; /* NET_FEED: nets/internal.h */
/* NET_INFER: only what kept layers need is computed, and buffers are shared by liveness. */
enum status net_run_create(struct net_run **out, const struct net *n, int batch, enum net_use use);
/* Fully convolutional nets: the first input is h x w instead. */
enum status net_run_create_sized(struct net_run **out, const struct net *n, int batch, int h, int w,
                                 enum net_use use);
void net_run_free(struct net_run **r);
struct tensor net_run_at(struct net_run *r, int layer); /* of inputs and layers kept whole (NET_LEARN: of all but those a pool
                                                           * behind them has done away with) */
/* All maps of a net_keep_places layer at (x, y) of a sample of the last run. */
void net_run_place(struct net_run *r, int layer, int sample, int x, int y, float *out);
/* Computes with the first `n` samples of the batch (0: all). Cannot fail, allocates nothing. */
void net_run_forward(struct net_run *r, int n);
/* Forward and backward in training mode; adds to the run's gradients. */
void net_run_learn(struct net_run *r);
/* The value of a loss layer after a run, weighted, averaged over the batch; and the sum of all losses. */
double net_run_loss(struct net_run *r, int layer);
double net_run_total_loss(struct net_run *r);
size_t net_run_bytes(const struct net_run *r);
/* Factors of the shared convolutions' products rounded to bfloat16, where that is faster (false: it is not, and nothing
 * changes); sums, weights and everything else stay floats. */
bool net_run_half(struct net_run *r, bool half);
/* The weights stay as they are from this call on, so that layers may keep what they make of them. NET_INFER runs only. */
void net_run_prepare(struct net_run *r);
/* Fills an input of three maps with a picture, as image_to_planes does. An int8 run may read the pixels instead when it goes
 * forward: they must still be there. */
void net_run_picture(struct net_run *r, int input, struct image im);
/* The same as net_run_half with bytes, where there is a way for them (1x1 kernels; steps over a picture's pixels): inputs in 255 levels from the
 * least to the largest of the layer's input, weights in up to 127 either way from 0, an output each; what comes out are floats.
 * Does net_run_prepare; NET_INFER runs only. */
bool net_run_int8(struct net_run *r, bool int8);
void net_run_set_random(struct net_run *r, uint64_t seed); /* for dropout and noise */
/* Microseconds spent in each layer of forward passes so far, for `eval speed` and benches. */
int64_t net_run_layer_us(const struct net_run *r, int layer);

struct solver_options {
    float rate, momentum, decay; /* decay is not applied to biases and normalisation */
    float clip;                  /* longest gradient (L2 norm over all weights); 0: no limit */
    float average;               /* weight averaging: shadow = average * shadow + (1 - average) * weights; 0: none */
};
struct solver; /* momentum steps: for train/ and the tracker */
enum status solver_create(struct solver **out, struct net *n, const struct solver_options *o);
void solver_set_rate(struct solver *s, float rate);
void solver_reset(struct solver *s); /* forgets the momentum: another task begins */
/* Averages the gradients of the runs in fixed order, steps, sets the runs' gradients to zero. The workers (NULL: the caller
 * alone) share the weights out; the result does not depend on them. */
struct workers;
void solver_step(struct solver *s, struct net_run *const *runs, int n_runs, struct workers *w);
double solver_gradient_norm(const struct solver *s); /* of the last step */
/* Puts the averaged weights into the net (keeps the others inside), or takes them back: for scoring and saving. */
void solver_swap_average(struct solver *s);
void solver_free(struct solver **s);
/* The net, the solver's momentum (and average), and `notes` (step, epoch, random states) in one file. */
enum status solver_save(const struct solver *s, const char *path, const struct tensors_note *notes, int n_notes);
/* Into a net and solver of the same shape. The notes are then read with tensors_note on `file`, if not NULL. */
enum status solver_load(struct solver *s, const char *path, struct tensors **file);

/* One BLAS thread for the callers that are themselves threads; its kernel set ("SkylakeX"). */
void nets_set_threads(int n);
const char *nets_blas_name(void);

#endif
