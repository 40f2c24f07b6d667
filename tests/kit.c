/* SPDX-License-Identifier: MIT
 * The tests' kit. */
#include "tests/kit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

enum { PATHS = 16, WORDS = 64, SECONDS = 120 };

void kit_assert_near(double a, double b, double tolerance, const char *what, const char *file, int line)
{
    if (fabs(a - b) <= tolerance)
        return;
    print_error("%s is %.9g, not %.9g within %g\n", what, a, b, tolerance);
    _fail(file, line);
}

void kit_assert_ok(enum status s, const char *what, const char *file, int line)
{
    if (s == OK)
        return;
    print_error("%s: %d: %s\n", what, s, s < 0 ? fail_message() : "the end");
    _fail(file, line);
}

void kit_assert_has(const char *text, const char *words, const char *file, int line)
{
    if (text && strstr(text, words))
        return;
    print_error("\"%s\" is not in: %s\n", words, text ? text : "(nothing)");
    _fail(file, line);
}

void kit_assert_fails(enum status s, enum status why, const char *words, const char *what, const char *file, int line)
{
    if (s != why) {
        print_error("%s is %d, not %d: %s\n", what, s, why, fail_message());
        _fail(file, line);
    }
    kit_assert_has(fail_message(), words, file, line);
}

void kit_random(float *out, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        out[i] = random_between(&seed, -1, 1);
}

static char folder[64];
static pid_t owner;

static void remove_folder(void)
{
    char command[128];
    if (getpid() != owner || !*folder)
        return;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s stays\n", folder);
}

const char *kit_folder(void)
{
    if (!*folder) {
        snprintf(folder, sizeof folder, "/tmp/facetrail-test-XXXXXX");
        assert_non_null(mkdtemp(folder));
        owner = getpid();
        atexit(remove_folder);
    }
    return folder;
}

/* The next of PATHS texts in turn. */
static char *next_path(void)
{
    static char paths[PATHS][PATH_MAX];
    static int next;
    return paths[next++ % PATHS];
}

const char *kit_path(const char *name)
{
    char *path = next_path();
    snprintf(path, PATH_MAX, "%s/%s", kit_folder(), name);
    return path;
}

/* The folder `up` levels above this program, with `name`. */
static const char *from_program(int up, const char *name)
{
    char own[PATH_MAX], *path = next_path();
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    assert_true(n > 0);
    own[n] = '\0';
    for (char *slash; up >= 0 && (slash = strrchr(own, '/')); up--)
        *slash = '\0';
    assert_true(snprintf(path, PATH_MAX, "%s/%s", own, name) < PATH_MAX);
    return path;
}

const char *kit_source(const char *name)
{
    return from_program(3, name); /* build/release/tests/test_x */
}

void kit_write(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

void kit_write_text(const char *path, const char *text)
{
    kit_write(path, text, strlen(text));
}

char *kit_read(const char *path, size_t *n)
{
    char *text = NULL;
    size_t room = 0, used = 0, got = 0;
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    do {
        used += got;
        assert_ok(memory_grow(&text, &room, used + 65536, 1));
    } while ((got = fread(text + used, 1, 65535, f)) > 0);
    fclose(f);
    text[used] = '\0';
    if (n)
        *n = used;
    return text;
}

bool kit_has_program(const char *name)
{
    const char *all = getenv("PATH");
    for (const char *at = all ? all : ""; *at;) {
        char path[PATH_MAX];
        int n = (int)strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s/%s", n, at, name);
        if (access(path, X_OK) == 0)
            return true;
        at += n + (at[n] == ':');
    }
    return false;
}

static void redirect(int to, const char *path, int flags)
{
    int file = open(path, flags, 0600);
    if (file < 0 || dup2(file, to) < 0)
        _exit(126);
    close(file);
}

static void become(const char *program, char **words)
{
    redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
    redirect(STDOUT_FILENO, kit_path(".out"), O_WRONLY | O_CREAT | O_TRUNC);
    redirect(STDERR_FILENO, kit_path(".err"), O_WRONLY | O_CREAT | O_TRUNC);
    setenv("XDG_DATA_HOME", kit_folder(), 1);
    if (!getenv("KIT_DISPLAY")) {
        unsetenv("DISPLAY");
        unsetenv("WAYLAND_DISPLAY");
    }
    alarm(SECONDS);
    execvp(program, words);
    _exit(127);
}

static int start(const char *program, const char *first, va_list more)
{
    char *words[WORDS] = {(char *)(uintptr_t)program, (char *)(uintptr_t)first};
    kit_folder();
    for (int n = 1; n < WORDS - 1 && words[n];)
        words[++n] = va_arg(more, char *);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        become(program, words);
    return child;
}

struct kit_result kit_wait(int child)
{
    static char *out, *err;
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    memory_free(&out);
    memory_free(&err);
    out = kit_read(kit_path(".out"), NULL);
    err = kit_read(kit_path(".err"), NULL);
    return (struct kit_result){WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), out, err};
}

struct kit_result kit_run(const char *program, ...)
{
    va_list more;
    va_start(more, program);
    const char *first = va_arg(more, const char *);
    int child = start(program, first, more);
    va_end(more);
    return kit_wait(child);
}

static const char *own_program(void)
{
    return from_program(1, "facetrail"); /* build/release/facetrail */
}

struct kit_result kit_facetrail(const char *word, ...)
{
    va_list more;
    va_start(more, word);
    int child = start(own_program(), word, more);
    va_end(more);
    return kit_wait(child);
}

int kit_start_facetrail(const char *word, ...)
{
    va_list more;
    va_start(more, word);
    int child = start(own_program(), word, more);
    va_end(more);
    return child;
}
