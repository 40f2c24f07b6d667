/* SPDX-License-Identifier: MIT
 * What a command of the program supplies. main.c walks one table of them; help, the man page and default.conf
 * print from the same table. */
#ifndef FACETRAIL_PIPELINE_COMMAND_H
#define FACETRAIL_PIPELINE_COMMAND_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/option.h"
#include "base/status.h"
#include "pipeline/arguments.h"

struct command {
    const char *name;                 /* "run" */
    const char *usage;                /* "INPUT... [options]" */
    const char *about;                /* one line */
    const char *more;                 /* paragraphs for `facetrail help NAME`; NULL: none */
    const struct argument *arguments; /* words such as --output; NULL: none but the common ones */
    const struct option_group *groups; /* options as --group.name; `values` are NULL: help only */
    int n_groups;
    /* The words after the command. OK: exit status 0. END: the answer is no, status 1 without a message (`verify`:
     * different). BAD_USAGE: status 2. All other failures: status 1. main prints the message, once. */
    enum status (*run)(int n_words, char **words);
};

extern const struct command command_run, command_enroll, command_people, command_verify, command_train, command_eval,
    command_show, command_help, command_version;

/* All of them, in the order of the help. */
extern const struct command *const command_table[];
extern const int command_count;

/* True after SIGINT or SIGTERM (or stop_now): every loop that may last looks at it and ends its outputs well. */
const atomic_bool *stop_flag(void);
void stop_now(void);
/* Turns SIGINT and SIGTERM into the flag; a second one ends the program at once. */
void stop_install(void);
/* Back to the system's way: the first signal ends the program. For work that leaves nothing half done. */
void stop_uninstall(void);

#endif
