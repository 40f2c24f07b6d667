/* SPDX-License-Identifier: MIT
 * The plain twin of an accelerator: memory is this side's memory, work is done when it is asked for. The tests compare
 * the layers' twins through it. */
#ifndef FACETRAIL_CUDA
#include <string.h>

#include "base/memory.h"
#include "nets/gemm.h"
#include "nets/gpu/device.h"

enum { BLOCKS = 4096 };

struct device { void *blocks[BLOCKS]; int n; bool full; };

enum status device_open(struct device **out)
{
    *out = memory_alloc(1, sizeof **out);
    return *out ? OK : fail(NO_RESOURCE, "accelerator's twin: no memory");
}

void device_close(struct device **d)
{
    for (int i = 0; *d && i < (*d)->n; i++)
        memory_free(&(*d)->blocks[i]);
    memory_free(d);
}

const char *device_name(const struct device *d)
{
    (void)d;
    return "this processor, as the accelerator's plain twin";
}

bool device_is_twin(void)
{
    return true;
}

enum status device_status(struct device *d)
{
    return d->full ? fail(NO_RESOURCE, "accelerator's twin: no memory") : OK;
}

void *device_take(struct device *d, size_t bytes)
{
    void *at = d->n < BLOCKS ? memory_alloc(bytes ? bytes : 1, 1) : NULL;
    if (at)
        d->blocks[d->n++] = at;
    else
        d->full = true;
    return at;
}

void *device_take_host(struct device *d, size_t bytes)
{
    return device_take(d, bytes);
}

void device_send(struct device *d, void *to, const void *from, size_t bytes)
{
    (void)d;
    memcpy(to, from, bytes);
}

void device_fetch(struct device *d, void *to, const void *from, size_t bytes)
{
    device_send(d, to, from, bytes);
}

void device_zero(struct device *d, void *at, size_t bytes)
{
    (void)d;
    memset(at, 0, bytes);
}

void device_wait(struct device *d)
{
    (void)d;
}

void device_gemm(struct device *d, bool turn_a, bool turn_b, int m, int n, int k, struct device_matrix a,
                 struct device_matrix b, float beta, struct device_matrix c, int count)
{
    (void)d;
    for (int i = 0; i < count; i++)
        gemm(turn_a, turn_b, m, n, k, 1, a.at + (size_t)i * a.step, a.ld, b.at + (size_t)i * b.step, b.ld, beta,
             c.at + (size_t)i * c.step, c.ld);
}
#endif
