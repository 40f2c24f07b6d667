/* SPDX-License-Identifier: MIT
 * Messages for the user: one write a line, so that lines of several threads do not mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/progress.h"

enum { LINE_MAX_BYTES = 1400 };
static atomic_int level_now = LOG_INFO;

void log_set_level(enum log_level most)
{
    atomic_store(&level_now, most);
}

enum log_level log_get_level(void)
{
    return (enum log_level)atomic_load(&level_now);
}

static const char *level_word(enum log_level level)
{
    static const char *const words[] = {"error: ", "warning: ", "", "", ""};
    return words[level];
}

/* A message never breaks its line or moves the terminal's cursor, whatever a file was named. */
static void make_plain(char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < 0x20 || *line == 0x7F)
            *line = ' ';
}

void log_say(enum log_level level, const char *object, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    if ((int)level > atomic_load(&level_now))
        return;
    int n = snprintf(line, sizeof line - 1, "facetrail: %s%.200s%s", level_word(level), object ? object : "",
                     object ? ": " : "");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + n, sizeof line - 1 - (size_t)n, format, arguments);
    va_end(arguments);
    make_plain(line);
    size_t end = strlen(line);
    line[end] = '\n';
    line[end + 1] = '\0';
    progress_clear();
    fputs(line, stderr);
}
