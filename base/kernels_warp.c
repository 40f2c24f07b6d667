/* SPDX-License-Identifier: MIT
 * Bilinear look-ups along a line of a picture. Corners are loaded two pixels at a time, as the right neighbour lies behind
 * the left one; all four channels of a pixel are one quarter of a register. Compiled once per instruction set, and empty
 * for those without AVX2 (the plain twin in kernels_warp_reference.c stands in). */
#include "base/kernels_vector.h"

#ifdef __AVX2__
#include <immintrin.h>

enum { PIXEL = 4, AT_ONCE = LANES / PIXEL };

/* Of LANES pixels: where the upper left corner is, and the corners' weights. */
struct corners { int32_t x[LANES], y[LANES]; vec w[4]; };

#ifdef __AVX512F__
#define DO(name) _mm512_##name
typedef __m512 floats;
typedef __m512i words;
#else
#define DO(name) _mm256_##name
typedef __m256 floats;
typedef __m256i words;
#endif

/* Not a number becomes 0. */
static inline vec clamp(vec v, float high)
{
    vec most = high - (vec){ 0 };
    return (vec)DO(min_ps)(DO(max_ps)((floats)v, (floats)(vec){ 0 }), (floats)most);
}

static inline ivec at_most(ivec v, int high)
{
    ivec most = high - (ivec){ 0 };
    return (ivec)DO(min_epi32)((words)v, (words)most);
}

static inline void find_corners(struct corners *c, const struct kernels_line *l, vec i)
{
    vec x = clamp(l->x + i * l->dx, (float)(l->w - 1)), y = clamp(l->y + i * l->dy, (float)(l->h - 1));
    ivec x0 = __builtin_convertvector(x, ivec), y0 = __builtin_convertvector(y, ivec);
    x0 = at_most(x0, l->w - 2); /* the last one is its left neighbour's neighbour */
    y0 = at_most(y0, l->h - 2);
    vec fx = x - __builtin_convertvector(x0, vec), fy = y - __builtin_convertvector(y0, vec);
    c->w[3] = fx * fy;
    c->w[1] = fx - c->w[3];
    c->w[2] = fy - c->w[3];
    c->w[0] = 1 - fx - c->w[2];
    memcpy(c->x, &x0, sizeof x0);
    memcpy(c->y, &y0, sizeof y0);
}

/* Two pixels and their right neighbours: left, left, right, right. */
static inline __m128i load_two(const uint8_t *a, const uint8_t *b)
{
    __m128i first = _mm_loadl_epi64((const __m128i *)(const void *)a), second = _mm_loadl_epi64((const __m128i *)(const void *)b);
    return _mm_shuffle_epi32(_mm_unpacklo_epi64(first, second), 0xd8);
}

#ifdef __AVX512F__
#define FLOATS(bytes) _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes))
static inline void load_corners(vec *left, vec *right, const uint8_t *const *at)
{
    __m128i a = load_two(at[0], at[1]), b = load_two(at[2], at[3]);
    *left = (vec)FLOATS(_mm_unpacklo_epi64(a, b));
    *right = (vec)FLOATS(_mm_unpackhi_epi64(a, b));
}

static inline vec spread(vec w, int group) /* each of a group's weights four times */
{
    const __m512i first = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return (vec)_mm512_permutexvar_ps(_mm512_add_epi32(first, _mm512_set1_epi32(group * AT_ONCE)), (__m512)w);
}
#else
#define FLOATS(bytes) _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes))
static inline void load_corners(vec *left, vec *right, const uint8_t *const *at)
{
    __m128i a = load_two(at[0], at[1]);
    *left = (vec)FLOATS(a);
    *right = (vec)FLOATS(_mm_srli_si128(a, 8));
}

static inline vec spread(vec w, int group)
{
    const __m256i first = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    return (vec)_mm256_permutevar8x32_ps((__m256)w, _mm256_add_epi32(first, _mm256_set1_epi32(group * AT_ONCE)));
}
#endif

void JOIN(bilinear_, KERNELS)(float *out, const struct kernels_line *l, int n)
{
    if (l->w < 2 || l->h < 2) {
        bilinear_reference(out, l, n);
        return;
    }
    vec i;
    for (int k = 0; k < LANES; k++)
        i[k] = (float)k;
    for (int x = 0; x < n; x += LANES, i += (float)LANES, out += LANES * PIXEL) {
        struct corners c;
        find_corners(&c, l, i);
        for (int g = 0; g < LANES / AT_ONCE; g++) {
            const uint8_t *upper[AT_ONCE], *lower[AT_ONCE];
            for (int k = 0; k < AT_ONCE; k++) {
                int at = g * AT_ONCE + k;
                upper[k] = l->pixels + (ptrdiff_t)c.y[at] * l->stride + (ptrdiff_t)c.x[at] * PIXEL;
                lower[k] = upper[k] + l->stride;
            }
            vec left, right, low_left, low_right;
            load_corners(&left, &right, upper);
            load_corners(&low_left, &low_right, lower);
            *(vec *)(void *)(out + g * LANES) = left * spread(c.w[0], g) + right * spread(c.w[1], g) +
                                                low_left * spread(c.w[2], g) + low_right * spread(c.w[3], g);
        }
    }
}
#endif
