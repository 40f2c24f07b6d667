/* SPDX-License-Identifier: MIT
 * Files: mapped to read, written beside their place and renamed, so that nobody ever sees half a file. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/memory.h"

enum { LINE_LONGEST = 16 * 1024 * 1024, FOLDER_MODE = 0700 };

static enum status refused(const char *path)
{
    return fail(NO_RESOURCE, "%s: %s", path, strerror(errno));
}

static enum status map_opened(struct mapping *out, int file, const char *path)
{
    struct stat about;
    if (fstat(file, &about) != 0)
        return refused(path);
    if (S_ISDIR(about.st_mode))
        return fail(BAD_DATA, "%s: a folder, a file is wanted", path);
    if (!S_ISREG(about.st_mode))
        return fail(BAD_DATA, "%s: a device or pipe, a file is wanted", path);
    if (about.st_size == 0)
        return OK;
    if ((uintmax_t)about.st_size > SIZE_MAX)
        return fail(NO_RESOURCE, "%s: too large", path);
    void *at = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    if (at == MAP_FAILED)
        return refused(path);
    *out = (struct mapping){at, (size_t)about.st_size};
    return OK;
}

enum status file_map(struct mapping *out, const char *path)
{
    *out = (struct mapping){0};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us */
    if (file < 0)
        return refused(path);
    enum status s = map_opened(out, file, path);
    close(file);
    return s;
}

void file_unmap(struct mapping *m)
{
    if (m->at)
        munmap(m->at, m->size);
    *m = (struct mapping){0};
}

static void forget(struct file_write *w)
{
    memory_free(&w->path);
    memory_free(&w->temporary);
    w->to = NULL;
}

/* Where renaming would destroy a device or pipe we write straight into it. */
static int is_special(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

static enum status name_files(struct file_write *w, const char *path)
{
    char real[PATH_MAX]; /* a link stays a link: what it points at is replaced */
    w->path = memory_text(realpath(path, real) ? real : path);
    if (!w->path)
        return fail(NO_RESOURCE, "%s: no memory", path);
    if (is_special(w->path))
        return OK;
    size_t room = strlen(w->path) + 32;
    w->temporary = memory_alloc(room, 1);
    if (!w->temporary)
        return fail(NO_RESOURCE, "%s: no memory", path);
    snprintf(w->temporary, room, "%s.part-%ld", w->path, (long)getpid());
    return OK;
}

enum status file_create(struct file_write *out, const char *path)
{
    *out = (struct file_write){0};
    if (strcmp(path, "-") == 0) {
        out->to = stdout;
        return OK;
    }
    enum status s = name_files(out, path);
    if (!s && !(out->to = fopen(out->temporary ? out->temporary : out->path, "we")))
        s = refused(path);
    if (s)
        forget(out);
    return s;
}

static int flush(FILE *to)
{
    int failed_before = ferror(to);
    errno = 0;
    if (fflush(to) != 0 || failed_before) {
        if (!errno)
            errno = EIO;
        return -1;
    }
    return 0;
}

enum status file_commit(struct file_write *w)
{
    enum status s = OK;
    if (!w->to)
        return fail(BAD_USAGE, "commit of a file that is not open");
    const char *name = w->path ? w->path : "standard output";
    if (flush(w->to) != 0 || (w->temporary && fsync(fileno(w->to)) != 0))
        s = refused(name);
    if (w->to != stdout && fclose(w->to) != 0 && !s)
        s = refused(name);
    if (!s && w->temporary && rename(w->temporary, w->path) != 0)
        s = refused(name);
    if (s && w->temporary)
        unlink(w->temporary);
    forget(w);
    return s;
}

void file_abandon(struct file_write *w)
{
    if (w->to && w->to != stdout)
        fclose(w->to);
    if (w->temporary)
        unlink(w->temporary);
    forget(w);
}

enum status file_write_bytes(const char *path, const void *bytes, size_t n)
{
    struct file_write w;
    enum status s = file_create(&w, path);
    if (s)
        return s;
    fwrite(bytes, 1, n, w.to); /* file_commit sees what went wrong */
    return file_commit(&w);
}

uint64_t file_hash(const void *at, size_t size)
{
    return size ? XXH64(at, size, 0) : XXH64("", 0, 0);
}

int file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

enum status file_make_folders_above(const char *path)
{
    enum status s = OK;
    char *copy = memory_text(path);
    if (!copy)
        return fail(NO_RESOURCE, "%s: no memory", path);
    for (char *slash = strchr(copy + (*copy == '/'), '/'); slash && !s; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (*copy && mkdir(copy, FOLDER_MODE) != 0 && errno != EEXIST)
            s = refused(copy);
        *slash = '/';
    }
    memory_free(&copy);
    return s;
}

/* The folder of the running program, without the last slash; "." when the system does not say. */
static void own_folder(char *out, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", out, size - 1);
    if (n <= 0)
        n = 0;
    out[n] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
    else
        snprintf(out, size, ".");
}

enum status file_find_weights(char *out, int size, const char *name)
{
    char own[PATH_MAX];
    const char *told = getenv("FACETRAIL_WEIGHTS");
    own_folder(own, sizeof own);
    /* Beside the program, from build/release, from build/release/tests, installed. */
    const struct { const char *a, *b; } places[] = {
        {told, ""}, {own, "/weights"}, {own, "/../../weights"}, {own, "/../../../weights"},
        {"/usr/local/share/facetrail", ""}, {"/usr/share/facetrail", ""},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!places[i].a || !*places[i].a)
            continue;
        int n = snprintf(out, (size_t)size, "%s%s/%s.safetensors", places[i].a, places[i].b, name);
        if (n > 0 && n < size && file_exists(out))
            return OK;
    }
    return fail(NO_RESOURCE, "%s.safetensors: not found in %s%s%s/weights, %s/../../weights, /usr/local/share/facetrail, "
                "/usr/share/facetrail; set FACETRAIL_WEIGHTS to its folder",
                name, told && *told ? told : "", told && *told ? ", " : "", own, own);
}

