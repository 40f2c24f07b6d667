/* SPDX-License-Identifier: MIT
 * Ridge regression over all shifts of a region, the filter limited to the target's window (Galoogahi et al., ICCV 2017):
 * a few rounds of the alternating direction method of multipliers, each bin of the spectrum solved alone by the
 * Sherman-Morrison formula. Letters of the paper: filter g, near h (the limited filter), price zeta, penalty mu. */
#include "tracker/ridge.h"

#include <math.h>
#include <string.h>

enum { N = RIDGE_GRID, HALF = RIDGE_HALF, BINS = RIDGE_BINS };

void ridge_open(struct ridge *r, struct arena *arena, const struct spectrum *s, int n, const struct ridge_settings *o)
{
    size_t all = (size_t)n * 2 * BINS;
    r->spectrum = s;
    r->settings = *o;
    r->n = n;
    r->label = arena_alloc(arena, 2 * BINS, sizeof(float));
    r->model = arena_alloc(arena, all, sizeof(float));
    r->filter = arena_alloc(arena, all, sizeof(float));
    r->near = arena_alloc(arena, all, sizeof(float));
    r->price = arena_alloc(arena, all, sizeof(float));
    r->space = arena_alloc(arena, (size_t)n * RIDGE_CELLS, sizeof(float));
    r->energy = arena_alloc(arena, BINS, sizeof(float));
    r->mix = arena_alloc(arena, 2 * BINS, sizeof(float));
}

/* The wanted heat: a Gaussian around cell 0, 0 of the circle. Being even, its spectrum has no imaginary part. */
static void set_label(struct ridge *r, float w, float h)
{
    float deviation = sqrtf(w * h) * r->settings.width, *heat = r->space;
    for (int y = 0; y < N; y++)
        for (int x = 0; x < N; x++) {
            float dx = (float)(x > N / 2 ? x - N : x), dy = (float)(y > N / 2 ? y - N : y);
            heat[y * N + x] = expf(-0.5f * (dx * dx + dy * dy) / (deviation * deviation));
        }
    spectrum_forward(r->spectrum, r->label, heat, 1);
}

/* Energy of the model in each bin, over all maps. */
static void set_energy(struct ridge *r)
{
    float *restrict energy = r->energy;
    memset(energy, 0, BINS * sizeof(float));
    for (int i = 0; i < r->n; i++) {
        const float *restrict re = r->model + (size_t)i * 2 * BINS, *restrict im = re + BINS;
        for (int k = 0; k < BINS; k++)
            energy[k] += re[k] * re[k] + im[k] * im[k];
    }
}

/* mix = sum over maps of conj(model) (near - price / mu). */
static void set_mix(struct ridge *r, float mu)
{
    float *restrict a = r->mix, *restrict b = a + BINS;
    memset(a, 0, 2 * BINS * sizeof(float));
    for (int i = 0; i < r->n; i++) {
        size_t at = (size_t)i * 2 * BINS;
        const float *restrict x = r->model + at, *restrict y = x + BINS;
        const float *restrict h = r->near + at, *restrict l = r->price + at;
        for (int k = 0; k < BINS; k++) {
            float p = h[k] - l[k] / mu, q = h[BINS + k] - l[BINS + k] / mu;
            a[k] += x[k] * p + y[k] * q;
            b[k] += x[k] * q - y[k] * p;
        }
    }
}

/* mix becomes what each map's model is multiplied by; then g = model * mix + near - price / mu. */
static void solve_filter(struct ridge *r, float mu)
{
    const float total = RIDGE_CELLS;
    float *restrict a = r->mix, *restrict b = a + BINS;
    for (int k = 0; k < BINS; k++) {
        float over = 1 / (r->energy[k] + total * mu), wanted = r->label[k] / (total * mu);
        a[k] = wanted - (r->energy[k] * wanted + a[k]) * over;
        b[k] = -b[k] * over;
    }
    for (int i = 0; i < r->n; i++) {
        size_t at = (size_t)i * 2 * BINS;
        const float *restrict x = r->model + at, *restrict y = x + BINS;
        const float *restrict h = r->near + at, *restrict l = r->price + at;
        float *restrict g = r->filter + at;
        for (int k = 0; k < BINS; k++) {
            g[k] = x[k] * a[k] - y[k] * b[k] + h[k] - l[k] / mu;
            g[BINS + k] = x[k] * b[k] + y[k] * a[k] + h[BINS + k] - l[BINS + k] / mu;
        }
    }
}

