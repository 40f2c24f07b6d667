/* SPDX-License-Identifier: MIT
 * Lists the pictures of a folder (and the folders in it) or of a quoted pattern, in natural order: 9 before 10. */
#include "capture/internal.h"

#include <ctype.h>
#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/memory.h"

enum { DEEPEST = 16, PATH_ROOM = 4096 };

bool pictures_has_ending(const char *path)
{
    static const char *const endings[] = {"jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "ppm", "pgm", "pbm", "pnm",
                                          "pam", "tif", "tiff", "tga", "jp2", "jxl", "qoi"};
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (!strcasecmp(dot + 1, endings[i]))
            return true;
    return false;
}

bool pictures_is_list(const char *url)
{
    struct stat facts;

    if (strstr(url, "://"))
        return false;
    if (!stat(url, &facts))
        return S_ISDIR(facts.st_mode);
    return strpbrk(url, "*?[") != NULL;
}

/* Compares two runs of digits by value and steps over them. */
static int compare_numbers(const char **a, const char **b)
{
    size_t na, nb;
    int order;

    while (**a == '0')
        ++*a;
    while (**b == '0')
        ++*b;
    na = strspn(*a, "0123456789");
    nb = strspn(*b, "0123456789");
    order = na != nb ? (na < nb ? -1 : 1) : strncmp(*a, *b, na);
    *a += na;
    *b += nb;
    return order;
}

int pictures_compare(const char *a, const char *b)
{
    const char *p = a, *q = b;

    while (*p && *q) {
        int order;
        if (isdigit((unsigned char)*p) && isdigit((unsigned char)*q)) {
            order = compare_numbers(&p, &q);
        } else {
            order = tolower((unsigned char)*p) - tolower((unsigned char)*q);
            p++;
            q++;
        }
        if (order)
            return order;
    }
    return *p || *q ? (*p ? 1 : -1) : strcmp(a, b);
}

static int compare_entries(const void *a, const void *b)
{
    return pictures_compare(*(char *const *)a, *(char *const *)b);
}

static enum status add(struct picture_list *list, const char *name)
{
    enum status status = memory_grow(&list->names, &list->room, list->n + 1, sizeof *list->names);

    if (status)
        return status;
    list->names[list->n] = memory_text(name);
    if (!list->names[list->n])
        return fail(NO_RESOURCE, "%s: no memory to list the pictures", list->folder);
    list->n++;
    return OK;
}

/* `inside` is the folder below list->folder: "" or ends with a slash. */
static enum status walk(struct picture_list *list, const char *inside, int depth)
{
    char path[PATH_ROOM], name[PATH_ROOM];
    struct dirent *entry;
    struct stat facts;
    enum status status = OK;
    DIR *folder;

    snprintf(path, sizeof path, "%s%s", list->folder, inside);
    folder = opendir(path);
    if (!folder)
        return depth ? OK : fail(NO_RESOURCE, "%s: the folder cannot be read", path);
    while (!status && (entry = readdir(folder))) {
        if (entry->d_name[0] == '.' ||
            (size_t)snprintf(name, sizeof name, "%s%s", inside, entry->d_name) >= sizeof name ||
            (size_t)snprintf(path, sizeof path, "%s%s", list->folder, name) >= sizeof path || lstat(path, &facts))
            continue;
        if (S_ISDIR(facts.st_mode)) { /* a link to a folder is not followed: it may lead back */
            size_t end = strlen(name);
            if (depth < DEEPEST && end + 1 < sizeof name) {
                memcpy(name + end, "/", 2);
                status = walk(list, name, depth + 1);
            }
        } else if (pictures_has_ending(name)) {
            status = add(list, name);
        }
    }
    closedir(folder);
    return status;
}

static enum status find_pattern(struct picture_list *list, const char *pattern)
{
    glob_t found;
    enum status status = OK;
    struct stat facts;
    size_t skip = strlen(list->folder);
    int r = glob(pattern, 0, NULL, &found);

    if (r == GLOB_NOMATCH)
        return fail(NO_RESOURCE, "%s: there is no such file, and as a pattern it matches none", pattern);
    if (r)
        return fail(NO_RESOURCE, "%s: the folder cannot be read", pattern);
    for (size_t i = 0; i < found.gl_pathc && !status; i++)
        if (!stat(found.gl_pathv[i], &facts) && S_ISREG(facts.st_mode))
            status = add(list, found.gl_pathv[i] + skip);
    globfree(&found);
    return status;
}

/* A pattern's names are relative to the last folder before its first wildcard. */
static char *folder_of(const char *url, bool pattern)
{
    char room[PATH_ROOM];
    size_t n = pattern ? strcspn(url, "*?[") : strlen(url);

    if (n + 2 > sizeof room)
        return NULL;
    memcpy(room, url, n);
    room[n] = '\0';
    if (pattern)
        while (n > 0 && room[n - 1] != '/')
            room[--n] = '\0';
    else if (n > 0 && room[n - 1] != '/')
        memcpy(room + n, "/", 2);
    return memory_text(room);
}

enum status pictures_find(struct picture_list *out, const char *url)
{
    struct stat facts;
    bool pattern = stat(url, &facts) || !S_ISDIR(facts.st_mode);
    enum status status;

    out->folder = folder_of(url, pattern);
    if (!out->folder)
        return fail(NO_RESOURCE, "%s: no memory to list the pictures", url);
    status = pattern ? find_pattern(out, url) : walk(out, "", 0);
    if (status)
        return status;
    if (!out->n)
        return fail(BAD_DATA, "%s: there is no picture in it: expected files ending in .jpg, .png, .webp, .bmp ...", url);
    qsort(out->names, out->n, sizeof *out->names, compare_entries);
    return OK;
}

void pictures_forget(struct picture_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        memory_free(&list->names[i]);
    memory_free(&list->names);
    memory_free(&list->folder);
    list->n = list->room = 0;
}
