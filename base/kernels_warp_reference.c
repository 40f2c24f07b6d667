/* SPDX-License-Identifier: MIT
 * The plain C twin of the bilinear look-ups; also what runs where there is no AVX2. */
#include "base/kernels_vector.h"

enum { PIXEL = 4 };

static float limit(float v, float high)
{
    v = v > 0 ? v : 0; /* not a number becomes 0 */
    return v < high ? v : high;
}

void bilinear_reference(float *out, const struct kernels_line *l, int n)
{
    for (int i = 0; i < n; i++, out += PIXEL) {
        float x = limit(l->x + (float)i * l->dx, (float)(l->w - 1)), y = limit(l->y + (float)i * l->dy, (float)(l->h - 1));
        int x0 = (int)x, y0 = (int)y;
        float fx = x - (float)x0, fy = y - (float)y0;
        const uint8_t *p = l->pixels + (ptrdiff_t)y0 * l->stride + (ptrdiff_t)x0 * PIXEL;
        const uint8_t *q = y0 < l->h - 1 ? p + l->stride : p;
        ptrdiff_t next = x0 < l->w - 1 ? PIXEL : 0;
        float w11 = fx * fy, w01 = fx - w11, w10 = fy - w11, w00 = 1 - fx - w10;
        for (int c = 0; c < PIXEL; c++)
            out[c] = (float)p[c] * w00 + (float)p[next + c] * w01 + (float)q[c] * w10 + (float)q[next + c] * w11;
    }
}
