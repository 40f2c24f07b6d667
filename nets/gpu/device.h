/* SPDX-License-Identifier: MIT
 * An accelerator: memory of its own and a queue of work. Calls queue and return at once, but for device_fetch and
 * device_wait. The first thing that goes wrong is kept and told by device_status; what follows it does nothing of use.
 * Two implementations: device_cuda.c (`make CUDA=1`) and device_plain.c, its plain twin on this processor. */
#ifndef FACETRAIL_NETS_GPU_DEVICE_H
#define FACETRAIL_NETS_GPU_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct device;
enum status device_open(struct device **out);
void device_close(struct device **d); /* with all memory taken from it */
const char *device_name(const struct device *d);
bool device_is_twin(void); /* the one built in is the plain twin */
enum status device_status(struct device *d);

void *device_take(struct device *d, size_t bytes); /* zeroed; NULL: no memory, see device_status */
void *device_take_host(struct device *d, size_t bytes); /* of this side, quick to send from and fetch to */
void device_send(struct device *d, void *to, const void *from, size_t bytes);  /* `from` stays as it is until a wait */
void device_fetch(struct device *d, void *to, const void *from, size_t bytes); /* waits */
void device_zero(struct device *d, void *at, size_t bytes);
void device_wait(struct device *d);

/* `count` products like gemm (nets/gemm.h), the matrices of each a step further; a step of 0 uses one again. Factors
 * may be rounded to 10 bits of mantissa (TF32). */
struct device_matrix { float *at; int ld; size_t step; };
void device_gemm(struct device *d, bool turn_a, bool turn_b, int m, int n, int k, struct device_matrix a,
                 struct device_matrix b, float beta, struct device_matrix c, int count);

#endif
