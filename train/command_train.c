/* SPDX-License-Identifier: MIT
 * facetrail train RECIPE [--resume | --fit] [--group.name VALUE ...] */
#include <stdio.h>
#include <string.h>

#include "train/fit.h"
#include "train/loop.h"
#include "train/train.h"

enum { WORDS = 256 };

static enum status print_options(const char *path)
{
    struct recipe *r;
    enum status s = recipe_open(&r, path, 0, NULL);
    if (s)
        return s;
    option_print_configuration(stdout, r->groups, r->n_groups);
    recipe_close(&r);
    return OK;
}

enum status train_command(int n_words, char **words, const atomic_bool *stop)
{
    bool resume = false, print = false, fit = false;
    const char *path = NULL;
    char *rest[WORDS];
    int n = 0;
    if (n_words > WORDS)
        return fail(BAD_USAGE, "train: more than %d words", WORDS);
    for (int i = 0; i < n_words; i++) {
        if (!strcmp(words[i], "--resume"))
            resume = true;
        else if (!strcmp(words[i], "--fit"))
            fit = true;
        else if (!strcmp(words[i], "--options"))
            print = true;
        else if (!path && strncmp(words[i], "--", 2) != 0)
            path = words[i];
        else
            rest[n++] = words[i];
    }
    if (!path)
        return fail(BAD_USAGE, "train wants a recipe, for example configs/train/deepid2.conf");
    if (print)
        return print_options(path);
    struct recipe *r;
    enum status s = recipe_open(&r, path, n, rest);
    if (s)
        return s;
    struct loop_result result;
    if (fit)
        s = fit_recipe(r);
    else if (!(s = loop_run(r, resume, stop, &result)))
        printf("steps=%lld loss=%.4f score=%.4f samples_s=%.0f %s=%s\n", (long long)result.steps, result.loss,
               result.score, result.rate, atomic_load(stop) ? "stopped checkpoint" : "weights",
               atomic_load(stop) ? r->train.checkpoint : r->train.weights);
    recipe_close(&r);
    return s;
}
