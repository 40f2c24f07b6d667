/* SPDX-License-Identifier: MIT
 * Ridge regression over all shifts of a region, the filter limited to the target's window (Galoogahi et al., ICCV 2017):
 * a few rounds of the alternating direction method of multipliers, each bin of the spectrum solved alone by the
 * Sherman-Morrison formula. Letters of the paper: filter g, near h (the limited filter), price zeta, penalty mu. */
#include "tracker/ridge.h"

#include <math.h>
#include <string.h>

void ridge_work_open(struct ridge_work *w, struct arena *arena, const struct spectrum *s)
{
    size_t n = (size_t)s->max, bins = (size_t)s->bins;
    w->spectrum = s;
    w->near = arena_alloc(arena, n * 2 * bins, sizeof(float));
    w->price = arena_alloc(arena, n * 2 * bins, sizeof(float));
    w->space = arena_alloc(arena, n * (size_t)s->cells, sizeof(float));
    w->energy = arena_alloc(arena, bins, sizeof(float));
    w->mix = arena_alloc(arena, 2 * bins, sizeof(float));
}

void ridge_open(struct ridge *r, struct arena *arena, const struct ridge_work *w, int n, const struct ridge_settings *o)
{
    size_t bins = (size_t)w->spectrum->bins;
    r->spectrum = w->spectrum;
    r->work = w;
    r->settings = *o;
    r->n = n;
    r->label = arena_alloc(arena, 2 * bins, sizeof(float));
    r->model = arena_alloc(arena, (size_t)n * 2 * bins, sizeof(float));
    r->filter = arena_alloc(arena, (size_t)n * 2 * bins, sizeof(float));
}

/* The wanted heat: a Gaussian around cell 0, 0 of the circle. Being even, its spectrum has no imaginary part. */
static void set_label(struct ridge *r, float w, float h)
{
    const int grid = r->spectrum->grid;
    float deviation = sqrtf(w * h) * r->settings.width, *heat = r->work->space;
    for (int y = 0; y < grid; y++)
        for (int x = 0; x < grid; x++) {
            float dx = (float)(x > grid / 2 ? x - grid : x), dy = (float)(y > grid / 2 ? y - grid : y);
            heat[y * grid + x] = expf(-0.5f * (dx * dx + dy * dy) / (deviation * deviation));
        }
    spectrum_forward(r->spectrum, r->label, heat, 1);
}

/* Energy of the model in each bin, over all maps. */
static void set_energy(struct ridge *r)
{
    const int bins = r->spectrum->bins;
    float *restrict energy = r->work->energy;
    memset(energy, 0, bins * sizeof(float));
    for (int i = 0; i < r->n; i++) {
        const float *restrict re = r->model + (size_t)i * 2 * bins, *restrict im = re + bins;
        for (int k = 0; k < bins; k++)
            energy[k] += re[k] * re[k] + im[k] * im[k];
    }
}

/* mix = sum over maps of conj(model) (near - price / mu). */
static void set_mix(struct ridge *r, float mu)
{
    const int bins = r->spectrum->bins;
    float *restrict a = r->work->mix, *restrict b = a + bins;
    memset(a, 0, 2 * bins * sizeof(float));
    for (int i = 0; i < r->n; i++) {
        size_t at = (size_t)i * 2 * bins;
        const float *restrict x = r->model + at, *restrict y = x + bins;
        const float *restrict h = r->work->near + at, *restrict l = r->work->price + at;
        for (int k = 0; k < bins; k++) {
            float p = h[k] - l[k] / mu, q = h[bins + k] - l[bins + k] / mu;
            a[k] += x[k] * p + y[k] * q;
            b[k] += x[k] * q - y[k] * p;
        }
    }
}

/* mix becomes what each map's model is multiplied by. */
static void solve_mix(struct ridge *r, float mu)
{
    const int bins = r->spectrum->bins;
    const float total = (float)r->spectrum->cells;
    float *restrict a = r->work->mix, *restrict b = a + bins;
    for (int k = 0; k < bins; k++) {
        float over = 1 / (r->work->energy[k] + total * mu), wanted = r->label[k] / (total * mu);
        a[k] = wanted - (r->work->energy[k] * wanted + a[k]) * over;
        b[k] = -b[k] * over;
    }
}

