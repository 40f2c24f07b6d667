/* SPDX-License-Identifier: MIT
 * The progress line: rewritten in place, cut to the terminal's width so that it never wraps. */
#include "base/progress.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

enum { SHOWN_MAX = 500, PERIOD_US = 100 * 1000 };
static atomic_int_fast64_t next_us; /* 0: nothing was shown yet */
static atomic_bool on_screen;

int progress_due(void)
{
    return isatty(STDERR_FILENO) && clock_us() >= atomic_load(&next_us);
}

static int terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        return size.ws_col;
    return 80;
}

/* Characters, not bytes: names in any script may stand in the line. */
static void cut(char *text, int columns)
{
    int n = 0;
    for (char *c = text; *c; c++) {
        if (((unsigned char)*c & 0xC0) != 0x80 && n++ >= columns) {
            *c = '\0';
            return;
        }
        if ((unsigned char)*c < 0x20)
            *c = ' ';
    }
}

void progress_show(const char *format, ...)
{
    char text[SHOWN_MAX];
    if (!progress_due())
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cut(text, terminal_width() - 1);
    atomic_store(&next_us, clock_us() + PERIOD_US);
    atomic_store(&on_screen, true);
    fprintf(stderr, "\r%s\033[K", text);
    fflush(stderr);
}

void progress_clear(void)
{
    if (!atomic_exchange(&on_screen, false))
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    atomic_store(&next_us, 0); /* the next line may come back at once */
}
