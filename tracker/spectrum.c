/* SPDX-License-Identifier: MIT
 * Fourier transforms of maps of up to 40 x 40 as products with tables of cosines and sines: a matrix product does some hundred
 * times the work a second of a scalar loop, so that at this size it beats a fast Fourier transform in plain C. */
#include <math.h>

#include "base/check.h"
#include "nets/gemm.h"
#include "tracker/ridge.h"

static double turn(int i, int k, int n)
{
    return 2 * 3.14159265358979323846 * (double)(i * k % n) / n;
}

void spectrum_open(struct spectrum *s, struct arena *arena, int max, int grid)
{
    const int half = grid / 2 + 1, width = 2 * half;
    CHECK(grid > 0 && grid % 2 == 0 && grid <= RIDGE_GRID);
    s->max = max;
    s->grid = grid;
    s->half = half;
    s->cells = grid * grid;
    s->bins = grid * half;
    s->across = arena_alloc(arena, (size_t)(grid * width), sizeof(float));
    s->back = arena_alloc(arena, (size_t)(grid * width), sizeof(float));
    s->down = arena_alloc(arena, (size_t)(2 * grid * grid), sizeof(float));
    s->rows = arena_alloc(arena, (size_t)max * (size_t)(grid * width), sizeof(float));
    s->both = arena_alloc(arena, 2 * (size_t)(grid * width), sizeof(float));
    if (!s->across || !s->back || !s->down)
        return;
    for (int x = 0; x < grid; x++)
        for (int f = 0; f < half; f++) {
            double weight = (f == 0 || f == grid / 2 ? 1.0 : 2.0) / (grid * grid);
            s->across[x * width + f] = (float)cos(turn(x, f, grid));
            s->across[x * width + half + f] = (float)-sin(turn(x, f, grid));
            s->back[f * grid + x] = (float)(weight * cos(turn(x, f, grid)));
            s->back[(half + f) * grid + x] = (float)(-weight * sin(turn(x, f, grid)));
        }
    for (int y = 0; y < grid; y++)
        for (int f = 0; f < grid; f++) {
            s->down[y * grid + f] = (float)cos(turn(y, f, grid));
            s->down[(grid + y) * grid + f] = (float)sin(turn(y, f, grid));
        }
}

/* e^(-ia)(p + iq) and e^(ia)(p + iq), summed: `both` holds the sums of cosines of p | q, then of sines. */
void spectrum_forward(const struct spectrum *s, float *out, const float *maps, int n)
{
    const int grid = s->grid, half = s->half, width = 2 * half, bins = s->bins;
    CHECK(n <= s->max);
    /* map by map: so small that BLAS takes one thread, and the sums are the same however many it has */
    for (int i = 0; i < n; i++)
        gemm(false, false, grid, width, grid, 1, maps + (size_t)(i * grid * grid), grid, s->across, width, 0,
             s->rows + (size_t)(i * grid * width), width);
    for (int i = 0; i < n; i++) {
        float *re = out + (size_t)(i * 2 * bins), *im = re + bins;
        gemm(false, false, 2 * grid, width, grid, 1, s->down, grid, s->rows + (size_t)(i * grid * width), width, 0, s->both, width);
        for (int y = 0; y < grid; y++) {
            const float *c = s->both + y * width, *d = s->both + (grid + y) * width;
            for (int f = 0; f < half; f++) {
                re[y * half + f] = c[f] + d[half + f];
                im[y * half + f] = c[half + f] - d[f];
            }
        }
    }
}

void spectrum_back(const struct spectrum *s, float *maps, const float *in, int n)
{
    const int grid = s->grid, half = s->half, width = 2 * half, bins = s->bins;
    CHECK(n <= s->max);
    for (int i = 0; i < n; i++) {
        const float *re = in + (size_t)(i * 2 * bins), *im = re + bins;
        float *row = s->rows + (size_t)(i * grid * width);
        for (int y = 0; y < grid; y++)
            for (int f = 0; f < half; f++) {
                row[y * width + f] = re[y * half + f];
                row[y * width + half + f] = im[y * half + f];
            }
        gemm(false, false, 2 * grid, width, grid, 1, s->down, grid, row, width, 0, s->both, width);
        for (int y = 0; y < grid; y++) {
            const float *c = s->both + y * width, *d = s->both + (grid + y) * width;
            for (int f = 0; f < half; f++) {
                row[y * width + f] = c[f] - d[half + f];
                row[y * width + half + f] = c[half + f] + d[f];
            }
        }
    }
    for (int i = 0; i < n; i++)
        gemm(false, false, grid, grid, width, 1, s->rows + (size_t)(i * grid * width), width, s->back, grid, 0,
             maps + (size_t)(i * grid * grid), grid);
}
