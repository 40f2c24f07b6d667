/* SPDX-License-Identifier: MIT
 * An option is declared once, in the table of its owner: the parser, help, man page and default.conf follow.
 * In a file: `detect.every = 5` (# starts a comment); on the command line: `--detect.every 5` or
 * `--detect.every=5`. Later wins. The name before the dot is the group. */
#ifndef FACETRAIL_BASE_OPTION_H
#define FACETRAIL_BASE_OPTION_H

#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/status.h"

enum option_type { OPTION_BOOL, OPTION_INT, OPTION_FLOAT, OPTION_TEXT, OPTION_CHOICE };
/* In the options struct: BOOL is bool, INT is int, FLOAT is float, TEXT is const char *, CHOICE is int (its index). */
struct option {
    const char *name;     /* "every" */
    enum option_type type;
    size_t offset;        /* into the options struct of its owner */
    const char *initial;  /* as a user would write it; "" for TEXT gives "" */
    double min, max;      /* numbers only; equal: no limits */
    const char *choices;  /* "cosine hamming joint-bayes" */
    const char *help;
};
/* A table ends with an entry whose name is NULL. */

struct option_group {
    const char *name;            /* "detect" */
    const char *about;
    const struct option *options;
    void *values;                /* the owner's options struct, filled with initial values by option_defaults */
};

/* Fills `values` with the initial values; every initial value must parse and lie in range (CHECKed). */
void option_defaults(const struct option *options, void *values);
/* Sets one option from text. Errors name the option, the value, the range; unknown names suggest the nearest.
 * Texts are copied into `texts`. */
enum status option_set(const struct option_group *groups, int n_groups, const char *full_name, const char *value,
                       struct arena *texts);
/* Reads a file of `group.name = value` lines; errors carry file and line. */
enum status option_read(const struct option_group *groups, int n_groups, const char *path, struct arena *texts);
/* Writes the current value as a user would write it. */
void option_format(char *out, size_t size, const struct option *o, const void *values);
const struct option *option_find(const struct option_group *groups, int n_groups, const char *full_name,
                                 const struct option_group **group);
/* True for BOOL: on a command line it may stand without a value. */
int option_is_flag(const struct option *o);
/* All options with default, range and help: as a help text, as a configuration file, as part of a man page. */
void option_print_help(FILE *to, const struct option_group *groups, int n_groups);
void option_print_configuration(FILE *to, const struct option_group *groups, int n_groups);
void option_print_manual(FILE *to, const struct option_group *groups, int n_groups);
/* The word of `words` nearest to `given` by edit distance, or NULL when none is near. */
const char *option_nearest(const char *given, const char *const *words, int n);

#endif
