/* SPDX-License-Identifier: MIT
 * Folders of the OTB or TLD kind to sequences. Rows are x, y, w, h (OTB) or two corners, the second inclusive (TLD), from
 * 1, separated by commas, blanks or tabs. */
#include "train/sequences.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

enum { PATH = 1024 };

static bool is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static enum status join(char *out, const char *folder, const char *name)
{
    if (snprintf(out, PATH, "%s/%s", folder, name) >= PATH)
        return fail(BAD_USAGE, "%s/%s: the name is too long", folder, name);
    return OK;
}

/* "12,30,40,50", "12 30 40 50"; NaN, or a size of 0: absent. */
static enum status read_row(struct box *out, const char *line, bool corners, const char *path, int number)
{
    double v[4];
    const char *at = line;
    for (int i = 0; i < 4; i++) {
        char *end;
        at += strspn(at, ", \t;");
        v[i] = strtod(at, &end);
        if (end == at)
            return fail(BAD_DATA, "%s:%d: \"%s\" is no row of %s", path, number, line,
                        corners ? "x1, y1, x2, y2" : "x, y, width, height");
        at = end;
    }
    if (corners) {
        v[2] -= v[0] - 1;
        v[3] -= v[1] - 1;
    }
    bool there = isfinite(v[0] + v[1] + v[2] + v[3]) && v[2] > 0 && v[3] > 0;
    *out = there ? (struct box){(float)v[0] - 1, (float)v[1] - 1, (float)v[2], (float)v[3]} : (struct box){0};
    return OK;
}

static enum status read_truth(struct sequence *out, const char *path, bool corners, struct arena *arena)
{
    struct file_lines lines;
    struct box *boxes = NULL;
    size_t n = 0, room = 0;
    enum status s = file_lines_open(&lines, path);
    if (s)
        return s;
    while (!s && (s = file_lines_next(&lines)) == OK) {
        if (!lines.line[strspn(lines.line, " \t\r")])
            continue;
        s = memory_grow(&boxes, &room, n + 1, sizeof *boxes);
        if (!s)
            s = read_row(&boxes[n++], lines.line, corners, path, lines.number);
    }
    file_lines_close(&lines);
    s = s == END ? OK : s;
    if (!s && (n == 0 || boxes[0].w <= 0))
        s = fail(BAD_DATA, "%s: the first box is missing: there is nothing to follow", path);
    struct box *kept = s ? NULL : arena_alloc(arena, n, sizeof *kept);
    if (kept)
        memcpy(kept, boxes, n * sizeof *kept);
    memory_free(&boxes);
    out->truth = kept;
    out->n = (int)n;
    return s || kept ? s : fail(NO_RESOURCE, "%s: no memory", path);
}

static bool wanted(const char *only, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = only; at && *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == length && !strncmp(at, name, length))
            return true;
    return !only || !*only;
}

/* attrs.txt of the folder, else the benchmark's table. */
static enum status read_attributes(struct sequence *q, const char *folder)
{
    char path[PATH];
    struct file_lines lines;
    enum status s = join(path, folder, "attrs.txt");
    q->attributes = sequence_attributes_known(q->name);
    if (s || !file_exists(path) || (s = file_lines_open(&lines, path)))
        return s;
    q->attributes = 0;
    while ((s = file_lines_next(&lines)) == OK)
        q->attributes |= sequence_attributes_parse(lines.line);
    file_lines_close(&lines);
    return s == END ? OK : s;
}

struct place { const char *folder, *pictures, *truth; bool corners; };
static enum status add(struct sequences *out, const char *name, const struct place *p)
{
    enum status s = memory_grow(&out->all, &out->room, out->n + 1, sizeof *out->all);
    if (s)
        return s;
    struct sequence *q = &out->all[out->n++];
    q->name = arena_text(out->arena, name);
    q->pictures = arena_text(out->arena, p->pictures);
    if (!q->name || !q->pictures)
        return fail(NO_RESOURCE, "%s: no memory", p->truth);
    s = read_attributes(q, p->folder);
    return s ? s : read_truth(q, p->truth, p->corners, out->arena);
}

/* The targets of one folder; one without truth has none. */
static enum status read_folder(struct sequences *out, const char *folder, const char *name, const char *only)
{
    char pictures[PATH], truth[PATH], part[PATH];
    enum status s = join(pictures, folder, "img");
    if (!s && !is_folder(pictures))
        s = join(pictures, folder, "frames.mkv");
    if (!s)
        s = join(truth, folder, "groundtruth_rect.txt");
    struct place place = {folder, pictures, truth, false};
    if (!s && wanted(only, name) && file_exists(truth))
        return add(out, name, &place);
    for (int i = 1; !s && i < 100; i++) {
        snprintf(part, sizeof part, "groundtruth_rect.%d.txt", i);
        s = join(truth, folder, part);
        if (s || !file_exists(truth))
            break;
        snprintf(part, sizeof part, "%s.%d", name, i);
        if (wanted(only, name) || wanted(only, part))
            s = add(out, part, &place);
    }
    if (!s)
        s = join(truth, folder, "gt.txt");
    place.corners = true;
    if (!s && wanted(only, name) && file_exists(truth))
        s = add(out, name, &place);
    return s;
}

static enum status read_folders(struct sequences *out, const char *folder, const char *only)
{
    char path[PATH];
    struct dirent **list;
    int n = scandir(folder, &list, NULL, versionsort);
    if (n < 0)
        return fail(BAD_USAGE, "%s: no folder of sequences", folder);
    enum status s = OK;
    for (int i = 0; i < n; i++) {
        const char *name = list[i]->d_name;
        if (!s && name[0] != '.')
            s = join(path, folder, name);
        if (!s && name[0] != '.' && is_folder(path))
            s = read_folder(out, path, name, only);
    }
    for (int i = 0; i < n; i++)
        free(list[i]);
    free(list);
    return s;
}

enum status sequences_read(struct sequences *out, const char *folder, const char *only)
{
    *out = (struct sequences){.arena = arena_create()};
    if (!out->arena)
        return fail(NO_RESOURCE, "sequences: no memory");
    const char *slash = strrchr(folder, '/');
    enum status s = read_folder(out, folder, slash && slash[1] ? slash + 1 : folder, NULL);
    if (!s && out->n == 0)
        s = read_folders(out, folder, only);
    if (!s && out->n == 0)
        s = fail(BAD_USAGE, "%s: no sequences%s%s: expected folders with groundtruth_rect.txt or gt.txt", folder,
                 only && *only ? " named " : "", only ? only : "");
    if (s)
        sequences_free(out);
    return s;
}

void sequences_free(struct sequences *s)
{
    memory_free(&s->all);
    arena_free(&s->arena);
    *s = (struct sequences){0};
}
