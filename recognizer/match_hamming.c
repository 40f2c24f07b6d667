/* SPDX-License-Identifier: MIT
 * Codes as bits (DeepID2+, papers.md section 6): the part of the bits that agree. */
#include <string.h>

#include "recognizer/internal.h"

static int words(int n_code)
{
    return (n_code + 63) / 64;
}

static int row(int n_code)
{
    return words(n_code) * (int)(sizeof(uint64_t) / sizeof(float));
}

static void prepare(const struct matcher_state *state, const struct face *face, float *out)
{
    memcpy(out, face->bits, (size_t)words(state->n_code) * sizeof *face->bits);
}

static float compare(const struct matcher_state *state, const float *a, const float *b)
{
    uint64_t x[FACE_CODE / 64];
    uint64_t y[FACE_CODE / 64];
    size_t n = (size_t)words(state->n_code);
    memcpy(x, a, n * sizeof *x);
    memcpy(y, b, n * sizeof *y);
    return 1 - (float)state->kernels->hamming(x, y, n) / (float)state->n_code;
}

const struct matcher matcher_hamming = {
    .name = "hamming",
    .about = "how many of the codes' bits agree",
    .row = row,
    .load = NULL,
    .prepare = prepare,
    .compare = compare,
};
