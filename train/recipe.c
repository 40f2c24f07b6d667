/* SPDX-License-Identifier: MIT
 * Recipes: which options there are follows from train.task and train.model, so those two are looked up first; then
 * the file and the command line are read through base/option.h, which knows files, lines, ranges and near names. */
#include "train/recipe.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define AT(field) offsetof(struct train_options, field)
static const struct option train_table[] = {
    { "task", OPTION_TEXT, AT(task), "", 0, 0, NULL, "what is learnt: identity, locate, marks, verdict, attributes, ensemble, natural" },
    { "model", OPTION_TEXT, AT(model), "", 0, 0, NULL, "the net, by name: deepid2, deepid2plus, lnet, marks, verdict, anet, svm" },
    { "weights", OPTION_TEXT, AT(weights), "", 0, 0, NULL, "where the finished net goes" },
    { "checkpoint", OPTION_TEXT, AT(checkpoint), "", 0, 0, NULL, "where checkpoints go; empty: none are written" },
    { "from", OPTION_TEXT, AT(from), "", 0, 0, NULL, "a weights file or checkpoint to start from" },
    { "batch", OPTION_INT, AT(batch), "256", 1, 1000000, NULL, "samples a step, over all workers" },
    { "half", OPTION_BOOL, AT(half), "no", 0, 0, NULL,
      "factors of the convolutions' products are rounded to bfloat16, on processors that are faster so" },
    { "device", OPTION_CHOICE, AT(device), "cpu", 0, 0, "cpu cuda twin",
      "what learns; cuda: a GPU, when built with CUDA=1; twin: that code on this processor, slowly, for tests" },
    { "workers", OPTION_INT, AT(workers), "1", 1, 64, NULL, "threads, each with its part of the batch" },
    { "seed", OPTION_INT, AT(seed), "1", 0, 2147483647, NULL, "of weights, order and augmentation" },
    { "minutes", OPTION_FLOAT, AT(minutes), "0", 0, 100000, NULL,
      "length of the run in time: the schedule fits itself to it; 0: see epochs" },
    { "epochs", OPTION_FLOAT, AT(epochs), "0", 0, 100000, NULL, "length of the run in passes; 0: see steps" },
    { "steps", OPTION_INT, AT(steps), "1000", 1, 2147483647, NULL, "length of the run in steps" },
    { "save_minutes", OPTION_FLOAT, AT(save_minutes), "10", 0, 100000, NULL,
      "minutes between checkpoints; 0: one at the end" },
    { "score_minutes", OPTION_FLOAT, AT(score_minutes), "0", 0, 100000, NULL,
      "minutes between scores on held-out data; 0: one at the end" },
    { "log_seconds", OPTION_FLOAT, AT(log_seconds), "15", 0, 100000, NULL,
      "seconds between log lines; 0: one a step" },
    { "fold", OPTION_BOOL, AT(fold), "yes", 0, 0, NULL, "fold normalisation away in the finished net" },
    { 0 },
};
#undef AT
#define AT(field) offsetof(struct schedule_options, field)
static const struct option solver_table[] = {
    { "rate", OPTION_FLOAT, AT(rate), "0.1", 0, 1000, NULL, "highest learning rate" },
    { "momentum", OPTION_FLOAT, AT(momentum), "0.9", 0, 0.9999, NULL, "of the steps" },
    { "decay", OPTION_FLOAT, AT(decay), "0.0005", 0, 1, NULL, "of the weights" },
    { "clip", OPTION_FLOAT, AT(clip), "0", 0, 1000000, NULL, "longest gradient; 0: no limit" },
    { "average", OPTION_FLOAT, AT(average), "0", 0, 0.99999, NULL, "weight averaging; 0: none" },
    { "warm_up", OPTION_FLOAT, AT(warm_up), "0.02", 0, 1, NULL, "part of the run in which the rate rises" },
    { "schedule", OPTION_CHOICE, AT(schedule), "cosine", 0, 0, "cosine linear constant", "how the rate falls" },
    { 0 },
};
#undef AT

static const struct task *const tasks[] = { &task_identity, &task_locate, &task_marks, &task_attributes, &task_ensemble,
                                           &task_natural, &task_tags, &task_verdict };

int task_count(void)
{
    return (int)(sizeof tasks / sizeof tasks[0]);
}

const struct task *task_at(int i)
{
    return tasks[i];
}

const struct task *task_find(const char *name)
{
    for (int i = 0; i < task_count(); i++)
        if (strcmp(tasks[i]->name, name) == 0)
            return tasks[i];
    return NULL;
}

/* `line` is "name = value"; copies the value when the name is `name`. */
static void take_value(char *out, size_t size, const char *line, const char *name)
{
    size_t n = strlen(name);
    while (isspace((unsigned char)*line))
        line++;
    if (strncmp(line, name, n) != 0)
        return;
    line += n;
    while (isspace((unsigned char)*line))
        line++;
    if (*line++ != '=')
        return;
    while (isspace((unsigned char)*line))
        line++;
    n = strcspn(line, " \t\r#");
    if (n < size) {
        memcpy(out, line, n);
        out[n] = '\0';
    }
}

