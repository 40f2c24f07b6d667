/* SPDX-License-Identifier: MIT
 * Which cell of which response map is to say what about a training picture. */
#ifndef FACETRAIL_TRAIN_TARGETS_H
#define FACETRAIL_TRAIN_TARGETS_H

#include "nets/models/lnet.h"
#include "nets/net.h"
#include "train/scene.h"

enum target_map { T_FACE, T_CARE, T_BOX, T_INSIDE, T_MARKS, T_MARKED, T_TAGS, T_TAGGED, T_MAPS };

struct targets { /* layer numbers of LNet's target inputs, by stride; -1: the net has none */
    int layer[LNET_STRIDES][T_MAPS];
};
enum status targets_find(struct targets *out, const struct net *n);
/* Fills the target inputs of one sample of the run; the picture is size x size. Faces later in the list win. */
void targets_fill(const struct targets *t, struct net_run *run, int sample, const struct scene_face *faces, int n);
/* Sizes (larger side, pixels) of faces that the map of stride LNET_FIRST_STRIDE << i is to find. */
void targets_sizes(int i, float *least, float *most);

#endif
