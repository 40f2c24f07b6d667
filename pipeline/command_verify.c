/* SPDX-License-Identifier: MIT
 * facetrail verify: are two pictures of one person? */
#include <stdio.h>

#include "pipeline/command.h"
#include "pipeline/look.h"
#include "recognizer/recognizer.h"

#define USAGE "verify A B [options]"

/* The best look at the largest face. */
static enum status look_for(struct look *l, const char *url, struct looked_list *list, const struct face **best)
{
    static const struct look_options o = {.largest = true, .most = 4};
    enum status s = look_at(l, url, &o, list);
    if (!s && list->n == 0)
        s = fail(BAD_DATA, "%s: there is no face", url);
    for (int i = 0; !s && i < list->n; i++)
        if (i == 0 || list->at[i].face.quality > (*best)->quality)
            *best = &list->at[i].face;
    return s;
}

static enum status verify(const struct settings *settings, char **words)
{
    struct look *l = NULL;
    struct looked_list lists[2] = {{.n = 0}, {.n = 0}};
    const struct face *faces[2] = {NULL, NULL};
    enum status s = look_open(&l, settings);
    for (int i = 0; !s && i < 2; i++)
        s = look_for(l, words[i], &lists[i], &faces[i]);
    if (!s) {
        float score = recognizer_score(look_recognizer(l), faces[0], faces[1]);
        float threshold = recognizer_threshold(look_recognizer(l), 1);
        bool same = score >= threshold;
        printf("score=%.3f threshold=%.3f quality=%.2f,%.2f %s\n", (double)score, (double)threshold,
               (double)faces[0]->quality, (double)faces[1]->quality, same ? "same" : "different");
        s = same ? OK : END;
    }
    looked_free(&lists[0]);
    looked_free(&lists[1]);
    look_close(&l);
    return s;
}

static enum status run(int n_words, char **words)
{
    struct settings settings;
    struct option_group groups[SETTINGS_GROUPS];
    struct arguments a = {.groups = groups, .n_groups = SETTINGS_GROUPS};
    settings_bind(&settings, groups);
    enum status s = arguments_read(&a, n_words, words);
    if (!s)
        s = arguments_count(&a, 2, 2, USAGE);
    if (!s)
        s = verify(&settings, a.words);
    arguments_free(&a);
    return s;
}

const struct command command_verify = {
    .name = "verify",
    .usage = USAGE,
    .about = "two pictures: the score, the threshold, same or different",
    .more = "Of several faces the largest is taken. The score is a log likelihood ratio; the threshold follows from\n"
            "--recognize.false_match_rate. Exit status 0: the same person, 1: different persons (or an error, with a\n"
            "message).",
    .run = run,
};
