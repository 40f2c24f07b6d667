/* SPDX-License-Identifier: MIT
 * Fourier transforms of maps of up to 40 x 40 as products with tables of cosines and sines: a matrix product does some hundred
 * times the work a second of a scalar loop, so that at this size it beats a fast Fourier transform in plain C. */
#include <math.h>
#include <string.h>

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
    s->rows = arena_alloc(arena, (size_t)(grid * width), sizeof(float));
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

static struct cells whole(const struct spectrum *s)
{
    return (struct cells){0, 0, s->grid, s->grid};
}

/* e^(-ia)(p + iq) and e^(ia)(p + iq), summed: `both` holds the sums of cosines of p | q, then of sines. */
void spectrum_forward_of(const struct spectrum *s, float *out, const float *maps, int n, struct cells c)
{
    const int grid = s->grid, half = s->half, width = 2 * half, bins = s->bins, high = c.bottom - c.top;
    CHECK(n <= s->max);
    /* map by map: so small that BLAS takes one thread, and the sums are the same however many it has */
    for (int i = 0; i < n; i++) {
        float *re = out + (size_t)(i * 2 * bins), *im = re + bins;
        gemm(false, false, high, width, c.right - c.left, 1, maps + (size_t)((i * grid + c.top) * grid + c.left), grid,
             s->across + c.left * width, width, 0, s->rows, width);
        gemm(false, false, 2 * grid, width, high, 1, s->down + c.top, grid, s->rows, width, 0, s->both, width);
        for (int y = 0; y < grid; y++) {
            const float *p = s->both + y * width, *q = s->both + (grid + y) * width;
            for (int f = 0; f < half; f++) {
                re[y * half + f] = p[f] + q[half + f];
                im[y * half + f] = p[half + f] - q[f];
            }
        }
    }
}

void spectrum_back_to(const struct spectrum *s, float *maps, const float *in, int n, struct cells c)
{
    const int grid = s->grid, half = s->half, width = 2 * half, bins = s->bins, high = c.bottom - c.top;
    const float *cosines = s->down + c.top * grid, *sines = cosines + grid * grid;
    float *p = s->both, *q = p + high * width;
    CHECK(n <= s->max);
    for (int i = 0; i < n; i++) {
        const float *re = in + (size_t)(i * 2 * bins), *im = re + bins;
        for (int y = 0; y < grid; y++) {
            memcpy(s->rows + y * width, re + y * half, (size_t)half * sizeof *re);
            memcpy(s->rows + y * width + half, im + y * half, (size_t)half * sizeof *im);
        }
        gemm(false, false, high, width, grid, 1, cosines, grid, s->rows, width, 0, p, width);
        gemm(false, false, high, width, grid, 1, sines, grid, s->rows, width, 0, q, width);
        for (int y = 0; y < high; y++)
            for (int f = 0; f < half; f++) {
                p[y * width + f] -= q[y * width + half + f];
                p[y * width + half + f] += q[y * width + f];
            }
        gemm(false, false, high, c.right - c.left, width, 1, p, width, s->back + c.left, grid, 0,
             maps + (size_t)((i * grid + c.top) * grid + c.left), grid);
    }
}

void spectrum_forward(const struct spectrum *s, float *out, const float *maps, int n)
{
    spectrum_forward_of(s, out, maps, n, whole(s));
}

void spectrum_back(const struct spectrum *s, float *maps, const float *in, int n)
{
    spectrum_back_to(s, maps, in, n, whole(s));
}
