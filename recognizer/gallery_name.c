/* SPDX-License-Identifier: MIT
 * Which names are allowed, and what thumbnails are called when they are exported. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/file.h"
#include "base/memory.h"
#include "recognizer/gallery_internal.h"

/* One character of UTF-8: its length, 0 when malformed (overlong, surrogate, beyond 0x10ffff). */
static int character(const unsigned char *at, unsigned *code)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    int n = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : at[0] >> 3 == 30 ? 4 : 0;
    *code = n == 1 ? at[0] : at[0] & (0xffU >> (n + 1));
    for (int i = 1; i < n; i++) {
        if (at[i] >> 6 != 2)
            return 0;
        *code = *code << 6 | (at[i] & 0x3fU);
    }
    return n && *code >= least[n] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff) ? n : 0;
}

enum status gallery_check_name(const char *name)
{
    size_t size = strlen(name);
    bool blank = true;
    if (size == 0)
        return fail(BAD_USAGE, "a name must not be empty");
    if (size >= FACE_NAME)
        return fail(BAD_USAGE, "a name of %zu bytes: at most %d are allowed", size, FACE_NAME - 1);
    for (size_t i = 0; i < size;) {
        unsigned code;
        int n = character((const unsigned char *)name + i, &code);
        if (!n)
            return fail(BAD_USAGE, "the name is not UTF-8 (byte %zu)", i + 1);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029)
            return fail(BAD_USAGE, "the name has a line break or another control character (0x%02x, byte %zu)", code,
                        i + 1);
        blank = blank && (code == ' ' || code == 0xa0 || code == 0x3000);
        i += (size_t)n;
    }
    return blank ? fail(BAD_USAGE, "a name must not be blank") : OK;
}

struct exporting { const char *folder; int n; };

static enum status make_folder(const char *path)
{
    if (mkdir(path, 0700) && errno != EEXIST)
        return fail(NO_RESOURCE, "%s: %s", path, strerror(errno));
    return OK;
}

static enum status export_one(void *context, const struct gallery_kept *kept)
{
    struct exporting *e = context;
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", e->folder, kept->name);
    if (n < 0 || n >= (int)sizeof path - 32)
        return fail(BAD_USAGE, "%s: the path is too long", e->folder);
    char *safe = path + strlen(e->folder) + 1;
    if (*safe == '.')
        *safe = '_';
    for (; *safe; safe++)
        if (*safe == '/')
            *safe = '_';
    enum status s = make_folder(path);
    if (s)
        return s;
    snprintf(path + n, sizeof path - (size_t)n, "/%lld.png", (long long)kept->id);
    if (!(s = file_write_bytes(path, kept->thumbnail.png, kept->thumbnail.size)))
        e->n++;
    return s;
}

enum status gallery_thumbnails(struct gallery *g, gallery_take *take, void *context)
{
    return g->file ? gallery_file_each(g->file,
                                       "SELECT name, samples.id, thumbnail, source FROM samples JOIN people ON people.id = person "
                                       "WHERE length(thumbnail) > 0 ORDER BY samples.id",
                                       take, context)
                   : OK;
}

enum status gallery_export(struct gallery *g, const char *folder, int *n_written)
{
    struct exporting e = {folder, 0};
    enum status s = make_folder(folder);
    if (!s)
        s = gallery_thumbnails(g, export_one, &e);
    *n_written = e.n;
    return s;
}
