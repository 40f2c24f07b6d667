/* SPDX-License-Identifier: MIT
 * Placeholder: takes nothing yet. */
#include "capture/internal.h"

static bool takes(const char *url)
{
    (void)url;
    return false;
}

const struct source_kind source_pattern = {.name = "pattern", .takes = takes};
