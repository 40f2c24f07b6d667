/* SPDX-License-Identifier: MIT
 * The table of commands. */
#include "pipeline/command.h"

const struct command *const command_table[] = {
    &command_run,   &command_enroll, &command_people, &command_verify,  &command_train,
    &command_eval,  &command_show,   &command_help,   &command_version,
};
const int command_count = sizeof command_table / sizeof *command_table;
