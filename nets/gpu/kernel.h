/* SPDX-License-Identifier: MIT
 * One source for both sides: work on each item, or on each row with a sum or a largest value, is a kernel under nvcc
 * and a plain loop under a C compiler. What is done to one item is a GPU_FUNCTION that takes its arguments in one
 * struct, by value, and the item's number. C and C++ both read these files: no designated initialisers. */
#ifndef FACETRAIL_NETS_GPU_KERNEL_H
#define FACETRAIL_NETS_GPU_KERNEL_H

#include <float.h>
#include <math.h>

#ifdef FACETRAIL_CUDA
extern "C" {
#endif
#include "base/check.h"
#include "nets/gpu/device.h"
#include "nets/gpu/layers.h"
#include "nets/layers/conv.h"
#include "nets/layers/layers.h"
#ifdef FACETRAIL_CUDA
}
#endif

struct sums { float a, b; };

/* EACH(device, f, n, args): f(args, i) for i below n.
 * ROWS(device, part, done, rows, columns, args): done(args, row, sum over the columns of part(args, row, column)).
 * ROWS_MOST: the same with one float and the largest. */
#ifdef FACETRAIL_CUDA
#include <cuda_runtime.h>

#define GPU_FUNCTION static __device__ inline
enum { GPU_THREADS = 256, GPU_ROW_THREADS = 1024, GPU_BLOCKS = 8192 };
extern "C" cudaStream_t device_stream(struct device *d);

template <typename A, void (*f)(A, unsigned)> __global__ void gpu_each(unsigned n, A a)
{
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        f(a, i);
}

/* Of all threads of a block, in thread 0. */
template <typename T, T (*join)(T, T)> __device__ T gpu_gather(T mine, T none)
{
    __shared__ T warps[32];
    for (int step = 16; step > 0; step /= 2)
        mine = join(mine, __shfl_down_sync(0xffffffffu, mine, step));
    if (threadIdx.x % 32 == 0)
        warps[threadIdx.x / 32] = mine;
    __syncthreads();
    mine = threadIdx.x < blockDim.x / 32 ? warps[threadIdx.x] : none;
    __syncthreads(); /* the next gathering uses the same place */
    if (threadIdx.x < 32)
        for (int step = 16; step > 0; step /= 2)
            mine = join(mine, __shfl_down_sync(0xffffffffu, mine, step));
    return mine;
}
static __device__ inline float gpu_plus(float a, float b) { return a + b; }
static __device__ inline float gpu_most(float a, float b) { return a > b ? a : b; }

template <typename A, struct sums (*part)(A, unsigned, unsigned), void (*done)(A, unsigned, struct sums)>
__global__ void gpu_rows(unsigned columns, A a)
{
    struct sums mine = { 0, 0 };
    for (unsigned i = threadIdx.x; i < columns; i += blockDim.x) {
        struct sums one = part(a, blockIdx.x, i);
        mine.a += one.a;
        mine.b += one.b;
    }
    mine.a = gpu_gather<float, gpu_plus>(mine.a, 0);
    mine.b = gpu_gather<float, gpu_plus>(mine.b, 0);
    if (threadIdx.x == 0)
        done(a, blockIdx.x, mine);
}

template <typename A, float (*part)(A, unsigned, unsigned), void (*done)(A, unsigned, float)>
__global__ void gpu_rows_most(unsigned columns, A a)
{
    float mine = -FLT_MAX;
    for (unsigned i = threadIdx.x; i < columns; i += blockDim.x)
        mine = gpu_most(mine, part(a, blockIdx.x, i));
    mine = gpu_gather<float, gpu_most>(mine, -FLT_MAX);
    if (threadIdx.x == 0)
        done(a, blockIdx.x, mine);
}

static inline unsigned gpu_blocks(size_t n)
{
    size_t blocks = (n + GPU_THREADS - 1) / GPU_THREADS;
    return (unsigned)(blocks < GPU_BLOCKS ? blocks : GPU_BLOCKS);
}
static inline unsigned gpu_row_threads(size_t columns)
{
    return columns > 2048 ? GPU_ROW_THREADS : columns > 128 ? GPU_THREADS : 32;
}
#define EACH(d, f, n, a)                                                                                                \
    do {                                                                                                                \
        CHECK((size_t)(n) < 0x70000000u);                                                                               \
        if ((n) > 0)                                                                                                    \
            gpu_each<decltype(a), f><<<gpu_blocks(n), GPU_THREADS, 0, device_stream(d)>>>((unsigned)(n), a);            \
    } while (0)
#define ROWS_BY(kernel, d, part, done, rows, columns, a)                                                                \
    do {                                                                                                                \
        CHECK((size_t)(columns) < 0x70000000u);                                                                         \
        if ((rows) > 0)                                                                                                 \
            kernel<decltype(a), part, done>                                                                             \
                <<<(unsigned)(rows), gpu_row_threads(columns), 0, device_stream(d)>>>((unsigned)(columns), a);          \
    } while (0)
#define ROWS(d, part, done, rows, columns, a) ROWS_BY(gpu_rows, d, part, done, rows, columns, a)
#define ROWS_MOST(d, part, done, rows, columns, a) ROWS_BY(gpu_rows_most, d, part, done, rows, columns, a)
#else
#define GPU_FUNCTION static inline
#define EACH(d, f, n, a)                                                                                                \
    do {                                                                                                                \
        (void)(d);                                                                                                      \
        for (unsigned i_ = 0; i_ < (unsigned)(n); i_++)                                                                 \
            f(a, i_);                                                                                                   \
    } while (0)
#define ROWS(d, part, done, rows, columns, a)                                                                           \
    do {                                                                                                                \
        (void)(d);                                                                                                      \
        for (unsigned r_ = 0; r_ < (unsigned)(rows); r_++) {                                                            \
            double one_ = 0, other_ = 0;                                                                                \
            for (unsigned i_ = 0; i_ < (unsigned)(columns); i_++) {                                                     \
                struct sums p_ = part(a, r_, i_);                                                                       \
                one_ += (double)p_.a;                                                                                   \
                other_ += (double)p_.b;                                                                                 \
            }                                                                                                           \
            done(a, r_, (struct sums){ (float)one_, (float)other_ });                                                   \
        }                                                                                                               \
    } while (0)
#define ROWS_MOST(d, part, done, rows, columns, a)                                                                      \
    do {                                                                                                                \
        (void)(d);                                                                                                      \
        for (unsigned r_ = 0; r_ < (unsigned)(rows); r_++) {                                                            \
            float most_ = -FLT_MAX;                                                                                     \
            for (unsigned i_ = 0; i_ < (unsigned)(columns); i_++) {                                                     \
                float p_ = part(a, r_, i_);                                                                             \
                most_ = p_ > most_ ? p_ : most_;                                                                        \
            }                                                                                                           \
            done(a, r_, most_);                                                                                         \
        }                                                                                                               \
    } while (0)
#endif

#endif
