/* SPDX-License-Identifier: MIT
 * facetrail people: who is in the gallery, and changes. Only --why and renew need the nets. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "pipeline/command.h"
#include "pipeline/look.h"
#include "pipeline/renew.h"
#include "pipeline/why.h"
#include "recognizer/gallery.h"

#define USAGE "people list | show NAME [--why PICTURE] | rename OLD NEW | merge NAME INTO | remove NAME | export DIR | renew FILE"

struct people_options { const char *why; };

static const struct option people_table[] = {
    {"why", OPTION_TEXT, offsetof(struct people_options, why), "", 0, 0, NULL,
     "show: a picture; explains why its largest face is, or is not, taken for that person"},
    {0},
};
static const struct argument people_arguments[] = {
    {"-g", "--gallery", "run.gallery", NULL, "FILE", "the gallery; none: the user's own"},
    {NULL, "--why", "people.why", NULL, "PICTURE", "show: explain whether this face is that person's"},
    {0},
};
enum { PATH_ROOM = 4096, GROUPS = SETTINGS_GROUPS + 1 };

struct people {
    struct settings settings;
    struct people_options options;
    struct look *look; /* NULL but for --why and renew */
    struct gallery *gallery;
};

static void day(char *out, size_t size, int64_t when)
{
    time_t t = (time_t)when;
    struct tm tm;
    if (!localtime_r(&t, &tm) || strftime(out, size, "%Y-%m-%d", &tm) == 0)
        snprintf(out, size, "-");
}

static enum status list(struct people *all, char **words)
{
    const struct gallery *g = all->gallery;
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

/* Ends in one line as verify's. */
static enum status explain(struct people *all, int id)
{
    const struct recognizer *r = look_recognizer(all->look);
    const char *picture = all->options.why;
    const struct face *face = NULL;
    struct looked_list list = {0};
    enum status s = look_best(all->look, picture, &list, &face);
    if (!s) {
        float threshold = gallery_threshold(all->gallery, r);
        printf("the look\n");
        why_look(stdout, picture, face);
        float score = why_person(stdout, all->gallery, r, id, face);
        printf("score=%.3f threshold=%.3f quality=%.2f %s\n", (double)score, (double)threshold, (double)face->quality,
               score >= threshold ? "same" : "different");
    }
    looked_free(&list);
    return s;
}

static enum status show(struct people *all, char **words)
{
    const struct gallery *g = all->gallery;
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
    return all->look ? explain(all, id) : OK;
}

static enum status rename_person(struct people *all, char **words)
{
    return gallery_rename(all->gallery, words[0], words[1]);
}

static enum status merge(struct people *all, char **words)
{
    return gallery_merge(all->gallery, words[0], words[1]);
}

static enum status remove_person(struct people *all, char **words)
{
    return gallery_remove(all->gallery, words[0]);
}

static enum status export(struct people *all, char **words)
{
    int n = 0;
    enum status s = gallery_export(all->gallery, words[0], &n);
    if (!s)
        printf("%d thumbnail%s written into %s\n", n, n == 1 ? "" : "s", words[0]);
    return s;
}

static enum status renew_gallery(struct people *all, char **words)
{
    struct renewed r;
    enum status s = renew(&r, all->gallery, words[0], all->look);
    if (!s)
        printf("%s: %d sample%s of %d people, made anew; %d left out\n", words[0], r.samples, r.samples == 1 ? "" : "s", r.people,
               r.left_out);
    return s;
}

static const struct { const char *name; int n_words; enum status (*run)(struct people *all, char **words); } actions[] = {
    {"list", 0, list},   {"show", 1, show},            {"rename", 2, rename_person}, {"merge", 2, merge},
    {"remove", 1, remove_person}, {"export", 1, export}, {"renew", 1, renew_gallery},
};
enum { ACTIONS = sizeof actions / sizeof *actions };

/* Only looks when there is no file: nothing is created. A change of a gallery that is not there is a mistake. */
static enum status open_all(struct people *all, bool looks)
{
    char path[PATH_ROOM];
    enum status s = OK;
    bool why = *all->options.why != '\0';
    if (!*all->settings.run.gallery)
        s = gallery_default_path(path, sizeof path);
    else
        snprintf(path, sizeof path, "%s", all->settings.run.gallery);
    if (!s && looks)
        s = look_open(&all->look, &all->settings);
    if (!s)
        s = gallery_open(&all->gallery, path, GALLERY_READ, why ? recognizer_codes(look_recognizer(all->look)) : NULL);
    return s;
}

static enum status act(struct people *all, const struct arguments *a)
{
    const char *names[ACTIONS];
    for (int i = 0; i < ACTIONS; i++)
        names[i] = actions[i].name;
    int which = 0;
    while (which < ACTIONS && strcmp(a->words[0], actions[which].name) != 0)
        which++;
    if (which == ACTIONS) {
        const char *near = option_nearest(a->words[0], names, ACTIONS);
        return fail(BAD_USAGE, "people: there is no \"%s\"%s%s; usage: %s", a->words[0], near ? ", did you mean " : "",
                    near ? near : "", USAGE);
    }
    enum status s = arguments_count(a, 1 + actions[which].n_words, 1 + actions[which].n_words, USAGE);
    if (!s && *all->options.why && actions[which].run != show)
        s = fail(BAD_USAGE, "people %s: --why goes with `people show NAME`", a->words[0]);
    if (!s)
        s = open_all(all, *all->options.why || actions[which].run == renew_gallery);
    if (!s)
        s = actions[which].run(all, a->words + 1);
    gallery_close(&all->gallery);
    look_close(&all->look);
    return s;
}

static enum status run(int n_words, char **words)
{
    struct people all = {.look = NULL};
    struct option_group groups[GROUPS];
    struct arguments a = {.table = people_arguments, .groups = groups, .n_groups = GROUPS};
    settings_bind(&all.settings, groups);
    groups[SETTINGS_GROUPS] = (struct option_group){"people", "looking at people", people_table, &all.options};
    enum status s = arguments_read(&a, n_words, words);
    if (!s)
        s = arguments_count(&a, 1, -1, USAGE);
    if (!s)
        s = act(&all, &a);
    arguments_free(&a);
    return s;
}

static const struct option_group help_groups[] = {{"people", "looking at people", people_table, NULL}};

const struct command command_people = {
    .name = "people",
    .usage = USAGE,
    .about = "who is in the gallery",
    .more = "`renew FILE` makes a new gallery for the nets of now: everybody's codes from the thumbnails of this one, which stays.\n"
            "Changes take effect at once in programs that run with the same gallery. `remove` overwrites the person's\n"
            "codes and thumbnails in the file. `export` writes the thumbnails as DIR/NAME/NUMBER.png. `show NAME --why\n"
            "PICTURE` compares the largest face of PICTURE with the person: the nearest samples, the odds, the neurons\n"
            "that agree; options of `run` are known then.",
    .arguments = people_arguments,
    .groups = help_groups,
    .n_groups = 1,
    .run = run,
};
