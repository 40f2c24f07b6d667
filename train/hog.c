/* SPDX-License-Identifier: MIT
 * HOG (Dalal and Triggs, CVPR 2005): 9 directions without sign, each gradient shared by the two nearest; blocks of 2 x 2
 * cells brought to length 1, cut at 0.2, and again. */
#include "train/hog.h"

#include <math.h>
#include <string.h>

#define CUT 0.2F
#define LEAST 1e-3F /* of a block's length: flat crops have no direction */

static void add_gradient(float *cell, float dx, float dy)
{
    float size = sqrtf(dx * dx + dy * dy);
    float at = atan2f(dy, dx) * (HOG_BINS / 3.14159265F) + HOG_BINS; /* bins; half a turn is HOG_BINS */
    float low = floorf(at), part = at - low;
    cell[(int)low % HOG_BINS] += (1 - part) * size;
    cell[((int)low + 1) % HOG_BINS] += part * size;
}

static void to_length_one(float *block)
{
    float sum = LEAST * LEAST;
    for (int i = 0; i < HOG_BLOCK; i++)
        sum += block[i] * block[i];
    float by = 1 / sqrtf(sum);
    for (int i = 0; i < HOG_BLOCK; i++)
        block[i] *= by;
}

void hog_describe(float *out, const float *grey, int w, int h)
{
    float cells[HOG_ROWS][HOG_COLUMNS][HOG_BINS];
    memset(cells, 0, sizeof cells);
    for (int y = 1; y < h - 1; y++)
        for (int x = 1; x < w - 1; x++) {
            const float *p = grey + y * w + x;
            add_gradient(cells[y * HOG_ROWS / h][x * HOG_COLUMNS / w], p[1] - p[-1], p[w] - p[-w]);
        }
    for (int r = 0; r < HOG_ROWS - 1; r++)
        for (int c = 0; c < HOG_COLUMNS - 1; c++, out += HOG_BLOCK) {
            for (int k = 0; k < 4; k++)
                memcpy(out + k * HOG_BINS, cells[r + k / 2][c + k % 2], sizeof cells[0][0]);
            to_length_one(out);
            for (int i = 0; i < HOG_BLOCK; i++)
                out[i] = out[i] > CUT ? CUT : out[i];
            to_length_one(out);
        }
}
