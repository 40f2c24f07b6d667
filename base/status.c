/* SPDX-License-Identifier: MIT
 * One message per thread. It is put together beside the old one, so that the old may be among the arguments. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 1000 };
static _Thread_local char message[MESSAGE_MAX + 1] = "no failure";

/* Cuts at MESSAGE_MAX bytes, but not within a UTF-8 character. */
static size_t whole_characters(const char *text, size_t n)
{
    if (n <= MESSAGE_MAX)
        return n;
    n = MESSAGE_MAX;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    return n;
}

static void keep(const char *text)
{
    size_t n = whole_characters(text, strlen(text));
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        message[i] = c < 0x20 || c == 0x7F ? ' ' : text[i];
    }
    message[n] = '\0';
}

enum status fail(enum status why, const char *format, ...)
{
    char text[2 * MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        snprintf(text, sizeof text, "%s", format);
    va_end(arguments);
    keep(text);
    return why;
}

enum status fail_in(enum status why, const char *format, ...)
{
    char context[MESSAGE_MAX], text[2 * MESSAGE_MAX + 8];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(context, sizeof context, format, arguments) < 0)
        snprintf(context, sizeof context, "%s", format);
    va_end(arguments);
    snprintf(text, sizeof text, "%s: %s", context, message);
    keep(text);
    return why;
}

const char *fail_message(void)
{
    return message;
}

void fail_copy(char *out, int size)
{
    if (size > 0)
        snprintf(out, (size_t)size, "%s", message);
}
