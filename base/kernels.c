/* SPDX-License-Identifier: MIT
 * Which table of fast loops this processor gets. */
#include "base/kernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

extern const struct kernels kernels_reference, kernels_sse2, kernels_avx2, kernels_avx512, kernels_vpopcnt, kernels_bf16, kernels_amx;

/* Linux lets a process use tiles, which make its threads' state larger, once it asks. */
static bool tiles_allowed(void)
{
#if defined(__linux__) && defined(__x86_64__)
    enum { REQUEST = 0x1023, TILES_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */
    static atomic_int answer; /* 0: not asked yet */
    if (!atomic_load(&answer))
        atomic_store(&answer, syscall(SYS_arch_prctl, REQUEST, TILES_DATA) ? -1 : 1);
    return atomic_load(&answer) > 0;
#else
    return false;
#endif
}

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
    if (f & CPU_BF16 && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") && tiles_allowed())
        f |= CPU_AMX;
    const char *most = getenv("FACETRAIL_KERNELS");
    if (most && (strcmp(most, "reference") == 0 || strcmp(most, "sse2") == 0))
        f = 0;
    if (most && strcmp(most, "avx2") == 0)
        f &= CPU_AVX2;
    if (most && strcmp(most, "avx512") == 0)
        f &= CPU_AVX2 | CPU_AVX512;
    if (most && strcmp(most, "vpopcnt") == 0)
        f &= ~(unsigned)(CPU_BF16 | CPU_AMX);
    if (most && strcmp(most, "bf16") == 0)
        f &= ~(unsigned)CPU_AMX;
    return f;
}

const struct kernels *kernels_for(unsigned features)
{
    if (features & CPU_AMX)
        return &kernels_amx;
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
                                    &kernels_vpopcnt,   &kernels_bf16, &kernels_amx };
    const unsigned needs[] = { 0, 0, CPU_AVX2, CPU_AVX512, CPU_VPOPCNT, CPU_BF16, CPU_AMX };
    unsigned f = cpu_features();
    int n = 0;
    for (int i = 0; i < (int)(sizeof all / sizeof *all) && n < max; i++)
        if ((f & needs[i]) == needs[i])
            tables[n++] = all[i];
    return n;
}
