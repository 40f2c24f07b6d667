/* SPDX-License-Identifier: MIT
 * facetrail verify: are two pictures of one person? */
#include <stddef.h>
#include <stdio.h>

#include "pipeline/command.h"
#include "pipeline/look.h"
#include "pipeline/why.h"
#include "recognizer/recognizer.h"

#define USAGE "verify A B [--why] [options]"

struct verify_options { bool why; };

static const struct option verify_table[] = {
    {"why", OPTION_BOOL, offsetof(struct verify_options, why), "no", 0, 0, NULL,
     "explain the answer: how good the looks are, the odds of the score and the threshold, the neurons that agree"},
    {0},
};
static const struct argument verify_arguments[] = {
    {NULL, "--why", "verify.why", "yes", NULL, "explain the answer"},
    {0},
};
enum { GROUPS = SETTINGS_GROUPS + 1 };

static void explain(const struct recognizer *r, char *const names[2], const struct face *const faces[2], float score,
                    float threshold)
{
    printf("the looks\n");
    for (int i = 0; i < 2; i++)
        why_look(stdout, names[i], faces[i]);
    printf("the score\n");
    why_score(stdout, r, score, threshold, 1);
    printf("the neurons\n");
    why_neurons(stdout, faces[0], faces[1]);
}

static enum status verify(const struct settings *settings, const struct verify_options *o, char **words)
{
    struct look *l = NULL;
    struct looked_list lists[2] = {{.n = 0}, {.n = 0}};
    const struct face *faces[2] = {NULL, NULL};
    enum status s = look_open(&l, settings);
    for (int i = 0; !s && i < 2; i++)
        s = look_best(l, words[i], &lists[i], &faces[i]);
    if (!s) {
        float score = recognizer_score(look_recognizer(l), faces[0], faces[1]);
        float threshold = recognizer_threshold(look_recognizer(l), 1);
        bool same = score >= threshold;
        if (o->why)
            explain(look_recognizer(l), words, faces, score, threshold);
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
    struct verify_options options;
    struct option_group groups[GROUPS];
    struct arguments a = {.table = verify_arguments, .groups = groups, .n_groups = GROUPS};
    settings_bind(&settings, groups);
    groups[SETTINGS_GROUPS] = (struct option_group){"verify", "comparing two pictures", verify_table, &options};
    enum status s = arguments_read(&a, n_words, words);
    if (!s)
        s = arguments_count(&a, 2, 2, USAGE);
    if (!s)
        s = verify(&settings, &options, a.words);
    arguments_free(&a);
    return s;
}

static const struct option_group help_groups[] = {{"verify", "comparing two pictures", verify_table, NULL}};

const struct command command_verify = {
    .name = "verify",
    .usage = USAGE,
    .about = "two pictures: the score, the threshold, same or different",
    .more = "Of several faces the largest is taken. The score is a log likelihood ratio; the threshold follows from\n"
            "--recognize.false_match_rate. Exit status 0: the same person, 1: different persons (or an error, with a\n"
            "message). --why explains the answer in lines before the last.",
    .arguments = verify_arguments,
    .groups = help_groups,
    .n_groups = 1,
    .run = run,
};
