/* SPDX-License-Identifier: MIT
 * Products of bfloat16 by AMX: an instruction multiplies 16 maps by 16 places (or taps), 32 products into each sum. What is too
 * small for tiles goes to kernels_half.c. Compiled once per instruction set, and empty for those without tiles. */
#include "base/kernels_vector.h"

#ifdef __AMX_BF16__
#include <immintrin.h>

enum {
    TILE = 16,       /* rows of a tile, and words in one */
    TWO = 2 * TILE,  /* a block is two tiles by two, which leaves four for what is multiplied */
    MAPS = 160,      /* at a time: whole blocks of tiles and of KERNELS_MAPS */
    TAPS = 256,      /* at a time: a panel of rows stays in the first-level cache */
    ASIDE = TAPS + TILE,
    WORDS = 256,     /* of a row at a time, in half_outer */
    APART = WORDS + TILE,
    FEW = 8,
};

/* What the tiles read and write, for the thread itself: rows of tiles lie evenly there, as a picture's do not. */
static _Thread_local struct {
    float sums[TWO][TWO];
    union {
        struct { uint32_t weights[MAPS][ASIDE], rows[TAPS][TWO]; } product;
        struct { uint32_t grad[WORDS][MAPS], rows[TWO][APART], some[TILE][APART]; float sums[TAPS][MAPS]; } outer;
    };
} room __attribute__((aligned(64)));

static void tiles_on(void)
{
    struct { uint8_t palette, start, none[14]; uint16_t bytes[TILE]; uint8_t rows[TILE]; } config = { .palette = 1 };
    for (int i = 0; i < 8; i++) {
        config.bytes[i] = TILE * sizeof(uint32_t);
        config.rows[i] = TILE;
    }
    __asm__ volatile("ldtilecfg %0" ::"m"(config));
}

/* The compiler does not know what tiles read and write of memory. */
static inline void memory_is_written(void)
{
    __asm__ volatile("" ::: "memory");
}

/* Tiles 0 to 3 += left x right over `parts` times 16 words; steps in words. The second row, or column, of tiles: two, wide. */
static inline void multiply(const uint32_t *left, size_t left_step, const uint32_t *right, size_t right_step, int parts, bool two,
                            bool wide)
{
    for (int i = 0; i < parts; i++, left += TILE, right += TILE * right_step) {
        _tile_loadd(4, left, left_step * sizeof *left);
        _tile_loadd(6, right, right_step * sizeof *right);
        _tile_dpbf16ps(0, 4, 6);
        if (wide) {
            _tile_loadd(7, right + TILE, right_step * sizeof *right);
            _tile_dpbf16ps(1, 4, 7);
        }
        if (two) {
            _tile_loadd(5, left + TILE * left_step, left_step * sizeof *left);
            _tile_dpbf16ps(2, 5, 6);
            if (wide)
                _tile_dpbf16ps(3, 5, 7);
        }
    }
}

