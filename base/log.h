/* SPDX-License-Identifier: MIT
 * Messages for the user on standard error. Levels are defined by behaviour:
 * ERROR: the command fails. WARN: it goes on, but the user should know. INFO: a line a run or a minute (the default).
 * DEBUG: no output per frame. TRACE: may print per frame. */
#ifndef FACETRAIL_BASE_LOG_H
#define FACETRAIL_BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };
void log_set_level(enum log_level most);
enum log_level log_get_level(void);
/* `object` is the prefix ("camera front"), or NULL. One line; a progress line on the terminal is cleared first. */
void log_say(enum log_level level, const char *object, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
