/* SPDX-License-Identifier: MIT
 * facetrail people: who is in the gallery, and changes. Needs no net: nothing is compared. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "pipeline/command.h"
#include "pipeline/settings.h"
#include "recognizer/gallery.h"

#define USAGE "people list | show NAME | rename OLD NEW | merge NAME INTO | remove NAME | export DIR"

enum { PATH_ROOM = 4096 };

static const struct argument people_arguments[] = {
    {"-g", "--gallery", "run.gallery", NULL, "FILE", "the gallery; none: the user's own"},
    {0},
};

static void day(char *out, size_t size, int64_t when)
{
    time_t t = (time_t)when;
    struct tm tm;
    if (!localtime_r(&t, &tm) || strftime(out, size, "%Y-%m-%d", &tm) == 0)
        snprintf(out, size, "-");
}

static enum status list(struct gallery *g, char **words)
{
    char added[32];
    (void)words;
    int n = gallery_people(g);
    if (n == 0)
        printf("nobody yet; `facetrail enroll NAME PICTURE...` adds people\n");
    else
        printf("%7s  %-10s  %s\n", "samples", "since", "name");
    for (int i = 0; i < n; i++) {
        const struct gallery_person *p = gallery_person(g, i);
        day(added, sizeof added, p->added);
        printf("%7d  %-10s  %s\n", p->samples, added, p->name);
    }
    return OK;
}

static enum status show(struct gallery *g, char **words)
{
    char added[32];
    int id = gallery_find(g, words[0]);
    if (id < 0)
        return fail(BAD_USAGE, "nobody in the gallery is called %s", words[0]);
    printf("%s\n%7s  %7s  %-10s  %s\n", words[0], "sample", "quality", "added", "source");
    for (int i = 0; i < gallery_samples(g); i++) {
        const struct gallery_sample *s = gallery_sample(g, i);
        if (s->person != id)
            continue;
        day(added, sizeof added, s->added);
        printf("%7lld  %7.2f  %-10s  %s\n", (long long)s->id, (double)s->quality, added, s->source);
    }
    return OK;
}

static enum status rename_person(struct gallery *g, char **words)
{
    return gallery_rename(g, words[0], words[1]);
}

static enum status merge(struct gallery *g, char **words)
{
    return gallery_merge(g, words[0], words[1]);
}

static enum status remove_person(struct gallery *g, char **words)
{
    return gallery_remove(g, words[0]);
}

static enum status export(struct gallery *g, char **words)
{
    int n = 0;
    enum status s = gallery_export(g, words[0], &n);
    if (!s)
        printf("%d thumbnail%s written into %s\n", n, n == 1 ? "" : "s", words[0]);
    return s;
}

static const struct { const char *name; int n_words; enum status (*run)(struct gallery *g, char **words); } actions[] = {
    {"list", 0, list},   {"show", 1, show},            {"rename", 2, rename_person},
    {"merge", 2, merge}, {"remove", 1, remove_person}, {"export", 1, export},
};
enum { ACTIONS = sizeof actions / sizeof *actions };

/* Only looks when there is no file: nothing is created. A change of a gallery that is not there is a mistake. */
static enum status act(const struct settings *settings, const struct arguments *a)
{
    char path[PATH_ROOM];
    const char *names[ACTIONS];
    for (int i = 0; i < ACTIONS; i++)
        names[i] = actions[i].name;
    struct gallery *g = NULL;
    int which = 0;
    while (which < ACTIONS && strcmp(a->words[0], actions[which].name) != 0)
        which++;
    if (which == ACTIONS) {
        const char *near = option_nearest(a->words[0], names, ACTIONS);
        return fail(BAD_USAGE, "people: there is no \"%s\"%s%s; usage: %s", a->words[0], near ? ", did you mean " : "",
                    near ? near : "", USAGE);
    }
    enum status s = arguments_count(a, 1 + actions[which].n_words, 1 + actions[which].n_words, USAGE);
    if (!s && !*settings->run.gallery)
        s = gallery_default_path(path, sizeof path);
    else if (!s)
        snprintf(path, sizeof path, "%s", settings->run.gallery);
    if (!s)
        s = gallery_open(&g, path, GALLERY_READ, NULL);
    if (!s)
        s = actions[which].run(g, a->words + 1);
    gallery_close(&g);
    return s;
}

static enum status run(int n_words, char **words)
{
    struct settings settings;
    struct option_group groups[SETTINGS_GROUPS];
    struct arguments a = {.table = people_arguments, .groups = groups, .n_groups = SETTINGS_GROUPS};
    settings_bind(&settings, groups);
    enum status s = arguments_read(&a, n_words, words);
    if (!s)
        s = arguments_count(&a, 1, -1, USAGE);
    if (!s)
        s = act(&settings, &a);
    arguments_free(&a);
    return s;
}

const struct command command_people = {
    .name = "people",
    .usage = USAGE,
    .about = "who is in the gallery",
    .more = "Changes take effect at once in programs that run with the same gallery. `remove` overwrites the person's\n"
            "codes and thumbnails in the file. `export` writes the thumbnails as DIR/NAME/NUMBER.png.",
    .arguments = people_arguments,
    .run = run,
};
