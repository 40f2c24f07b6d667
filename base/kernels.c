/* SPDX-License-Identifier: MIT
 * Which table of fast loops this processor gets. */
#include "base/kernels.h"

#include <stdlib.h>
#include <string.h>

extern const struct kernels kernels_reference, kernels_sse2, kernels_avx2, kernels_avx512;

unsigned cpu_features(void)
{
    unsigned f = 0;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt"))
        f |= CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        f |= CPU_AVX512;
    const char *most = getenv("FACETRAIL_KERNELS");
    if (most && (strcmp(most, "reference") == 0 || strcmp(most, "sse2") == 0))
        f = 0;
    if (most && strcmp(most, "avx2") == 0)
        f &= CPU_AVX2;
    return f;
}

const struct kernels *kernels_for(unsigned features)
{
    return features & CPU_AVX512 ? &kernels_avx512 : features & CPU_AVX2 ? &kernels_avx2 : &kernels_sse2;
}

const struct kernels *kernels_best(void)
{
    const char *most = getenv("FACETRAIL_KERNELS");
    return most && strcmp(most, "reference") == 0 ? &kernels_reference : kernels_for(cpu_features());
}

int kernels_all(const struct kernels **tables, int max)
{
    const struct kernels *all[] = { &kernels_reference, &kernels_sse2, &kernels_avx2, &kernels_avx512 };
    unsigned f = cpu_features();
    int n = 0;
    for (int i = 0; i < 4 && n < max; i++)
        if (i < 2 || (i == 2 && f & CPU_AVX2) || (i == 3 && f & CPU_AVX512))
            tables[n++] = all[i];
    return n;
}
