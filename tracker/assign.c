/* SPDX-License-Identifier: MIT
 * Optimal assignment by shortest augmenting paths (Hungarian method with potentials; Kuhn 1955,
 * Jonker and Volgenant 1987). Every row has, besides the real columns, one column of its own: to
 * stay alone. */
#include "tracker/assign.h"

#include <math.h>

#include "base/check.h"

/* Stands for "impossible": far above any sum of real costs, small enough that sums stay exact. */
static const double forbidden = 1e9;

enum status assign_create(struct assign *a, struct arena *memory, int max)
{
    size_t columns = 2 * (size_t)max + 1;
    a->max = max;
    a->u = arena_alloc(memory, (size_t)max + 1, sizeof *a->u);
    a->v = arena_alloc(memory, columns, sizeof *a->v);
    a->least = arena_alloc(memory, columns, sizeof *a->least);
    a->row_of = arena_alloc(memory, columns, sizeof *a->row_of);
    a->way = arena_alloc(memory, columns, sizeof *a->way);
    a->used = arena_alloc(memory, columns, sizeof *a->used);
    return a->used ? OK : NO_RESOURCE;
}

struct problem {
    const float *cost;
    int stride, n_rows, n_cols;
    float alone;
};

/* Rows and columns from 1; columns after n_cols are the rows' own. */
static double cost_of(const struct problem *p, int row, int column)
{
    if (column > p->n_cols)
        return column - p->n_cols == row ? p->alone : forbidden;
    float c = p->cost[(size_t)(row - 1) * (size_t)p->stride + (size_t)(column - 1)];
    return c < forbidden ? c : forbidden;
}

/* From column `at` (whose row was just reached) lowers the distances of all open columns and gives
 * the nearest. */
static int nearest_column(struct assign *a, const struct problem *p, int at, double *step)
{
    int columns = p->n_cols + p->n_rows, row = a->row_of[at], nearest = 0;
    *step = INFINITY;
    for (int j = 1; j <= columns; j++) {
        if (a->used[j])
            continue;
        double reduced = cost_of(p, row, j) - a->u[row] - a->v[j];
        if (reduced < a->least[j]) {
            a->least[j] = reduced;
            a->way[j] = at;
        }
        if (a->least[j] < *step) {
            *step = a->least[j];
            nearest = j;
        }
    }
    return nearest;
}

static void add_row(struct assign *a, const struct problem *p, int row)
{
    int columns = p->n_cols + p->n_rows, at = 0;
    a->row_of[0] = row;
    for (int j = 0; j <= columns; j++) {
        a->least[j] = INFINITY;
        a->used[j] = false;
    }
    do {
        a->used[at] = true;
        double step;
        int nearest = nearest_column(a, p, at, &step);
        for (int j = 0; j <= columns; j++) {
            if (a->used[j]) {
                a->u[a->row_of[j]] += step;
                a->v[j] -= step;
            } else {
                a->least[j] -= step;
            }
        }
        at = nearest;
    } while (a->row_of[at] != 0);
    while (at != 0) {
        a->row_of[at] = a->row_of[a->way[at]];
        at = a->way[at];
    }
}

void assign_solve(struct assign *a, const float *cost, int stride, int n_rows, int n_cols,
                  float alone, int *out)
{
    CHECK(n_rows <= a->max && n_cols <= a->max);
    struct problem p = {cost, stride, n_rows, n_cols, alone};
    for (int i = 0; i <= n_rows; i++)
        a->u[i] = 0;
    for (int j = 0; j <= n_rows + n_cols; j++) {
        a->v[j] = 0;
        a->row_of[j] = 0;
    }
    for (int i = 1; i <= n_rows; i++)
        add_row(a, &p, i);
    for (int i = 0; i < n_rows; i++)
        out[i] = -1;
    for (int j = 1; j <= n_cols; j++)
        if (a->row_of[j] != 0)
            out[a->row_of[j] - 1] = j - 1;
}
