/* SPDX-License-Identifier: MIT
 * The margin of a verification signal. */
#include "train/margin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BIN_OF_ONE = 256, BINS_A_DOUBLING = 32 };

double margin_distance(const float *a, const float *b, int n, bool unit, enum margin_distance form)
{
    double aa = 0, bb = 0, sum = 0;
    for (int i = 0; i < n && unit; i++) {
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    double by_a = unit ? 1 / sqrt(aa + 1e-20) : 1, by_b = unit ? 1 / sqrt(bb + 1e-20) : 1;
    for (int i = 0; i < n; i++) {
        double d = by_a * (double)a[i] - by_b * (double)b[i];
        sum += form == DISTANCE_L1 ? fabs(d) : d * d;
    }
    return form == DISTANCE_L1 ? sum : sqrt(sum);
}

void margin_see(struct margin *m, double distance, bool same)
{
    int bin = (int)lround(BIN_OF_ONE + BINS_A_DOUBLING * log2(distance + 1e-6));
    m->seen[same][bin < 0 ? 0 : bin >= MARGIN_BINS ? MARGIN_BINS - 1 : bin]++;
    m->n_seen++;
}

void margin_reset(struct margin *m)
{
    int64_t n[2] = { 0, 0 }, best = INT64_MAX;
    for (int b = 0; b < MARGIN_BINS; b++) {
        n[0] += m->seen[0][b];
        n[1] += m->seen[1][b];
    }
    int64_t wrong = n[1]; /* threshold below everything: all same pairs are called different */
    int at = 0;
    for (int b = 0; b < MARGIN_BINS; b++) {
        wrong += m->seen[0][b] - m->seen[1][b];
        if (wrong < best) {
            best = wrong;
            at = b;
        }
    }
    *m->value = (float)exp2((at + 0.5 - BIN_OF_ONE) / BINS_A_DOUBLING);
    m->error = (double)best / (double)(n[0] + n[1]);
    memset(m->seen, 0, sizeof m->seen);
    m->n_seen = 0;
}

int margin_write(const struct margin *m, char *out, int size)
{
    int n = snprintf(out, (size_t)size, "%.17g %lld", m->error, (long long)m->n_seen);
    for (int b = 0; b < MARGIN_BINS && n < size; b++)
        if (m->seen[0][b] || m->seen[1][b])
            n += snprintf(out + n, (size_t)(size - n), " %d %lld %lld", b, (long long)m->seen[0][b],
                          (long long)m->seen[1][b]);
    return n;
}

enum status margin_read(struct margin *m, const char **text)
{
    char *end;
    m->error = strtod(*text, &end);
    m->n_seen = strtoll(end, &end, 10);
    while (*end && strncmp(end, " ;", 2) != 0) {
        long b = strtol(end, &end, 10);
        if (b < 0 || b >= MARGIN_BINS || *end != ' ')
            return fail(BAD_DATA, "the checkpoint's state of task identity is damaged");
        m->seen[0][b] = strtoll(end, &end, 10);
        m->seen[1][b] = strtoll(end, &end, 10);
    }
    *text = end;
    return OK;
}
