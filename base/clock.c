/* SPDX-License-Identifier: MIT
 * The system's clocks in microseconds. */
#include "base/clock.h"

#include <errno.h>
#include <sys/resource.h>
#include <time.h>

static int64_t read_clock(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_thread_us(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void clock_sleep_us(int64_t us)
{
    if (us <= 0)
        return;
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
}

long clock_peak_memory_kb(void)
{
    struct rusage used;
    return getrusage(RUSAGE_SELF, &used) == 0 ? used.ru_maxrss : 0;
}
