/* SPDX-License-Identifier: MIT
 * One struct and one name per kind; zero means the usual. Losses are layers; their output is one number a batch. */
#ifndef FACETRAIL_NETS_LAYERS_LAYERS_H
#define FACETRAIL_NETS_LAYERS_LAYERS_H

#include "nets/net.h"

/* Valid convolution unless pad is set. Weight sharing (papers: shared, locally shared, unshared):
 * grid 0: one kernel everywhere. grid g > 0: outputs are cut into g x g equal regions, each with its own kernels and
 * biases (DeepID's "locally shared"). grid -1: own kernels at every place ("unshared").
 * groups: 0 or 1: all inputs; -1: depthwise, output map i sees input map i only (maps = input maps). */
struct conv { int maps, kernel, stride, pad, grid, groups; bool no_bias; };
struct pool { int kernel, stride; };        /* max; stride 0: kernel. Partial windows at the edge are dropped */
bool pool_halves(const struct pool *o);       /* windows of 2x2, side by side */
struct full { int units; bool no_bias; bool unit_rows; }; /* unit_rows: each row of weights counts with length 1 */
struct normalize { float epsilon, scale; }; /* batch normalisation a map, learnt scale and shift; epsilon 0: 1e-5;
                                               where the scale begins, 0: 1 */
float normalize_epsilon(const struct normalize *o);
struct unit { float scale; };               /* each sample to length `scale` (0: 1) */
struct dropout { float rate; };
struct upsample { int factor; };            /* nearest */
struct scale { float factor, shift; };      /* learnt factor and shift a map; where they begin (factor 0: 1) */
struct average { int unused; };             /* mean over the maps: [n, c, h, w] -> [n, 1, h, w] */
struct softmax_loss { float weight, margin, scale; }; /* from, label. margin is taken from the true class's value
                                               before everything is multiplied by scale (0: 1): with unit_rows and
                                               unit this is the cosine margin softmax */
enum pair_form { PAIR_L2, PAIR_L1, PAIR_COSINE };
enum pair_side { PAIR_BOTH, PAIR_SAME, PAIR_DIFFERENT };
/* from, label: samples 2i and 2i + 1 are a pair. papers.md section 3. The margin is a weight named NAME.margin, not
 * learnt by gradient: the training task resets it. Normalises nothing itself. */
struct pair_loss { float weight, margin; int form, side; };
/* from, target [same shape], mask [same shape]: mean over the batch of sum mask * loss / norm. mask 0: ignored. */
struct logistic_loss { float weight; float focus; }; /* focus: exponent of |target - p| (focal loss); 0: plain */
struct square_loss { float weight; bool huber; };   /* huber: linear beyond 1 */
/* from, target [same shape]: above 0 is 1, below is -1, 0: ignored. max(0, 1 - target * from), mean over the batch. */
struct hinge_loss { float weight; };
/* from [n, 4, h, w]: log-distances from the cell's centre to left, top, right, bottom edge, in strides; target the
 * same as plain distances in strides; mask [n, 1, h, w]. 1 - GIoU a cell. */
struct box_loss { float weight; };

extern const struct layer_kind layer_conv, layer_pool, layer_relu, layer_sigmoid, layer_tanh, layer_full, layer_join,
    layer_add, layer_normalize, layer_unit, layer_dropout, layer_upsample, layer_scale, layer_average,
    layer_softmax_loss, layer_pair_loss, layer_logistic_loss, layer_square_loss, layer_box_loss, layer_hinge_loss;

#define net_conv(b, name, from, ...) \
    net_add(b, &layer_conv, name, &(struct conv){ __VA_ARGS__ }, 1, (int[]){ from })
#define net_pool(b, name, from, ...) \
    net_add(b, &layer_pool, name, &(struct pool){ __VA_ARGS__ }, 1, (int[]){ from })
#define net_full(b, name, from, ...) \
    net_add(b, &layer_full, name, &(struct full){ __VA_ARGS__ }, 1, (int[]){ from })
#define net_relu(b, from) net_add(b, &layer_relu, NULL, NULL, 1, (int[]){ from })
#define net_sigmoid(b, name, from) net_add(b, &layer_sigmoid, name, NULL, 1, (int[]){ from })
#define net_join(b, one, two) net_add(b, &layer_join, NULL, NULL, 2, (int[]){ one, two }) /* along c, after flattening when h, w differ */
#define net_sum(b, one, two) net_add(b, &layer_add, NULL, NULL, 2, (int[]){ one, two })
#define net_normalize(b, name, from) \
    net_add(b, &layer_normalize, name, &(struct normalize){ 0 }, 1, (int[]){ from })
/* What layer NAME gives, where `normalize` says so through a layer NAME.norm, whose scale begins as `scale` (0: 1). */
int net_normalized(struct net_builder *b, bool normalize, const char *name, float scale, int from);
/* The same, rectified. */
int net_rectified(struct net_builder *b, bool normalize, const char *name, int from);
#define net_unit(b, from, ...) net_add(b, &layer_unit, NULL, &(struct unit){ __VA_ARGS__ }, 1, (int[]){ from })
#define net_dropout(b, from, ...) \
    net_add(b, &layer_dropout, NULL, &(struct dropout){ __VA_ARGS__ }, 1, (int[]){ from })
#define net_upsample(b, from, ...) \
    net_add(b, &layer_upsample, NULL, &(struct upsample){ __VA_ARGS__ }, 1, (int[]){ from })
#define net_scale(b, name, from) net_add(b, &layer_scale, name, NULL, 1, (int[]){ from })
#define net_average(b, name, from) net_add(b, &layer_average, name, NULL, 1, (int[]){ from })
#define net_softmax_loss(b, name, from, label, ...) \
    net_add(b, &layer_softmax_loss, name, &(struct softmax_loss){ __VA_ARGS__ }, 2, (int[]){ from, label })
#define net_pair_loss(b, name, from, label, ...) \
    net_add(b, &layer_pair_loss, name, &(struct pair_loss){ __VA_ARGS__ }, 2, (int[]){ from, label })
#define net_logistic_loss(b, name, from, target, mask, ...) \
    net_add(b, &layer_logistic_loss, name, &(struct logistic_loss){ __VA_ARGS__ }, 3, (int[]){ from, target, mask })
#define net_square_loss(b, name, from, target, mask, ...) \
    net_add(b, &layer_square_loss, name, &(struct square_loss){ __VA_ARGS__ }, 3, (int[]){ from, target, mask })
#define net_box_loss(b, name, from, target, mask, ...) \
    net_add(b, &layer_box_loss, name, &(struct box_loss){ __VA_ARGS__ }, 3, (int[]){ from, target, mask })
#define net_hinge_loss(b, name, from, target, ...) \
    net_add(b, &layer_hinge_loss, name, &(struct hinge_loss){ __VA_ARGS__ }, 2, (int[]){ from, target })

#endif
