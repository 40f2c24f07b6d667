/* SPDX-License-Identifier: MIT
 * facetrail enroll: people into the gallery, from pictures, folders of pictures and videos. Of one call for one person
 * all samples are added, or none. */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/memory.h"
#include "pipeline/advice.h"
#include "pipeline/command.h"
#include "pipeline/look.h"
#include "recognizer/gallery.h"

#define USAGE "enroll NAME INPUT... [--largest] [options]   or   enroll --folder DIR [options]"

struct enroll_options { const char *folder; bool largest; int samples; };

static const struct option enroll_table[] = {
    {"folder", OPTION_TEXT, offsetof(struct enroll_options, folder), "", 0, 0, NULL,
     "a folder with a folder of pictures for each person: DIR/NAME/*.jpg"},
    {"largest", OPTION_BOOL, offsetof(struct enroll_options, largest), "no", 0, 0, NULL,
     "of several faces in a picture take the largest"},
    {"samples", OPTION_INT, offsetof(struct enroll_options, samples), "8", 1, 31, NULL, "samples taken from a video"},
    {0},
};
static const struct argument enroll_arguments[] = {
    {"-g", "--gallery", "run.gallery", NULL, "FILE", "the gallery; none: the user's own"},
    {NULL, "--folder", "enroll.folder", NULL, "DIR", "everybody in DIR/NAME/*.jpg"},
    {NULL, "--largest", "enroll.largest", "yes", NULL, "of several faces in a picture take the largest"},
    {0},
};
enum { GROUPS = SETTINGS_GROUPS + 1, PATH_ROOM = 4096 };

struct enrolling {
    struct settings settings;
    struct enroll_options options;
    struct option_group groups[GROUPS];
    struct look *look;
    struct gallery *gallery;
};

/* A poor look, a face that is somebody else's already, or unlike the person's other samples: worth a word, the user
 * decides. */
static void warn(const struct enrolling *e, const char *name, const struct looked_list *list)
{
    char advice[ADVICE_ROOM];
    const struct recognizer *r = look_recognizer(e->look);
    for (int i = 0; i < list->n; i++) {
        const struct looked *one = &list->at[i];
        struct match m = gallery_match(e->gallery, r, &one->face);
        const char *other = m.person >= 0 ? gallery_name(e->gallery, m.person) : NULL;
        float best = -1e9F;
        for (int k = 0; k < list->n; k++) {
            float s = k == i ? best : recognizer_score(r, &one->face, &list->at[k].face);
            best = s > best ? s : best;
        }
        if (advice_on_sample(advice, &one->face))
            log_say(LOG_WARN, NULL, "%s: %s", one->source, advice);
        if (other && strcmp(other, name) != 0 && m.score > gallery_threshold(e->gallery, r))
            log_say(LOG_WARN, NULL, "%s: looks like %s, who is in the gallery", one->source, other);
        if (list->n > 2 && best < 0)
            log_say(LOG_WARN, NULL, "%s: looks like none of the other samples of %s", one->source, name);
    }
}

static enum status add(struct enrolling *e, const char *name, const struct looked_list *list)
{
    float quality = 0;
    warn(e, name, list);
    enum status s = gallery_begin(e->gallery);
    for (int i = 0; !s && i < list->n; i++) {
        const struct looked *one = &list->at[i];
        quality += one->face.quality / (float)list->n;
        s = gallery_enroll(e->gallery, name, &one->face, (struct gallery_thumbnail){one->png, one->png_size},
                           one->source);
    }
    if (s) {
        gallery_rollback(e->gallery);
        return s;
    }
    if ((s = gallery_commit(e->gallery)))
        return s;
    int id = gallery_find(e->gallery, name);
    int all = 0;
    for (int i = 0; i < gallery_people(e->gallery); i++)
        if (gallery_person(e->gallery, i)->id == id)
            all = gallery_person(e->gallery, i)->samples;
    printf("%s: %d sample%s added, mean quality %.2f; %d in all\n", name, list->n, list->n == 1 ? "" : "s",
           (double)quality, all);
    return OK;
}

