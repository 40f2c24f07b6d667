/* SPDX-License-Identifier: MIT
 * Products of small matrices as they lie: nothing is copied first, which for a few dozen rows costs as much as multiplying.
 * Compiled once per instruction set like kernels_vector.c. */
#include "base/kernels_vector.h"

struct left { const float *at; size_t row, column; };

/* Some rows by one or two vectors of columns; every sum stays in a register from the first product to the last. */
#define PRODUCT_BLOCK(ROWS, VECTORS)                                                                                     \
    static void product_block##ROWS##x##VECTORS(float *restrict out, size_t out_step, const struct left *left,           \
                                                const float *restrict right, size_t right_step, int k, bool add)         \
    {                                                                                                                    \
        vec sum[ROWS][VECTORS];                                                                                          \
        _Pragma("GCC unroll 12")                                                                                         \
        for (int i = 0; i < ROWS; i++)                                                                                   \
            _Pragma("GCC unroll 2")                                                                                      \
            for (int v = 0; v < VECTORS; v++)                                                                            \
                sum[i][v] = (vec){ 0 };                                                                                  \
        const float *l = left->at;                                                                                       \
        for (int t = 0; t < k; t++, l += left->column, right += right_step) {                                            \
            vec r[VECTORS];                                                                                              \
            _Pragma("GCC unroll 2")                                                                                      \
            for (int v = 0; v < VECTORS; v++)                                                                            \
                r[v] = *(const vec *)(right + v * LANES);                                                                \
            _Pragma("GCC unroll 12")                                                                                     \
            for (int i = 0; i < ROWS; i++)                                                                               \
                _Pragma("GCC unroll 2")                                                                                  \
                for (int v = 0; v < VECTORS; v++)                                                                        \
                    sum[i][v] += l[(size_t)i * left->row] * r[v];                                                        \
        }                                                                                                                \
        _Pragma("GCC unroll 12")                                                                                         \
        for (int i = 0; i < ROWS; i++)                                                                                   \
            _Pragma("GCC unroll 2")                                                                                      \
            for (int v = 0; v < VECTORS; v++) {                                                                          \
                vec *to = (vec *)(out + (size_t)i * out_step + v * LANES);                                               \
                *to = add ? *to + sum[i][v] : sum[i][v];                                                                 \
            }                                                                                                            \
    }
#define BLOCKS(B) B(1, 1) B(2, 1) B(3, 1) B(4, 1) B(5, 1) B(6, 1) B(1, 2) B(2, 2) B(3, 2) B(4, 2) B(5, 2) B(6, 2)
BLOCKS(PRODUCT_BLOCK)
#define NAMES(v) NULL, product_block1x##v, product_block2x##v, product_block3x##v, product_block4x##v, product_block5x##v, product_block6x##v
#if defined(__AVX512F__) /* 32 registers; others have 16 */
#define MORE(B) B(7, 1) B(8, 1) B(9, 1) B(10, 1) B(11, 1) B(12, 1) B(7, 2) B(8, 2) B(9, 2) B(10, 2) B(11, 2) B(12, 2)
MORE(PRODUCT_BLOCK)
#define MORE_NAMES(v) , product_block7x##v, product_block8x##v, product_block9x##v, product_block10x##v, product_block11x##v, product_block12x##v
enum { MOST = 12 };
#else
#define MORE_NAMES(v)
enum { MOST = 6 };
#endif
typedef void product_block(float *out, size_t out_step, const struct left *left, const float *right, size_t right_step, int k, bool add);
static product_block *const one[] = { NAMES(1) MORE_NAMES(1) };
static product_block *const two[] = { NAMES(2) MORE_NAMES(2) };

void JOIN(product_, KERNELS)(float *out, size_t out_step, const float *left, size_t left_row, size_t left_column, const float *right,
                             size_t right_step, int m, int k, int n, bool add)
{
    enum { NEAR = 4096 }; /* floats of the left side that stay in the first-level cache */
    const int chunk = NEAR / k > MOST ? NEAR / k : MOST;
    for (int first = 0; first < m; first += chunk) {
        const int end = m - first < chunk ? m : first + chunk;
        for (int x = 0; x < n; x += 2 * LANES) {
            product_block *const *blocks = n - x > LANES ? two : one;
            for (int i = first, rows; i < end; i += rows) {
                const int to_go = (end - i + MOST - 1) / MOST; /* blocks, as even as they come */
                rows = (end - i + to_go - 1) / to_go;
                const struct left l = { left + (size_t)i * left_row, left_row, left_column };
                blocks[rows](out + (size_t)i * out_step + x, out_step, &l, right + x, right_step, k, add);
            }
        }
    }
}
