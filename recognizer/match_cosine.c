/* SPDX-License-Identifier: MIT
 * The cosine of two codes, which have length 1. */
#include <string.h>

#include "recognizer/internal.h"

static int row(int n_code)
{
    return n_code;
}

static void prepare(const struct matcher_state *state, const struct face *face, float *out)
{
    memcpy(out, face->code, (size_t)state->n_code * sizeof *out);
}

static float compare(const struct matcher_state *state, const float *a, const float *b)
{
    return state->kernels->dot(a, b, (size_t)state->n_code);
}

const struct matcher matcher_cosine = {
    .name = "cosine",
    .about = "the cosine of the angle between two codes",
    .row = row,
    .load = NULL,
    .prepare = prepare,
    .compare = compare,
};
