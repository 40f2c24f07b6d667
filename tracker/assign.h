/* SPDX-License-Identifier: MIT
 * Optimal assignment of rows to columns, where a row may also stay alone. Also used to score tracks. */
#ifndef FACETRAIL_TRACKER_ASSIGN_H
#define FACETRAIL_TRACKER_ASSIGN_H

#include <stdbool.h>

#include "base/memory.h"

/* Working memory; lies in the arena it was made in. */
struct assign { int max; double *u, *v, *least; int *row_of, *way; bool *used; };
/* For at most `max` rows and as many columns. A failure is also remembered by the arena. */
enum status assign_create(struct assign *a, struct arena *memory, int max);
/* cost [n_rows, n_cols], rows `stride` apart; INFINITY: impossible. out[row] is the column or -1. The sum of the
 * costs, with `alone` for each row without a column, is the least possible. */
void assign_solve(struct assign *a, const float *cost, int stride, int n_rows, int n_cols, float alone, int *out);

#endif
