/* SPDX-License-Identifier: MIT
 * The words of a command line: options by full name (--detect.every 5, --detect.every=5), short words that stand
 * for one of them (-o FILE, --json FILE), and what is left: positional words.
 * Common to all commands: -c, --config FILE (options from a file; the command line wins), -q, --quiet, -v,
 * --verbose (twice: more), and `--` before positional words that start with a dash. (--help is main's.) */
#ifndef FACETRAIL_PIPELINE_ARGUMENTS_H
#define FACETRAIL_PIPELINE_ARGUMENTS_H

#include <stdio.h>

#include "base/memory.h"
#include "base/option.h"
#include "base/status.h"

struct argument {
    const char *brief;  /* "-o", or NULL */
    const char *word;   /* "--output"; NULL ends a table */
    const char *option; /* "run.output": the option it sets */
    const char *value;  /* what it sets it to ("no" for --no-window); NULL: the word that follows it, and for a
                         * BOOL option "yes" */
    const char *means;  /* "FILE", for help; NULL: nothing follows */
    const char *help;
};

struct arguments {
    /* Given by the caller. Values of the groups are filled with their defaults first. */
    const struct argument *table; /* NULL: none */
    const struct option_group *groups;
    int n_groups;
    /* Filled. */
    char **words; /* positional, in order; pointers to the given words */
    int n_words;
    struct arena *texts;  /* holds the texts of options: free after the last use of the options */
};

/* BAD_USAGE names the word, and the nearest known one. Changes nothing in `given`. Sets the log level for -q, -v. */
enum status arguments_read(struct arguments *a, int n_given, char **given);
void arguments_free(struct arguments *a);
/* The table as help lines. */
void arguments_print_help(FILE *to, const struct argument *table);
/* BAD_USAGE, with the usage line of the command, unless least <= n_words <= most (most < 0: no limit). */
enum status arguments_count(const struct arguments *a, int least, int most, const char *usage);

#endif
