/* SPDX-License-Identifier: MIT
 * Codes of an ensemble's members on the stored faces. */
#include "train/member_codes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "train/describe.h"

void member_path(char *out, size_t size, const char *beside, const char *file)
{
    const char *slash = strrchr(beside, '/');
    int folder = slash && file[0] != '/' ? (int)(slash - beside) + 1 : 0;
    snprintf(out, size, "%.*s%s", folder, beside, file);
}

enum status members_read(struct members *m, const char *list)
{
    struct file_lines lines;
    enum status s = file_lines_open(&lines, list);
    m->n = 0;
    if (s)
        return s;
    while (!(s = file_lines_next(&lines))) {
        lines.line[strcspn(lines.line, "# \t\r")] = '\0';
        if (!lines.line[0])
            continue;
        if (m->n == MEMBERS || strlen(lines.line) >= MEMBER_TEXT) {
            s = fail(BAD_DATA, "%s:%d: more than %d members, or a long name", list, lines.number, MEMBERS);
            break;
        }
        snprintf(m->at[m->n++].file, MEMBER_TEXT, "%s", lines.line);
    }
    file_lines_close(&lines);
    if (s == END && !m->n)
        return fail(BAD_DATA, "%s: names no weights file", list);
    return s == END ? OK : s;
}

/* Of the faces, whatever their numbers within the data are. */
static uint64_t faces_hash(const struct data *d, const int *faces, int n)
{
    uint64_t hash = 0;
    for (int i = 0; i < n; i++) {
        const struct data_face *f = data_face(d, faces[i]);
        char text[96];
        int length = snprintf(text, sizeof text, "%016" PRIx64 " %s %d", hash, data_pack_name(d, f->pack), f->frame);
        hash = file_hash(text, (size_t)length);
    }
    return hash;
}

static bool kept(struct member_codes *out, const char *path, const char *key, size_t count)
{
    if (!file_exists(path) || tensors_open(&out->file, path))
        return false;
    const struct tensors_array *a = tensors_find(out->file, "codes");
    const char *have = tensors_note(out->file, "key");
    if (a && have && !strcmp(have, key) && a->type == TENSORS_F32 && a->n == count) {
        out->at = a->at;
        return true;
    }
    tensors_close(&out->file);
    return false;
}

static void compute(float *out, struct recognizer *r, const struct data *d, const int *faces, int n)
{
    struct face found[DESCRIBE_BATCH];
    size_t size = (size_t)recognizer_code_size(r);
    for (int done = 0; done < n; done += DESCRIBE_BATCH) {
        int now = n - done < DESCRIBE_BATCH ? n - done : DESCRIBE_BATCH;
        describe_faces(r, d, faces + done, now, found);
        for (int i = 0; i < now; i++)
            memcpy(out + (size_t)(done + i) * size, found[i].code, size * sizeof *out);
        if (progress_due())
            progress_show("%d of %d faces", done + now, n);
    }
    progress_clear();
}

enum status member_codes_open(struct member_codes *out, struct member *m, const char *path, const struct data *d,
                              const int *faces, int n)
{
    struct recognizer_options o = { .weights = path, .matcher = MATCH_NONE, .mirror = true, .raw = true };
    struct recognizer *r = NULL;
    char keep[1024], key[MEMBER_TEXT + 64];
    *out = (struct member_codes){ 0 };
    enum status s = recognizer_open(&r, &o);
    if (s)
        return s;
    m->size = recognizer_code_size(r);
    snprintf(m->codes, sizeof m->codes, "%s", recognizer_codes(r));
    snprintf(keep, sizeof keep, "%s.codes", path);
    snprintf(key, sizeof key, "%s of %d faces %016" PRIx64, m->codes, n, faces_hash(d, faces, n));
    size_t count = (size_t)n * (size_t)m->size;
    if (!kept(out, keep, key, count)) {
        log_say(LOG_INFO, NULL, "%s: codes of %d faces", path, n);
        out->at = out->owned = memory_alloc(count, sizeof *out->owned);
        if (!out->owned) {
            s = fail(NO_RESOURCE, "%s: no memory for %d codes", path, n);
        } else {
            compute(out->owned, r, d, faces, n);
            struct tensors_array a = { .name = "codes", .type = TENSORS_F32, .n_dims = 2, .dims = { n, m->size },
                                       .n = count, .at = out->owned };
            struct tensors_note note = { "key", key };
            s = tensors_write(keep, &a, 1, &note, 1);
        }
    }
    recognizer_close(&r);
    return s;
}

void member_codes_close(struct member_codes *c)
{
    tensors_close(&c->file);
    memory_free(&c->owned);
}
