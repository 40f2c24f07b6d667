/* SPDX-License-Identifier: MIT
 * Reading, looking up and writing lists of found boxes. */
#include "train/box_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { FIELDS = 5, MOST_BOXES = 100000 };

static int best_first(const void *a, const void *b)
{
    const struct found *x = a;
    const struct found *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct listed_picture *) a)->name, ((const struct listed_picture *) b)->name);
}

static bool read_box(struct found *out, char *line)
{
    float v[FIELDS];
    for (int i = 0; i < FIELDS; i++) {
        char *end;
        v[i] = strtof(line, &end);
        if (end == line || !isfinite(v[i])) {
            return false;
        }
        line = end + strspn(end, ",");
    }
    *out = (struct found){ { v[0], v[1], v[2], v[3] }, v[4] };
    return true;
}

static enum status read_boxes(struct box_list *l, struct file_lines *lines, int n)
{
    struct listed_picture *p = &l->pictures[l->n_pictures - 1];
    enum status s = memory_grow(&l->found, &l->found_room, (size_t) (l->n_found + n), sizeof *l->found);
    for (int i = 0; i < n && !s; i++) {
        if (file_lines_next(lines) || !read_box(&l->found[l->n_found], lines->line)) {
            return fail(BAD_DATA, "%s:%d: not a found box (x y w h score)", lines->path, lines->number);
        }
        l->n_found++;
    }
    if (!s && n) {
        qsort(l->found + p->first, (size_t) n, sizeof *l->found, best_first);
    }
    p->n = n;
    return s;
}

static enum status read_picture(struct box_list *l, struct file_lines *lines)
{
    enum status s = memory_grow(&l->pictures, &l->pictures_room, (size_t) l->n_pictures + 1, sizeof *l->pictures);
    if (s) {
        return s;
    }
    struct listed_picture *p = &l->pictures[l->n_pictures];
    *p = (struct listed_picture){ memory_text(lines->line), l->n_found, 0 };
    if (!p->name) {
        return fail(NO_RESOURCE, "no memory for a list of boxes");
    }
    l->n_pictures++;
    char *end = NULL;
    const bool more = !file_lines_next(lines);
    const long n = more ? strtol(lines->line, &end, 10) : -1;
    if (!more || end == lines->line || n < 0 || n > MOST_BOXES) {
        return fail(BAD_DATA, "%s:%d: after a picture's name comes the number of its boxes", lines->path, lines->number);
    }
    return read_boxes(l, lines, (int) n);
}

enum status box_list_read(struct box_list *out, const char *path)
{
    struct file_lines lines;
    *out = (struct box_list){ 0 };
    enum status s = file_lines_open(&lines, path);
    if (s) {
        return s;
    }
    while (!s && !(s = file_lines_next(&lines))) {
        lines.line[strcspn(lines.line, "\r")] = 0;
        s = lines.line[0] ? read_picture(out, &lines) : OK;
    }
    file_lines_close(&lines);
    if (s == END) {
        s = out->n_pictures ? OK : fail(BAD_DATA, "%s: names no picture", path);
    }
    if (s) {
        box_list_free(out);
        return s;
    }
    qsort(out->pictures, (size_t) out->n_pictures, sizeof *out->pictures, by_name);
    return OK;
}

void box_list_free(struct box_list *l)
{
    for (int i = 0; i < l->n_pictures; i++) {
        memory_free(&l->pictures[i].name);
    }
    memory_free(&l->pictures);
    memory_free(&l->found);
    *l = (struct box_list){ 0 };
}

int box_list_of(const struct box_list *l, const char *picture, const struct found **out)
{
    char name[4096];
    snprintf(name, sizeof name, "%s", picture);
    const struct listed_picture wanted = { .name = name };
    const struct listed_picture *p =
        bsearch(&wanted, l->pictures, (size_t) l->n_pictures, sizeof *l->pictures, by_name);
    *out = p ? l->found + p->first : NULL;
    return p ? p->n : 0;
}

void box_list_write(FILE *to, const char *picture, const struct found *found, int n)
{
    fprintf(to, "%s\n%d\n", picture, n);
    for (int i = 0; i < n; i++) {
        fprintf(to, "%.2f %.2f %.2f %.2f %.5f\n", (double) found[i].box.x, (double) found[i].box.y,
                (double) found[i].box.w, (double) found[i].box.h, (double) found[i].score);
    }
}
