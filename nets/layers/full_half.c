/* SPDX-License-Identifier: MIT
 * Weights are far larger than the caches, so each product takes them part by part, rounds a part once and multiplies it
 * with all samples: forward rows with rows (half_outer), backward pairs of rows (pairs_product). */
#include "nets/layers/full_half.h"

#include <string.h>

enum {
    DEEP = 2048,    /* inputs of a part, forward: with 128 samples half a megabyte */
    ROWS = 24,      /* units of a part, forward */
    WIDE = 256,     /* inputs of a part, backward */
    UNITS = 1024,   /* units of a part, backward to the inputs */
    ROUND = 32,     /* half_outer reads so many numbers at once */
    STEP = WIDE + KERNELS_SLACK,
};

static size_t forward_scratch(size_t n, size_t units)
{
    return n * DEEP / 2 + ROWS * DEEP / 2 + n * units + ROWS;
}

static size_t inputs_scratch(size_t n)
{
    return (n + STEP + 1) * (UNITS / 2);
}

static size_t weights_scratch(size_t n, size_t units)
{
    return (units + STEP + 1) * ((n + 1) / 2);
}

size_t full_half_scratch(int n, int units)
{
    const size_t needs[] = { forward_scratch((size_t)n, (size_t)units), inputs_scratch((size_t)n),
                             weights_scratch((size_t)n, (size_t)units) };
    size_t most = 0;
    for (int i = 0; i < 3; i++)
        most = needs[i] > most ? needs[i] : most;
    return most + 4 * SCRATCH_LINE;
}

static int lower(int a, int b)
{
    return a < b ? a : b;
}

/* Rows of `width` halves, zeros behind up to a multiple of ROUND: what lay there may be no number. */
static void round_rows(const struct full_half *f, uint16_t *to, const float *from, int width, int rows)
{
    const int padded = (width + ROUND - 1) / ROUND * ROUND;
    f->kernels->half_rows(to, DEEP, from, (size_t)f->d, width, rows);
    for (int i = 0; i < rows && padded > width; i++)
        memset(to + (size_t)i * DEEP + width, 0, (size_t)(padded - width) * sizeof *to);
}

void full_half_forward(const struct full_half *f, float *out, const float *in, const float *w)
{
    float *scratch = f->scratch;
    uint16_t *samples = scratch_take(&scratch, (size_t)f->n * DEEP / 2), *rows = scratch_take(&scratch, ROWS * DEEP / 2);
    int32_t *offsets = scratch_take(&scratch, ROWS);
    float *sums = scratch_take(&scratch, (size_t)f->n * (size_t)f->units); /* of ROWS units each: [n, ROWS] */
    for (int i = 0; i < ROWS; i++)
        offsets[i] = i * DEEP;
    memset(sums, 0, (size_t)f->n * (size_t)f->units * sizeof *sums);
    for (int x = 0; x < f->d; x += DEEP) {
        const int width = lower(DEEP, f->d - x);
        const struct kernels_outer both = { .grad = samples, .in = rows, .grad_step = DEEP, .offsets = offsets, .samples = 1 };
        round_rows(f, samples, in + x, width, f->n);
        for (int u = 0; u < f->units; u += ROWS) {
            const int some = lower(ROWS, f->units - u);
            round_rows(f, rows, w + (size_t)u * (size_t)f->d + x, width, some);
            f->kernels->half_outer(sums + (size_t)u * (size_t)f->n, &both, f->n, some, width);
        }
    }
    for (int u = 0; u < f->units; u += ROWS) {
        const int some = lower(ROWS, f->units - u);
        f->kernels->copy_rows(out + u, (size_t)f->units, sums + (size_t)u * (size_t)f->n, (size_t)some, some, f->n);
    }
}

/* Pairs of rows of `from`, `width` numbers of each: [ceil(rows / 2)][STEP]. */
static void pair_rows(const struct full_half *f, uint32_t *to, const float *from, int width, int rows)
{
    for (int i = 0; i < rows; i += 2, to += STEP, from += 2 * (size_t)f->d)
        f->kernels->half_pairs(to, 0, from, i + 1 < rows ? from + f->d : NULL, 0, width, 1);
}

static int32_t *pair_offsets(float **scratch, int pairs)
{
    int32_t *offsets = scratch_take(scratch, (size_t)pairs);
    for (int i = 0; i < pairs; i++)
        offsets[i] = i * STEP;
    return offsets;
}

void full_half_inputs(const struct full_half *f, float *in_grad, const float *grad, const float *w, bool add)
{
    const size_t d = (size_t)f->d, units = (size_t)f->units;
    float *scratch = f->scratch;
    uint32_t *packed = scratch_take(&scratch, (size_t)f->n * (UNITS / 2)), *rows = scratch_take(&scratch, STEP * (UNITS / 2));
    const int32_t *offsets = pair_offsets(&scratch, UNITS / 2);
    for (int u = 0; u < f->units; u += UNITS) {
        const int some = lower(UNITS, f->units - u);
        kernels_pack_pairs(packed, grad + u, units, 1, f->n, some, 1);
        for (int x = 0; x < f->d; x += WIDE) {
            const int width = lower(WIDE, f->d - x);
            pair_rows(f, rows, w + (size_t)u * d + x, width, some);
            f->kernels->pairs_product(in_grad + x, d, packed, rows, offsets, f->n, (some + 1) / 2, width,
                                      (struct kernels_ends){ .add = add || u > 0 });
        }
    }
}

void full_half_weights(const struct full_half *f, float *w_grad, const float *grad, const float *in)
{
    const int pairs = (f->n + 1) / 2;
    float *scratch = f->scratch;
    uint32_t *packed = scratch_take(&scratch, (size_t)f->units * (size_t)pairs), *rows = scratch_take(&scratch, (size_t)(STEP * pairs));
    const int32_t *offsets = pair_offsets(&scratch, pairs);
    kernels_pack_pairs(packed, grad, 1, (size_t)f->units, f->units, f->n, 1);
    for (int x = 0; x < f->d; x += WIDE) {
        const int width = lower(WIDE, f->d - x);
        pair_rows(f, rows, in + x, width, f->n);
        f->kernels->pairs_product(w_grad + x, (size_t)f->d, packed, rows, offsets, f->units, pairs, width,
                                  (struct kernels_ends){ .add = true });
    }
}
