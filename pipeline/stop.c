/* SPDX-License-Identifier: MIT
 * One flag for "end now, but end well". A signal handler may touch nothing else. */
#include <signal.h>
#include <stddef.h>

#include "pipeline/command.h"

static atomic_bool stopped; /* the only mutable global of pipeline/: a signal handler gets no argument */

const atomic_bool *stop_flag(void)
{
    return &stopped;
}

void stop_now(void)
{
    atomic_store(&stopped, true);
}

static void on_signal(int number)
{
    atomic_store(&stopped, true);
    signal(number, SIG_DFL); /* whoever asks twice does not want to wait */
}

void stop_uninstall(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

void stop_install(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader that leaves is a failed write, with its message */
}