/* The value that train.NAME will have, without reading anything else. */
static enum status look_up(char *out, size_t size, const char *path, const char *name, int n_words, char **words)
{
    struct file_lines lines;
    char flag[64];
    enum status s = file_lines_open(&lines, path);
    if (s)
        return s;
    out[0] = '\0';
    while (!(s = file_lines_next(&lines)))
        take_value(out, size, lines.line, name);
    file_lines_close(&lines);
    int n = snprintf(flag, sizeof flag, "--%s", name);
    for (int i = 0; i < n_words; i++) {
        if (!strcmp(words[i], flag) && i + 1 < n_words)
            snprintf(out, size, "%s", words[i + 1]);
        else if (!strncmp(words[i], flag, (size_t)n) && words[i][n] == '=')
            snprintf(out, size, "%s", words[i] + n + 1);
    }
    return s == END ? OK : s;
}

static enum status find_parts(struct recipe *r, const char *path, int n_words, char **words)
{
    char task[64], model[64];
    enum status s;
    if ((s = look_up(task, sizeof task, path, "train.task", n_words, words)) ||
        (s = look_up(model, sizeof model, path, "train.model", n_words, words)))
        return s;
    if (!(r->task = task_find(task)))
        return fail(BAD_USAGE, "%s: train.task is \"%s\"; there are identity, locate, marks, attributes and ensemble", path, task);
    if (!(r->model = model_find(model)))
        return fail(BAD_USAGE, "%s: train.model is \"%s\"; `facetrail show` lists the nets", path, model);
    return OK;
}

static void add_group(struct recipe *r, const char *name, const char *about, const struct option *table, void *values)
{
    if (!table)
        return;
    r->groups[r->n_groups++] = (struct option_group){ name, about, table, values };
    option_defaults(table, values);
}

static enum status add_groups(struct recipe *r)
{
    const struct task *t = r->task;
    r->task_options = arena_alloc(r->texts, 1, t->options_size ? t->options_size : 1);
    r->model_options = arena_alloc(r->texts, 1, r->model->options_size ? r->model->options_size : 1);
    if (!r->task_options || !r->model_options)
        return fail(NO_RESOURCE, "recipe: no memory");
    add_group(r, "train", "the run", train_table, &r->train);
    add_group(r, "solver", "the steps", solver_table, &r->solver);
    add_group(r, "model", r->model->paper, r->model->options, r->model_options);
    add_group(r, "data", "what is learnt from", t->data_options, r->task_options);
    add_group(r, "augment", "how it is varied", t->augment_options, r->task_options);
    add_group(r, "task", t->about, t->task_options, r->task_options);
    return OK;
}

static enum status set_words(struct recipe *r, int n_words, char **words)
{
    for (int i = 0; i < n_words; i++) {
        char name[128];
        if (strncmp(words[i], "--", 2) != 0)
            return fail(BAD_USAGE, "train: \"%s\" is not an option; one recipe at a time", words[i]);
        size_t n = strcspn(words[i] + 2, "=");
        snprintf(name, sizeof name, "%.*s", (int)(n < 127 ? n : 127), words[i] + 2);
        const struct option_group *group;
        const struct option *o = option_find(r->groups, r->n_groups, name, &group);
        const char *value = NULL;
        if (words[i][2 + n] == '=')
            value = words[i] + 2 + n + 1;
        else if (o && option_is_flag(o) && (i + 1 == n_words || !strncmp(words[i + 1], "--", 2)))
            value = "yes";
        else if (i + 1 < n_words)
            value = words[++i];
        else if (o)
            return fail(BAD_USAGE, "train: --%s wants a value", name);
        enum status s = option_set(r->groups, r->n_groups, name, value ? value : "", r->texts);
        if (s)
            return s;
    }
    return OK;
}

enum status recipe_open(struct recipe **out, const char *path, int n_words, char **words)
{
    struct arena *a = arena_create();
    struct recipe *r = arena_alloc(a, 1, sizeof *r);
    *out = NULL;
    if (!r) {
        arena_free(&a);
        return fail(NO_RESOURCE, "recipe: no memory");
    }
    r->texts = a;
    r->path = arena_text(a, path);
    enum status s;
    if (!r->path)
        s = fail(NO_RESOURCE, "recipe: no memory");
    else if ((s = find_parts(r, path, n_words, words)) || (s = add_groups(r)) ||
             (s = option_read(r->groups, r->n_groups, path, a)))
        ;
    else
        s = set_words(r, n_words, words);
    if (s) {
        recipe_close(&r);
        return s;
    }
    *out = r;
    return OK;
}

void recipe_close(struct recipe **r)
{
    if (!r || !*r)
        return;
    struct arena *a = (*r)->texts;
    *r = NULL;
    arena_free(&a);
}

void recipe_format(const struct recipe *r, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (int g = 0; g < r->n_groups; g++)
        for (const struct option *o = r->groups[g].options; o->name; o++) {
            char value[512];
            if (o->type == OPTION_TEXT && o != &train_table[0] && o != &train_table[1])
                continue; /* places on this machine */
            option_format(value, sizeof value, o, r->groups[g].values);
            if (!strcmp(value, o->initial) || n >= size)
                continue;
            n += (size_t)snprintf(out + n, size - n, "%s%s.%s=%s", n ? " " : "", r->groups[g].name, o->name, value);
        }
}