/* g = model * mix + near - price / mu; in the first round near and price are 0 and not read. */
static void solve_filter(struct ridge *r, float mu, bool first)
{
    const int bins = r->spectrum->bins;
    const float *restrict a = r->work->mix, *restrict b = a + bins;
    for (int i = 0; i < r->n; i++) {
        size_t at = (size_t)i * 2 * bins;
        const float *restrict x = r->model + at, *restrict y = x + bins;
        const float *restrict h = r->work->near + at, *restrict l = r->work->price + at;
        float *restrict g = r->filter + at;
        for (int k = 0; k < bins; k++) {
            g[k] = x[k] * a[k] - y[k] * b[k];
            g[bins + k] = x[k] * b[k] + y[k] * a[k];
        }
        for (int k = 0; !first && k < 2 * bins; k++)
            g[k] += h[k] - l[k] / mu;
    }
}

/* The filter and its price back in space, cut to the window; its spectrum into `out`. */
static void limit(struct ridge *r, float *out, float mu, bool first)
{
    const int bins = r->spectrum->bins;
    const float scale = (float)r->spectrum->cells / (mu * (float)r->spectrum->cells + r->settings.weight);
    const float *restrict g = r->filter, *restrict price = r->work->price;
    float *restrict near = r->work->near;
    size_t all = (size_t)r->n * 2 * bins;
    for (size_t k = 0; k < all; k++)
        near[k] = scale * (mu * g[k] + (first ? 0 : price[k]));
    spectrum_back_to(r->spectrum, r->work->space, near, r->n, r->window);
    spectrum_forward_of(r->spectrum, out, r->work->space, r->n, r->window);
}

/* What the filter is without its window is paid for in the next round. */
static void set_price(struct ridge *r, float mu, bool first)
{
    const float *restrict g = r->filter, *restrict near = r->work->near;
    float *restrict price = r->work->price;
    size_t all = (size_t)r->n * 2 * r->spectrum->bins;
    for (size_t k = 0; k < all; k++)
        price[k] = (first ? 0 : price[k]) + mu * (g[k] - near[k]);
}

static void solve(struct ridge *r)
{
    static const float growth = 10, most = 1000;
    const int rounds = r->settings.rounds;
    float mu = 1;
    set_energy(r);
    for (int i = 0; i < rounds; i++) {
        bool first = i == 0, last = i == rounds - 1;
        if (first)
            memset(r->work->mix, 0, 2 * (size_t)r->spectrum->bins * sizeof(float));
        else
            set_mix(r, mu);
        solve_mix(r, mu);
        solve_filter(r, mu, first);
        limit(r, last ? r->filter : r->work->near, mu, first); /* the one that keeps to its window */
        if (!last)
            set_price(r, mu, first);
        mu = fminf(mu * growth, most);
    }
}

static void window(int *from, int *to, float size, int grid)
{
    int cells = (int)fminf(fmaxf(roundf(size), 3), (float)grid);
    *from = (grid - cells) / 2;
    *to = *from + cells;
}

void ridge_start(struct ridge *r, const float *x, float w, float h)
{
    const int bins = r->spectrum->bins;
    set_label(r, w, h);
    window(&r->window.left, &r->window.right, w, r->spectrum->grid);
    window(&r->window.top, &r->window.bottom, h, r->spectrum->grid);
    memcpy(r->model, x, (size_t)r->n * 2 * bins * sizeof(float));
    solve(r);
}

void ridge_learn(struct ridge *r, const float *x)
{
    const int bins = r->spectrum->bins;
    size_t all = (size_t)r->n * 2 * bins;
    for (size_t k = 0; k < all; k++)
        r->model[k] += r->settings.rate * (x[k] - r->model[k]);
    solve(r);
}

