/* SPDX-License-Identifier: MIT
 * Learns a net on an accelerator: the weights, the momentum and all activations live there. The caller fills the inputs
 * of feeds (NET_FEED runs, one a worker), sends them, and reads losses and kept layers from them when the step is done.
 * Two sets of feeds, so that one is filled while the accelerator learns from the other. */
#ifndef FACETRAIL_NETS_GPU_LEARNER_H
#define FACETRAIL_NETS_GPU_LEARNER_H

#include "nets/net.h"

enum { LEARNER_SETS = 2 };
struct learner;
/* `batch` samples a step, in `feeds` equal parts. BAD_MATCH names a layer that has no twin there; NO_RESOURCE. */
enum status learner_create(struct learner **out, struct net *n, struct solver *s, int batch, int feeds);
void learner_free(struct learner **l);
bool learner_is_twin(void); /* no accelerator is built in, only its plain twin on this processor */
const char *learner_name(const struct learner *l);
struct net_run *const *learner_feeds(struct learner *l, int set);
/* Queues one step on a set's inputs; weights that the training task sets (PARAM_FIXED) are taken from the net. */
enum status learner_start(struct learner *l, int set);
/* Waits; the set's feeds then hold losses and kept layers. */
enum status learner_finish(struct learner *l, int set);
/* Weights and momentum into net and solver, to score or save them. */
enum status learner_fetch(struct learner *l);
/* And the other way, after a resume. */
enum status learner_send(struct learner *l);

#endif
