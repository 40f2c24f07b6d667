/* SPDX-License-Identifier: MIT
 * The program: finds the command, prints its failure once, gives the exit status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/kernels.h"
#include "base/log.h"
#include "nets/net.h"
#include "pipeline/command.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, NAMES_MAX = 32 };

static const struct command *find(const char *name)
{
    for (int i = 0; i < command_count; i++)
        if (strcmp(command_table[i]->name, name) == 0)
            return command_table[i];
    return NULL;
}

static enum status unknown(const char *name)
{
    const char *names[NAMES_MAX];
    int n = 0;
    for (; n < command_count && n < NAMES_MAX; n++)
        names[n] = command_table[n]->name;
    const char *near = option_nearest(name, names, n);
    if (near)
        return fail(BAD_USAGE, "%s: no such command; did you mean %s?", name, near);
    return fail(BAD_USAGE, "%s: no such command; `facetrail help` lists them", name);
}

/* --help anywhere before "--" asks for the help of that command. */
static bool wants_help(int n, char **words)
{
    for (int i = 0; i < n && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
            return true;
    return false;
}

static enum status obey(int n, char **words)
{
    char *name = words[0];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return command_help.run(0, NULL);
    if (strcmp(name, "--version") == 0)
        return command_version.run(0, NULL);
    const struct command *c = find(name);
    if (!c)
        return unknown(name);
    if (wants_help(n - 1, words + 1))
        return command_help.run(1, &name);
    return c->run(n - 1, words + 1);
}

/* An OpenBLAS older than the processor takes its oldest kernels, several times slower. It chooses
 * before main, by OPENBLAS_CORETYPE: name the right set and begin again, once (the variable is set then). */
static void take_fitting_blas(char **words)
{
    const char *name = nets_blas_name();
    unsigned features = (unsigned)cpu_features();
    if (!name || strcasecmp(name, "prescott") != 0 || getenv("OPENBLAS_CORETYPE"))
        return;
    const char *set = features & CPU_AVX512 ? "SkylakeX" : features & CPU_AVX2 ? "Haswell" : NULL;
    if (set && setenv("OPENBLAS_CORETYPE", set, 0) == 0)
        execv("/proc/self/exe", words); /* on failure the old kernels still give right results */
}

int main(int n, char **words)
{
    take_fitting_blas(words);
    stop_install();
    enum status s;
    if (n < 2)
        s = fail(BAD_USAGE, "a command must follow, such as `facetrail run clip.mp4 -o annotated.mp4`; "
                            "`facetrail help` lists them");
    else
        s = obey(n - 1, words + 1);
    if (s == OK && fflush(stdout) != 0)
        s = fail(NO_RESOURCE, "standard output: cannot write");
    if (s < 0)
        log_say(LOG_ERROR, NULL, "%s", fail_message());
    return s == OK ? EXIT_DONE : s == BAD_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