/* The filter and its price back in space, cut to the window. */
static void limit(struct ridge *r, float mu)
{
    const float scale = RIDGE_CELLS / (mu * RIDGE_CELLS + r->settings.weight);
    size_t all = (size_t)r->n * 2 * BINS;
    for (size_t k = 0; k < all; k++)
        r->near[k] = scale * (mu * r->filter[k] + r->price[k]);
    spectrum_back(r->spectrum, r->space, r->near, r->n);
    for (int i = 0; i < r->n; i++)
        for (int y = 0; y < N; y++)
            for (int x = 0; x < N; x++)
                if (x < r->left || x >= r->right || y < r->top || y >= r->bottom)
                    r->space[(i * N + y) * N + x] = 0;
    spectrum_forward(r->spectrum, r->near, r->space, r->n);
}

static void solve(struct ridge *r)
{
    static const float growth = 10, most = 1000;
    size_t all = (size_t)r->n * 2 * BINS;
    float mu = 1;
    memset(r->near, 0, all * sizeof(float));
    memset(r->price, 0, all * sizeof(float));
    set_energy(r);
    for (int i = 0; i < r->settings.rounds; i++) {
        set_mix(r, mu);
        solve_filter(r, mu);
        limit(r, mu);
        for (size_t k = 0; k < all; k++)
            r->price[k] += mu * (r->filter[k] - r->near[k]);
        mu = fminf(mu * growth, most);
    }
    memcpy(r->filter, r->near, all * sizeof(float)); /* the one that keeps to its window */
}

static void window(int *from, int *to, float size)
{
    int cells = (int)fminf(fmaxf(roundf(size), 3), N);
    *from = (N - cells) / 2;
    *to = *from + cells;
}

void ridge_start(struct ridge *r, const float *x, float w, float h)
{
    set_label(r, w, h);
    window(&r->left, &r->right, w);
    window(&r->top, &r->bottom, h);
    memcpy(r->model, x, (size_t)r->n * 2 * BINS * sizeof(float));
    solve(r);
}

void ridge_learn(struct ridge *r, const float *x)
{
    size_t all = (size_t)r->n * 2 * BINS;
    for (size_t k = 0; k < all; k++)
        r->model[k] += r->settings.rate * (x[k] - r->model[k]);
    solve(r);
}

/* Adds conj(g) x of one map. */
static void add_heat(float *restrict sum, const float *restrict g, const float *restrict x)
{
    for (int k = 0; k < BINS; k++) {
        sum[k] += g[k] * x[k] + g[BINS + k] * x[BINS + k];
        sum[BINS + k] += g[k] * x[BINS + k] - g[BINS + k] * x[k];
    }
}

void ridge_heat(const struct ridge *r, const float *x, float *spectrum, float *heat)
{
    memset(spectrum, 0, 2 * BINS * sizeof(float));
    for (int i = 0; i < r->n; i++)
        add_heat(spectrum, r->filter + (size_t)i * 2 * BINS, x + (size_t)i * 2 * BINS);
    spectrum_back(r->spectrum, heat, spectrum, 1);
}

void ridge_shift(float *x, int n, float dx, float dy)
{
    float c[BINS], s[BINS];
    for (int k = 0; k < BINS; k++) {
        int fy = k / HALF, fx = k % HALF;
        float a = 6.2831853f / N * ((float)fx * dx + (float)(fy > N / 2 ? fy - N : fy) * dy);
        c[k] = cosf(a);
        s[k] = sinf(a);
    }
    for (int i = 0; i < n; i++) {
        float *restrict re = x + (size_t)i * 2 * BINS, *restrict im = re + BINS;
        for (int k = 0; k < BINS; k++) {
            float p = re[k] * c[k] - im[k] * s[k];
            im[k] = re[k] * s[k] + im[k] * c[k];
            re[k] = p;
        }
    }
}

/* With error e = heat - wanted and the map's part p of the heat: sum (e - p)^2 - e^2 = sum p^2 - 2 e p. */
void ridge_significance(struct ridge *r, const float *x, float *significance)
{
    float *whole = r->mix, part[2 * BINS];
    memset(whole, 0, 2 * BINS * sizeof(float));
    for (int i = 0; i < r->n; i++)
        add_heat(whole, r->filter + (size_t)i * 2 * BINS, x + (size_t)i * 2 * BINS);
    for (int i = 0; i < r->n; i++) {
        double sum = 0;
        memset(part, 0, sizeof part);
        add_heat(part, r->filter + (size_t)i * 2 * BINS, x + (size_t)i * 2 * BINS);
        for (int k = 0; k < BINS; k++) {
            double twice = k % HALF == 0 || k % HALF == N / 2 ? 1 : 2; /* the mirrored half */
            double re = whole[k] - r->label[k], im = whole[BINS + k];
            sum += twice * (part[k] * (part[k] - 2 * re) + part[BINS + k] * (part[BINS + k] - 2 * im));
        }
        significance[i] = (float)(sum / RIDGE_CELLS);
    }
}