static inline void zero_sums(void)
{
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

static inline void store_sums(float *sums, size_t step, bool two, bool wide)
{
    _tile_stored(0, sums, step * sizeof *sums);
    if (wide)
        _tile_stored(1, sums + TILE, step * sizeof *sums);
    if (two)
        _tile_stored(2, sums + TILE * step, step * sizeof *sums);
    if (two && wide)
        _tile_stored(3, sums + TILE * step + TILE, step * sizeof *sums);
    memory_is_written();
}

/* Weights of maps first .. first + maps - 1 and of some taps, map by map; the rest of the last tile is zero. */
static void take_weights(const uint32_t *packed, int m, int k, int first, int maps, int tap, int taps)
{
    for (int i = 0; i < maps; i += KERNELS_MAPS) {
        const struct kernels_packed at = kernels_packed_at(first + i, m, k);
        JOIN(transpose_, KERNELS)((float *)room.product.weights[i], ASIDE, (const float *)packed + at.at + (size_t)tap * (size_t)at.step,
                                  (size_t)at.step, taps, at.step, false);
    }
    for (int i = 0; i < maps && taps % TILE; i++)
        memset(room.product.weights[i] + taps, 0, (size_t)(TILE - taps % TILE) * sizeof(uint32_t));
}

static void take_rows(const uint32_t *in, const int32_t *offsets, int taps, bool wide)
{
    int t = 0;
    for (; t < taps; t++) {
        const uint32_t *row = in + offsets[t];
        _mm512_store_si512(room.product.rows[t], _mm512_loadu_si512(row));
        if (wide)
            _mm512_store_si512(room.product.rows[t] + TILE, _mm512_loadu_si512(row + TILE));
    }
    for (; t % TILE; t++)
        memset(room.product.rows[t], 0, sizeof room.product.rows[t]);
}

/* The sums of `maps` maps at n places to where they go. */
static void end_sums(float *out, size_t out_step, int maps, int n, const struct kernels_ends *ends)
{
    const __m512 least = ends->relu ? _mm512_setzero_ps() : _mm512_set1_ps(-__builtin_inff());
    for (int i = 0; i < maps; i++, out += out_step)
        for (int x = 0; x < n; x += TILE) {
            const __mmask16 part = lanes_of(n - x);
            const __m512 from = ends->add ? _mm512_maskz_loadu_ps(part, out + x) : _mm512_set1_ps(ends->bias ? ends->bias[i] : 0);
            const __m512 sum = _mm512_add_ps(_mm512_load_ps(room.sums[i] + x), from);
            _mm512_mask_storeu_ps(out + x, part, _mm512_max_ps(sum, least));
        }
}

static void product_part(float *out, size_t out_step, const uint32_t *in, const int32_t *offsets, int maps, int taps, int n,
                         struct kernels_ends ends)
{
    for (int x = 0; x < n; x += TWO) {
        const bool wide = n - x > TILE;
        take_rows(in + x, offsets, taps, wide);
        memory_is_written();
        for (int i = 0; i < maps; i += TWO) {
            const bool two = maps - i > TILE;
            const struct kernels_ends now = { ends.add, ends.relu, ends.bias ? ends.bias + i : NULL, NULL };
            zero_sums();
            multiply(room.product.weights[i], ASIDE, room.product.rows[0], TWO, (taps + TILE - 1) / TILE, two, wide);
            store_sums(room.sums[0], TWO, two, wide);
            end_sums(out + (size_t)i * out_step + x, out_step, maps - i < TWO ? maps - i : TWO, n - x < TWO ? n - x : TWO, &now);
        }
    }
}

void TILES(pairs_product)(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in, const int32_t *offsets, int m,
                          int k, int n, struct kernels_ends ends)
{
    if (m < FEW || k < FEW || n < TILE) {
        HALF(pairs_product)(out, out_step, packed, in, offsets, m, k, n, ends);
        return;
    }
    tiles_on();
    for (int tap = 0; tap < k; tap += TAPS) {
        const int taps = k - tap < TAPS ? k - tap : TAPS;
        for (int first = 0; first < m; first += MAPS) {
            const int maps = m - first < MAPS ? m - first : MAPS;
            const struct kernels_ends now = { ends.add || tap > 0, ends.relu && tap + TAPS >= k, ends.bias ? ends.bias + first : NULL, NULL };
            take_weights(packed, m, k, first, maps, tap, taps);
            product_part(out + (size_t)first * out_step, out_step, in, offsets + tap, maps, taps, n, now);
        }
    }
    _tile_release();
}

/* Words of gradients of `maps` maps, place by place. */
static void take_grad(const uint16_t *grad, size_t grad_step, int maps, int words)
{
    for (int i = 0; i < maps; i += TILE) {
        const int rows = maps - i < TILE ? maps - i : TILE;
        for (int r = 0; r < rows; r++) /* the halves may begin within a word */
            memcpy(room.outer.some[r], grad + (size_t)(i + r) * grad_step, (size_t)words * sizeof(uint32_t));
        JOIN(transpose_, KERNELS)((float *)room.outer.grad[0] + i, MAPS, (const float *)room.outer.some[0], APART, rows, words, false);
    }
}

/* Sums of some taps by maps grow by a part of a sample; the first begins them. */
static void outer_part(const uint16_t *in, const int32_t *offsets, int taps, int maps, int words, bool begin)
{
    for (int t = 0; t < taps; t += TWO) {
        const int rows = taps - t < TWO ? taps - t : TWO;
        for (int r = 0; r < rows; r++)
            memcpy(room.outer.rows[r], in + offsets[t + r], (size_t)words * sizeof(uint32_t));
        memory_is_written();
        for (int i = 0; i < maps; i += TWO) {
            const bool two = rows > TILE, wide = maps - i > TILE;
            float *sums = room.outer.sums[t] + i;
            if (begin) {
                zero_sums();
            } else {
                _tile_loadd(0, sums, MAPS * sizeof *sums);
                _tile_loadd(1, sums + TILE, MAPS * sizeof *sums);
                _tile_loadd(2, sums + TILE * MAPS, MAPS * sizeof *sums);
                _tile_loadd(3, sums + TILE * MAPS + TILE, MAPS * sizeof *sums);
            }
            multiply(room.outer.rows[0], APART, room.outer.grad[0] + i, MAPS, words / TILE, two, wide);
            store_sums(sums, MAPS, two, wide);
        }
    }
}

void TILES(half_outer)(float *weight_grad, const struct kernels_outer *o, int m, int k, int n)
{
    if (m < FEW || k < FEW || n < 2 * TILE) {
        HALF(half_outer)(weight_grad, o, m, k, n);
        return;
    }
    const int all = (n + 2 * TILE - 1) / (2 * TILE) * TILE; /* words of a row */
    tiles_on();
    for (int first = 0; first < m; first += MAPS)
        for (int tap = 0; tap < k; tap += TAPS) {
            const int maps = m - first < MAPS ? m - first : MAPS, taps = k - tap < TAPS ? k - tap : TAPS;
            for (int s = 0; s < o->samples; s++)
                for (int x = 0; x < all; x += WORDS) {
                    const int words = all - x < WORDS ? all - x : WORDS;
                    take_grad(o->grad + (size_t)s * o->grad_next + (size_t)first * o->grad_step + 2 * x, o->grad_step, maps, words);
                    outer_part(o->in + (size_t)s * o->in_next + 2 * x, o->offsets + tap, taps, maps, words, s == 0 && x == 0);
                }
            JOIN(transpose_, KERNELS)(weight_grad + (size_t)first * (size_t)k + tap, (size_t)k, room.outer.sums[0], MAPS, taps, maps, true);
        }
    _tile_release();
}
#endif
