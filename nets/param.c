/* SPDX-License-Identifier: MIT
 * One weight by name, for training tasks that set it themselves (margins). */
#include <string.h>

#include "nets/internal.h"

float *net_weight(struct net *n, const char *name, size_t *count)
{
    for (int i = 0; i < n->n_params; i++)
        if (strcmp(n->params[i].name, name) == 0) {
            *count = n->params[i].n;
            return n->weights + n->params[i].at;
        }
    return NULL;
}
