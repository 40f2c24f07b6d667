/* SPDX-License-Identifier: MIT
 * Uniform local binary patterns, plainly. */
#include "train/lbp.h"

#include <stddef.h>
#include <string.h>

static int changes(unsigned pattern)
{
    unsigned turned = (pattern >> 1 | pattern << 7) & 255;
    return __builtin_popcount(pattern ^ turned);
}

int lbp_bin(unsigned pattern)
{
    int bin = 0;
    if (changes(pattern) > 2)
        return LBP_BINS - 1;
    for (unsigned p = 0; p < pattern; p++)
        bin += changes(p) <= 2;
    return bin;
}

/* Bit i: neighbour i, clockwise from the top left, is at least as bright as the middle. */
static unsigned pattern_at(const float *middle, int w)
{
    const int around[8] = { -w - 1, -w, -w + 1, 1, w + 1, w, w - 1, -1 };
    unsigned pattern = 0;
    for (int i = 0; i < 8; i++)
        pattern |= (unsigned)(middle[around[i]] >= middle[0]) << i;
    return pattern;
}

void lbp_describe(float *out, const float *grey, int w, int h)
{
    int bins[256], uniform = 0, n[LBP_ROWS * LBP_COLUMNS] = { 0 };
    for (unsigned p = 0; p < 256; p++) /* lbp_bin of each */
        bins[p] = changes(p) <= 2 ? uniform++ : LBP_BINS - 1;
    memset(out, 0, LBP_SIZE * sizeof *out);
    for (int y = 1; y < h - 1; y++)
        for (int x = 1; x < w - 1; x++) {
            int cell = (y - 1) * LBP_ROWS / (h - 2) * LBP_COLUMNS + (x - 1) * LBP_COLUMNS / (w - 2);
            out[cell * LBP_BINS + bins[pattern_at(grey + (ptrdiff_t)y * w + x, w)]]++;
            n[cell]++;
        }
    for (int i = 0; i < LBP_SIZE; i++)
        out[i] /= (float)n[i / LBP_BINS];
}

float lbp_distance(const float *a, const float *b)
{
    float sum = 0;
    for (int i = 0; i < LBP_SIZE; i++) {
        float both = a[i] + b[i], off = a[i] - b[i];
        sum += both > 0 ? off * off / both : 0;
    }
    return sum;
}
