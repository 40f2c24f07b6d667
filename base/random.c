/* SPDX-License-Identifier: MIT
 * splitmix64 (Steele, Lea, Flood 2014). */
#include "base/random.h"

#include <math.h>

#include "base/check.h"

uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

float random_unit(uint64_t *state)
{
    return (float)(random_next(state) >> 40) * 0x1p-24f;
}

float random_between(uint64_t *state, float low, float high)
{
    return low + (high - low) * random_unit(state);
}

float random_normal(uint64_t *state)
{
    /* Box and Muller; 1 - u lies in (0, 1], so the logarithm is finite. */
    double u = (double)(random_next(state) >> 11) * 0x1p-53;
    double v = (double)(random_next(state) >> 11) * 0x1p-53;
    return (float)(sqrt(-2.0 * log(1.0 - u)) * cos(6.283185307179586 * v));
}

float random_doubling(uint64_t *state, float low, float high)
{
    return low * expf(random_unit(state) * logf(high / low));
}

bool random_chance(uint64_t *state, float p)
{
    return random_unit(state) < p;
}

int random_below(uint64_t *state, int n)
{
    CHECK(n > 0);
    return (int)(((random_next(state) >> 32) * (uint64_t)n) >> 32);
}

void random_shuffle(uint64_t *state, int *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)(random_next(state) % i);
        int kept = items[i - 1];
        items[i - 1] = items[j];
        items[j] = kept;
    }
}