static enum status enroll_person(struct enrolling *e, const char *name, char *const *inputs, int n, bool patient)
{
    struct looked_list list = {0};
    struct look_options o = {.largest = e->options.largest, .patient = patient, .most = e->options.samples};
    enum status s = gallery_check_name(name);
    for (int i = 0; !s && i < n; i++)
        s = look_at(e->look, inputs[i], &o, &list);
    if (!s && atomic_load(stop_flag()))
        s = fail(NO_RESOURCE, "%s: stopped, nothing was added", name);
    else if (!s && list.n == 0)
        s = fail(BAD_DATA, "%s: no picture with a usable face", name);
    if (!s)
        s = add(e, name, &list);
    looked_free(&list);
    return s;
}

static int is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* One person that does not work out does not stop the others; none at all is a failure. */
static enum status enroll_folder(struct enrolling *e, const char *folder)
{
    struct dirent **entries;
    char path[PATH_ROOM];
    char *input = path;
    int added = 0;
    enum status s = OK;
    int n = scandir(folder, &entries, NULL, alphasort);
    if (n < 0)
        return fail(NO_RESOURCE, "%s: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        bool fits = snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path;
        if (name[0] == '.' || !fits || !is_folder(path) || atomic_load(stop_flag()))
            continue;
        s = enroll_person(e, name, &input, 1, true);
        if (s)
            log_say(LOG_WARN, NULL, "%s", fail_message());
        else
            added++;
    }
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return added ? OK : fail(BAD_DATA, "%s: nobody was added; DIR/NAME/*.jpg is expected", folder);
}

static enum status open_all(struct enrolling *e)
{
    char path[PATH_ROOM];
    enum status s = OK;
    if (*e->settings.run.gallery)
        snprintf(path, sizeof path, "%s", e->settings.run.gallery);
    else
        s = gallery_default_path(path, sizeof path);
    if (!s)
        s = look_open(&e->look, &e->settings);
    if (!s)
        s = gallery_open(&e->gallery, path, GALLERY_CREATE, recognizer_codes(look_recognizer(e->look)));
    return s;
}

static enum status enroll(struct enrolling *e, const struct arguments *a)
{
    bool folder = *e->options.folder != '\0';
    enum status s = arguments_count(a, folder ? 0 : 2, folder ? 0 : -1, USAGE);
    if (!s && !folder)
        s = gallery_check_name(a->words[0]); /* before anything slow */
    if (!s)
        s = open_all(e);
    if (!s)
        s = folder ? enroll_folder(e, e->options.folder)
                   : enroll_person(e, a->words[0], a->words + 1, a->n_words - 1, false);
    gallery_close(&e->gallery);
    look_close(&e->look);
    return s;
}

static enum status run(int n_words, char **words)
{
    struct enrolling e = {.look = NULL};
    settings_bind(&e.settings, e.groups);
    e.groups[SETTINGS_GROUPS] = (struct option_group){"enroll", "adding people", enroll_table, &e.options};
    struct arguments a = {.table = enroll_arguments, .groups = e.groups, .n_groups = GROUPS};
    enum status s = arguments_read(&a, n_words, words);
    if (!s)
        s = enroll(&e, &a);
    arguments_free(&a);
    return s;
}

static const struct option_group help_groups[] = {{"enroll", "adding people", enroll_table, NULL}};

const struct command command_enroll = {
    .name = "enroll",
    .usage = USAGE,
    .about = "add a person to the gallery",
    .more = "INPUT is a picture, a folder or quoted glob of pictures, or a video. A picture must show one face; of a video\n"
            "the main face is followed and some good samples that differ are taken. A name is any text of up to 255 bytes\n"
            "without line breaks. Samples of a name that is there already join the others. The gallery holds codes and\n"
            "thumbnails of faces: it is created readable for its owner only. Options of `run` are known as well.",
    .arguments = enroll_arguments,
    .groups = help_groups,
    .n_groups = 1,
    .run = run,
};
