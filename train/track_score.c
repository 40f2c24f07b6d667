/* SPDX-License-Identifier: MIT
 * Scoring tracks. CLEAR: Bernardin and Stiefelhagen 2008; identity: Ristani et al. 2016 (ids are
 * paired once and for all so that most boxes agree). */
#include "train/track_score.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "tracker/assign.h"

static int compare_rows(const void *a, const void *b)
{
    const struct track_row *x = a, *y = b;
    if (x->frame != y->frame)
        return x->frame < y->frame ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static enum status parse(struct track_rows *out, const struct file_lines *l, bool truth)
{
    char *fields[10];
    double v[7] = {0};
    int n = file_fields(l->line, ',', fields, 10);
    if (n < 6)
        return fail(BAD_DATA, "%s:%d: %d fields, wanted frame,id,x,y,w,h,...", l->path, l->number,
                    n);
    for (int i = 0; i < n && i < 7; i++) {
        char *end;
        v[i] = strtod(fields[i], &end);
        end += strspn(end, " \r\t");
        if (end == fields[i] || *end || !(fabs(v[i]) < 1e9))
            return fail(BAD_DATA, "%s:%d: \"%s\" is not a number", l->path, l->number, fields[i]);
    }
    if (truth && n > 6 && v[6] == 0)
        return OK;
    if (memory_grow(&out->rows, &out->room, out->n + 1, sizeof *out->rows) != OK)
        return NO_RESOURCE;
    out->rows[out->n++] = (struct track_row){
        (int)v[0], (int)v[1], {(float)v[2], (float)v[3], (float)v[4], (float)v[5]}};
    return OK;
}

enum status track_rows_read(struct track_rows *out, const char *path, bool truth)
{
    struct file_lines lines;
    *out = (struct track_rows){0};
    enum status status = file_lines_open(&lines, path);
    if (status != OK)
        return status;
    while ((status = file_lines_next(&lines)) == OK) {
        if (lines.line[strspn(lines.line, " \r\t")] == 0)
            continue;
        status = parse(out, &lines, truth);
        if (status != OK)
            break;
    }
    file_lines_close(&lines);
    if (status == END)
        status = OK;
    if (out->n > 0)
        qsort(out->rows, out->n, sizeof *out->rows, compare_rows);
    for (size_t i = 1; status == OK && i < out->n; i++)
        if (compare_rows(&out->rows[i - 1], &out->rows[i]) == 0)
            status = fail(BAD_DATA, "%s: id %d is twice in frame %d", path, out->rows[i].id,
                          out->rows[i].frame);
    if (status != OK)
        track_rows_free(out);
    return status;
}

void track_rows_free(struct track_rows *r)
{
    memory_free(&r->rows);
    *r = (struct track_rows){0};
}

/* One of the two sides, with ids numbered from 0. */
struct side {
    const struct track_row *rows;
    size_t n;
    int *id;
    int n_ids, most;
};

/* What the scoring needs while it runs; `cost` is large enough for a frame and for all pairs of
 * ids. */
struct scoring {
    struct arena *memory;
    struct side truth, found;
    struct assign assign;
    float *cost;
    int stride;
    float *together; /* [truth ids, found ids]: frames in which they agree */
    int *last, *now; /* [truth ids]: the found id that had it last, has it in this frame; -1 */
    bool *was_seen, *broken; /* [truth ids] */
    int *rows, *columns, *match;
};

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static bool side_number(struct side *s, struct arena *memory, const struct track_rows *from)
{
    s->rows = from->rows;
    s->n = from->n;
    s->id = arena_alloc(memory, s->n + 1, sizeof *s->id);
    int *sorted = arena_alloc(memory, s->n + 1, sizeof *sorted);
    if (!s->id || !sorted)
        return false;
    int in_frame = 0;
    for (size_t i = 0; i < s->n; i++) {
        sorted[i] = s->rows[i].id;
        in_frame = i > 0 && s->rows[i].frame == s->rows[i - 1].frame ? in_frame + 1 : 1;
        s->most = in_frame > s->most ? in_frame : s->most;
    }
    qsort(sorted, s->n, sizeof *sorted, compare_ints);
    for (size_t i = 0; i < s->n; i++)
        if (i == 0 || sorted[i] != sorted[i - 1])
            sorted[s->n_ids++] = sorted[i];
    for (size_t i = 0; i < s->n; i++) {
        const int *at =
            bsearch(&s->rows[i].id, sorted, (size_t)s->n_ids, sizeof *sorted, compare_ints);
        s->id[i] = (int)(at - sorted);
    }
    return true;
}

static enum status prepare(struct scoring *s, const struct track_rows *truth,
                           const struct track_rows *found)
{
    s->memory = arena_create();
    if (side_number(&s->truth, s->memory, truth) && side_number(&s->found, s->memory, found)) {
        size_t rows = (size_t)s->truth.n_ids + 1, columns = (size_t)s->found.n_ids + 1;
        size_t most = rows > columns ? rows : columns;
        s->stride = (int)columns;
        s->together = arena_alloc(s->memory, rows * columns, sizeof *s->together);
        s->cost = arena_alloc(s->memory, rows * columns, sizeof *s->cost);
        s->last = arena_alloc(s->memory, rows, sizeof *s->last);
        s->now = arena_alloc(s->memory, rows, sizeof *s->now);
        s->was_seen = arena_alloc(s->memory, rows, sizeof *s->was_seen);
        s->broken = arena_alloc(s->memory, rows, sizeof *s->broken);
        s->rows = arena_alloc(s->memory, most, sizeof *s->rows);
        s->columns = arena_alloc(s->memory, most, sizeof *s->columns);
        s->match = arena_alloc(s->memory, most, sizeof *s->match);
        assign_create(&s->assign, s->memory, (int)most);
    }
    enum status status = arena_seal(s->memory);
    for (int i = 0; status == OK && i < s->truth.n_ids; i++)
        s->last[i] = -1;
    return status;
}

static void hit(struct scoring *s, struct track_score *out, int truth, int found)
{
    s->now[truth] = found;
    out->hits++;
    out->switches += s->last[truth] >= 0 && s->last[truth] != found;
    out->fragments += s->was_seen[truth] && s->broken[truth];
    s->last[truth] = found;
    s->was_seen[truth] = true;
    s->broken[truth] = false;
}

/* Rows [t0, t1) of the truth and [f0, f1) of the found are one frame. */
static void score_frame(struct scoring *s, struct track_score *out, size_t t0, size_t t1, size_t f0,
                        size_t f1, float iou)
{
    int n_rows = 0, n_columns = 0;
    bool taken[4096];
    size_t n_found = f1 - f0 < 4096 ? f1 - f0 : 4096;
    memset(taken, 0, sizeof taken);
    for (size_t i = t0; i < t1; i++)
        s->now[s->truth.id[i]] = -1;
    for (size_t i = t0; i < t1; i++) { /* who was together stays together */
        int truth = s->truth.id[i];
        for (size_t j = 0; j < n_found; j++) {
            int found = s->found.id[f0 + j];
            bool agree = box_overlap(s->truth.rows[i].box, s->found.rows[f0 + j].box) >= iou;
            if (agree)
                s->together[(size_t)truth * (size_t)s->stride + (size_t)found]++;
            if (agree && s->last[truth] == found && !taken[j] && s->now[truth] < 0) {
                hit(s, out, truth, found);
                taken[j] = true;
            }
        }
    }
    for (size_t i = t0; i < t1; i++)
        if (s->now[s->truth.id[i]] < 0)
            s->rows[n_rows++] = (int)i;
    for (size_t j = 0; j < n_found; j++)
        if (!taken[j])
            s->columns[n_columns++] = (int)(f0 + j);
    for (int r = 0; r < n_rows; r++) {
        for (int c = 0; c < n_columns; c++) {
            float o = box_overlap(s->truth.rows[s->rows[r]].box, s->found.rows[s->columns[c]].box);
            s->cost[(size_t)r * (size_t)s->stride + (size_t)c] = o >= iou ? 1 - o : INFINITY;
        }
    }
    assign_solve(&s->assign, s->cost, s->stride, n_rows, n_columns, 10, s->match);
    for (int r = 0; r < n_rows; r++) {
        int truth = s->truth.id[s->rows[r]];
        if (s->match[r] >= 0)
            hit(s, out, truth, s->found.id[s->columns[s->match[r]]]);
        else
            s->broken[truth] = true;
    }
}

/* The pairing of ids that makes most boxes agree. */
static long identity_hits(struct scoring *s)
{
    double sum = 0;
    for (int i = 0; i < s->truth.n_ids; i++)
        for (int j = 0; j < s->found.n_ids; j++) {
            size_t at = (size_t)i * (size_t)s->stride + (size_t)j;
            s->cost[at] = s->together[at] > 0 ? -s->together[at] : INFINITY;
        }
    assign_solve(&s->assign, s->cost, s->stride, s->truth.n_ids, s->found.n_ids, 0, s->match);
    for (int i = 0; i < s->truth.n_ids; i++)
        if (s->match[i] >= 0)
            sum += s->together[(size_t)i * (size_t)s->stride + (size_t)s->match[i]];
    return (long)sum;
}

static size_t frame_end(const struct side *s, size_t from, int frame)
{
    while (from < s->n && s->rows[from].frame == frame)
        from++;
    return from;
}

enum status track_score(struct track_score *out, const struct track_rows *truth,
                        const struct track_rows *found, float iou)
{
    struct scoring s = {0};
    *out = (struct track_score){.truth = (long)truth->n, .found = (long)found->n};
    if (truth->n == 0)
        return fail(BAD_DATA, "the truth holds no box");
    enum status status = prepare(&s, truth, found);
    for (size_t i = 0, j = 0; status == OK && (i < s.truth.n || j < s.found.n);) {
        int frame = i < s.truth.n ? s.truth.rows[i].frame : INT32_MAX;
        if (j < s.found.n && s.found.rows[j].frame < frame)
            frame = s.found.rows[j].frame;
        size_t i1 = frame_end(&s.truth, i, frame), j1 = frame_end(&s.found, j, frame);
        if (j1 - j > 4096)
            status = fail(BAD_DATA, "frame %d has more than 4096 boxes", frame);
        else
            score_frame(&s, out, i, i1, j, j1, iou);
        i = i1;
        j = j1;
    }
    if (status == OK) {
        out->truth_ids = s.truth.n_ids;
        out->found_ids = s.found.n_ids;
        out->misses = out->truth - out->hits;
        out->false_boxes = out->found - out->hits;
        out->identity_hits = identity_hits(&s);
        out->idf1 = 2.0 * (double)out->identity_hits / (double)(out->truth + out->found);
        out->mota =
            1 - (double)(out->misses + out->false_boxes + out->switches) / (double)out->truth;
    }
    arena_free(&s.memory);
    return status;
}