/* Adds conj(g) x of one map. */
static void add_heat(float *restrict sum, const float *restrict g, const float *restrict x, int bins)
{
    for (int k = 0; k < bins; k++) {
        sum[k] += g[k] * x[k] + g[bins + k] * x[bins + k];
        sum[bins + k] += g[k] * x[bins + k] - g[bins + k] * x[k];
    }
}

void ridge_heat(const struct ridge *r, const float *x, float *spectrum, float *heat)
{
    const int bins = r->spectrum->bins;
    memset(spectrum, 0, 2 * bins * sizeof(float));
    for (int i = 0; i < r->n; i++)
        add_heat(spectrum, r->filter + (size_t)i * 2 * bins, x + (size_t)i * 2 * bins, bins);
    spectrum_back(r->spectrum, heat, spectrum, 1);
}

float ridge_top(const struct ridge *r, const float *heat, float *dx, float *dy)
{
    const int n = r->spectrum->grid, cells = r->spectrum->cells;
    int best = 0;
    for (int k = 1; k < cells; k++)
        best = heat[k] > heat[best] ? k : best;
    int x = best % n, y = best / n;
    float left = heat[y * n + (x + n - 1) % n], right = heat[y * n + (x + 1) % n], here = heat[best];
    float up = heat[(y + n - 1) % n * n + x], down = heat[(y + 1) % n * n + x];
    float bend_x = left - 2 * here + right, bend_y = up - 2 * here + down;
    *dx = (float)(x > n / 2 ? x - n : x) + (bend_x < 0 ? 0.5f * (left - right) / bend_x : 0);
    *dy = (float)(y > n / 2 ? y - n : y) + (bend_y < 0 ? 0.5f * (up - down) / bend_y : 0);
    return here;
}

void ridge_shift(const struct ridge *r, float *x, float dx, float dy)
{
    const int grid = r->spectrum->grid, half = r->spectrum->half, bins = r->spectrum->bins;
    float c[RIDGE_BINS], s[RIDGE_BINS];
    for (int k = 0; k < bins; k++) {
        int fy = k / half, fx = k % half;
        float a = 6.2831853f / (float)grid * ((float)fx * dx + (float)(fy > grid / 2 ? fy - grid : fy) * dy);
        c[k] = cosf(a);
        s[k] = sinf(a);
    }
    for (int i = 0; i < r->n; i++) {
        float *restrict re = x + (size_t)i * 2 * bins, *restrict im = re + bins;
        for (int k = 0; k < bins; k++) {
            float p = re[k] * c[k] - im[k] * s[k];
            im[k] = re[k] * s[k] + im[k] * c[k];
            re[k] = p;
        }
    }
}

/* With error e = heat - wanted and the map's part p of the heat: sum (e - p)^2 - e^2 = sum p^2 - 2 e p. */
void ridge_significance(struct ridge *r, const float *x, float *significance)
{
    const int grid = r->spectrum->grid, half = r->spectrum->half, bins = r->spectrum->bins;
    float *whole = r->work->mix, part[2 * RIDGE_BINS];
    memset(whole, 0, 2 * bins * sizeof(float));
    for (int i = 0; i < r->n; i++)
        add_heat(whole, r->filter + (size_t)i * 2 * bins, x + (size_t)i * 2 * bins, bins);
    for (int i = 0; i < r->n; i++) {
        double sum = 0;
        memset(part, 0, 2 * (size_t)bins * sizeof(float));
        add_heat(part, r->filter + (size_t)i * 2 * bins, x + (size_t)i * 2 * bins, bins);
        for (int k = 0; k < bins; k++) {
            double twice = k % half == 0 || k % half == grid / 2 ? 1 : 2; /* the mirrored half */
            double re = whole[k] - r->label[k], im = whole[bins + k];
            sum += twice * (part[k] * (part[k] - 2 * re) + part[bins + k] * (part[bins + k] - 2 * im));
        }
        significance[i] = (float)(sum / (float)r->spectrum->cells);
    }
}
