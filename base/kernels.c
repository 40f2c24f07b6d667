/* SPDX-License-Identifier: MIT
 * Which table of fast loops this processor gets. */
#include "base/kernels.h"

#include <stdlib.h>
#include <string.h>

extern const struct kernels kernels_reference, kernels_sse2, kernels_avx2, kernels_avx512, kernels_vpopcnt, kernels_bf16;

unsigned cpu_features(void)
{
    unsigned f = 0;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt"))
        f |= CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        f |= CPU_AVX512;
    if (f & CPU_AVX512 && __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512vnni"))
        f |= CPU_VPOPCNT;
    if (f & CPU_VPOPCNT && __builtin_cpu_supports("avx512bf16"))
        f |= CPU_BF16;
    const char *most = getenv("FACETRAIL_KERNELS");
    if (most && (strcmp(most, "reference") == 0 || strcmp(most, "sse2") == 0))
        f = 0;
    if (most && strcmp(most, "avx2") == 0)
        f &= CPU_AVX2;
    if (most && strcmp(most, "avx512") == 0)
        f &= CPU_AVX2 | CPU_AVX512;
    if (most && strcmp(most, "vpopcnt") == 0)
        f &= ~(unsigned)CPU_BF16;
    return f;
}

const struct kernels *kernels_for(unsigned features)
{
    if (features & CPU_BF16)
        return &kernels_bf16;
    if (features & CPU_VPOPCNT)
        return &kernels_vpopcnt;
    return features & CPU_AVX512 ? &kernels_avx512 : features & CPU_AVX2 ? &kernels_avx2 : &kernels_sse2;
}

const struct kernels *kernels_best(void)
{
    const char *most = getenv("FACETRAIL_KERNELS");
    return most && strcmp(most, "reference") == 0 ? &kernels_reference : kernels_for(cpu_features());
}

int kernels_all(const struct kernels **tables, int max)
{
    const struct kernels *all[] = { &kernels_reference, &kernels_sse2, &kernels_avx2, &kernels_avx512,
                                    &kernels_vpopcnt,   &kernels_bf16 };
    const unsigned needs[] = { 0, 0, CPU_AVX2, CPU_AVX512, CPU_VPOPCNT, CPU_BF16 };
    unsigned f = cpu_features();
    int n = 0;
    for (int i = 0; i < 6 && n < max; i++)
        if ((f & needs[i]) == needs[i])
            tables[n++] = all[i];
    return n;
}
