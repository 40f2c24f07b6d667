/* SPDX-License-Identifier: MIT
 * A linear support vector machine: one full layer, one hinge. DeepID2 fuses the scores of seven selections of patches
 * with it (papers.md section 3). */
#include <stddef.h>

#include "nets/layers/layers.h"
#include "nets/models/models.h"

static const struct option svm_option_table[] = {
    { "inputs", OPTION_INT, offsetof(struct svm_options, inputs), "1", 1, 4096, NULL,
      "numbers it decides on; set by the training task" },
    { .name = NULL },
};

static void build_svm(struct net_builder *b, const void *options)
{
    const struct svm_options *o = options;
    int scores = net_input(b, "scores", (struct shape){ 1, o->inputs, 1, 1 });
    int same = net_input(b, "same", (struct shape){ 1, 1, 1, 1 });
    int answer = net_full(b, "answer", scores, .units = 1);
    net_keep(b, answer);
    net_hinge_loss(b, "hinge", answer, same, .weight = 1);
}

const struct model model_svm = {
    .name = "svm",
    .paper = "Cortes, Vapnik: Support-Vector Networks, 1995 (linear)",
    .options = svm_option_table,
    .options_size = sizeof(struct svm_options),
    .build = build_svm,
};