enum status file_lines_open(struct file_lines *out, const char *path)
{
    struct stat about;
    *out = (struct file_lines){.path = path};
    out->from = fopen(path, "re");
    if (!out->from)
        return refused(path);
    if (fstat(fileno(out->from), &about) == 0 && S_ISDIR(about.st_mode)) {
        file_lines_close(out);
        return fail(BAD_DATA, "%s: a folder, a text file is wanted", path);
    }
    return OK;
}

/* Room for the character at n and an end. */
static enum status make_room(struct file_lines *l, size_t n)
{
    if (n >= LINE_LONGEST)
        return fail(BAD_DATA, "%s:%d: a line longer than %d bytes; is it a text file?", l->path, l->number,
                    LINE_LONGEST);
    enum status s = memory_grow(&l->line, &l->room, n + 2, 1);
    return s ? fail_in(s, "%s:%d", l->path, l->number) : OK;
}

static void without_byte_order_mark(char *line)
{
    if (strncmp(line, "\xEF\xBB\xBF", 3) == 0)
        memmove(line, line + 3, strlen(line + 3) + 1);
}

enum status file_lines_next(struct file_lines *l)
{
    size_t n = 0;
    int c;
    l->number++;
    while ((c = getc_unlocked(l->from)) != EOF && c != '\n') {
        if (c == '\0')
            return fail(BAD_DATA, "%s:%d: a zero byte; is it a text file?", l->path, l->number);
        if (n + 2 > l->room) {
            enum status s = make_room(l, n);
            if (s)
                return s;
        }
        l->line[n++] = (char)c;
    }
    if (c == EOF && ferror(l->from))
        return refused(l->path);
    if (c == EOF && n == 0)
        return END;
    enum status s = make_room(l, n);
    if (s)
        return s;
    if (n > 0 && l->line[n - 1] == '\r')
        n--;
    l->line[n] = '\0';
    if (l->number == 1)
        without_byte_order_mark(l->line);
    return OK;
}

void file_lines_close(struct file_lines *l)
{
    if (l->from)
        fclose(l->from);
    memory_free(&l->line);
    *l = (struct file_lines){0};
}

int file_fields(char *line, char separator, char **fields, int max)
{
    int n = 0;
    while (n < max) {
        fields[n++] = line;
        line = strchr(line, separator);
        if (!line || n == max)
            break;
        *line++ = '\0';
    }
    return n;
}
