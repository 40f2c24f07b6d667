/* SPDX-License-Identifier: MIT
 * A parallel loop. One worker means a plain loop in the caller's thread: no threads at all. */
#ifndef FACETRAIL_BASE_WORKERS_H
#define FACETRAIL_BASE_WORKERS_H

#include "base/status.h"

struct workers;
enum status workers_create(struct workers **out, int n);
void workers_free(struct workers **w);
int workers_count(const struct workers *w);
/* Calls body(context, i, worker) for i in 0 .. n - 1, spread over the workers, and returns when all are done.
 * `worker` is 0 .. count - 1 and no two calls run at once with the same worker number. */
void workers_run(struct workers *w, int n, void (*body)(void *context, int i, int worker), void *context);
int workers_processors(void); /* processors this process may use */

#endif
