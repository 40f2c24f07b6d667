/* SPDX-License-Identifier: MIT
 * An NVIDIA GPU: one stream, cuBLAS with TF32 products. Compiled by nvcc, as C++. */
#ifdef FACETRAIL_CUDA
#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <stdio.h>

extern "C" {
#include "base/memory.h"
#include "nets/gpu/device.h"

enum { BLOCKS = 4096 };

struct device {
    cudaStream_t stream;
    cublasHandle_t blas;
    void *blocks[BLOCKS], *host[BLOCKS];
    int n, n_host;
    cudaError_t failed;
    bool blas_failed;
    char name[300];
};

cudaStream_t device_stream(struct device *d);

static void note(struct device *d, cudaError_t e)
{
    if (e != cudaSuccess && d->failed == cudaSuccess)
        d->failed = e;
}

enum status device_open(struct device **out)
{
    struct device *d = (struct device *)memory_alloc(1, sizeof *d);
    struct cudaDeviceProp about;
    *out = d;
    if (!d)
        return fail(NO_RESOURCE, "GPU: no memory");
    cudaError_t e = cudaGetDeviceProperties(&about, 0);
    if (e == cudaSuccess)
        e = cudaStreamCreateWithFlags(&d->stream, cudaStreamNonBlocking);
    if (e != cudaSuccess)
        return fail(NO_RESOURCE, "no GPU to learn on: %s", cudaGetErrorString(e));
    if (cublasCreate(&d->blas) != CUBLAS_STATUS_SUCCESS || cublasSetStream(d->blas, d->stream) != CUBLAS_STATUS_SUCCESS ||
        cublasSetMathMode(d->blas, CUBLAS_TF32_TENSOR_OP_MATH) != CUBLAS_STATUS_SUCCESS)
        return fail(NO_RESOURCE, "GPU: cuBLAS does not start");
    snprintf(d->name, sizeof d->name, "%s", about.name);
    return OK;
}

void device_close(struct device **at)
{
    struct device *d = *at;
    if (!d)
        return;
    if (d->stream)
        cudaStreamSynchronize(d->stream);
    for (int i = 0; i < d->n; i++)
        cudaFree(d->blocks[i]);
    for (int i = 0; i < d->n_host; i++)
        cudaFreeHost(d->host[i]);
    if (d->blas)
        cublasDestroy(d->blas);
    if (d->stream)
        cudaStreamDestroy(d->stream);
    memory_free(at);
}

const char *device_name(const struct device *d)
{
    return d->name;
}

bool device_is_twin(void)
{
    return false;
}

enum status device_status(struct device *d)
{
    note(d, cudaGetLastError());
    if (d->failed != cudaSuccess)
        return fail(NO_RESOURCE, "GPU: %s", cudaGetErrorString(d->failed));
    return d->blas_failed ? fail(NO_RESOURCE, "GPU: cuBLAS failed") : OK;
}

void *device_take(struct device *d, size_t bytes)
{
    void *at = NULL;
    if (d->n == BLOCKS) {
        note(d, cudaErrorMemoryAllocation);
        return NULL;
    }
    cudaError_t e = cudaMalloc(&at, bytes ? bytes : 1);
    note(d, e);
    if (e != cudaSuccess)
        return NULL;
    d->blocks[d->n++] = at;
    note(d, cudaMemsetAsync(at, 0, bytes, d->stream));
    return at;
}

void *device_take_host(struct device *d, size_t bytes)
{
    void *at = NULL;
    cudaError_t e = d->n_host < BLOCKS ? cudaMallocHost(&at, bytes ? bytes : 1) : cudaErrorMemoryAllocation;
    note(d, e);
    if (e != cudaSuccess)
        return NULL;
    d->host[d->n_host++] = at;
    return at;
}

void device_send(struct device *d, void *to, const void *from, size_t bytes)
{
    note(d, cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, d->stream));
}

void device_fetch(struct device *d, void *to, const void *from, size_t bytes)
{
    note(d, cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, d->stream));
    device_wait(d);
}

void device_zero(struct device *d, void *at, size_t bytes)
{
    note(d, cudaMemsetAsync(at, 0, bytes, d->stream));
}

void device_wait(struct device *d)
{
    note(d, cudaStreamSynchronize(d->stream));
}

cudaStream_t device_stream(struct device *d)
{
    return d->stream;
}

/* Row-major c = a b is column-major c' = b' a'. */
void device_gemm(struct device *d, bool turn_a, bool turn_b, int m, int n, int k, struct device_matrix a,
                 struct device_matrix b, float beta, struct device_matrix c, int count)
{
    float one = 1;
    cublasStatus_t s = cublasGemmStridedBatchedEx(
        d->blas, turn_b ? CUBLAS_OP_T : CUBLAS_OP_N, turn_a ? CUBLAS_OP_T : CUBLAS_OP_N, n, m, k, &one, b.at, CUDA_R_32F,
        b.ld, (long long)b.step, a.at, CUDA_R_32F, a.ld, (long long)a.step, &beta, c.at, CUDA_R_32F, c.ld,
        (long long)c.step, count, CUBLAS_COMPUTE_32F_FAST_TF32, CUBLAS_GEMM_DEFAULT);
    d->blas_failed = d->blas_failed || s != CUBLAS_STATUS_SUCCESS;
}
}
#endif
