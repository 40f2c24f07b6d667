/* SPDX-License-Identifier: MIT
 * Failing in one line; messages on standard error. */
#include "tests/kit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/progress.h"

static void message_is_kept_and_nested(void **state)
{
    (void)state;
    assert_int_equal(fail(BAD_DATA, "%s: %d", "a.txt", 7), BAD_DATA);
    assert_string_equal(fail_message(), "a.txt: 7");
    assert_int_equal(fail_in(BAD_DATA, "camera %s", "front"), BAD_DATA);
    assert_string_equal(fail_message(), "camera front: a.txt: 7");
    assert_int_equal(fail(BAD_MATCH, "again: %s", fail_message()), BAD_MATCH);
    assert_string_equal(fail_message(), "again: camera front: a.txt: 7");
}

static void message_is_one_line(void **state)
{
    (void)state;
    fail(BAD_DATA, "%s", "a\nb\033[2J\tc\177d \xC3\xA9");
    assert_string_equal(fail_message(), "a b [2J c d \xC3\xA9");
}

static void long_message_is_cut_between_characters(void **state)
{
    char text[1500];
    (void)state;
    for (int i = 0; i < 1500; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    text[1499] = '\0';
    fail(BAD_DATA, "x%s", text);
    assert_int_equal(strlen(fail_message()), 999);
    assert_memory_equal(fail_message() + 997, "\xC3\xA9", 3);
    char small[4];
    fail(BAD_DATA, "abcdef");
    fail_copy(small, sizeof small);
    assert_string_equal(small, "abc");
}

static void *fail_elsewhere(void *out)
{
    fail(END, "theirs");
    fail_copy(out, 32);
    return NULL;
}

static void message_belongs_to_the_thread(void **state)
{
    pthread_t thread;
    char theirs[32];
    (void)state;
    fail(BAD_DATA, "ours");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, theirs), 0);
    pthread_join(thread, NULL);
    assert_string_equal(fail_message(), "ours");
    assert_string_equal(theirs, "theirs");
}

static void levels_are_kept(void **state)
{
    (void)state;
    enum log_level before = log_get_level();
    log_set_level(LOG_ERROR);
    assert_int_equal(log_get_level(), LOG_ERROR);
    log_say(LOG_WARN, NULL, "this must not be seen");
    log_set_level(before);
}

/* What `say` writes to standard error when that is a terminal of 20 columns, or a file. */
static void on_stderr(char *out, size_t size, bool terminal, void (*say)(void))
{
    int far = posix_openpt(O_RDWR | O_NOCTTY), near = -1;
    assert_true(far >= 0 && grantpt(far) == 0 && unlockpt(far) == 0);
    const char *path = terminal ? ptsname(far) : kit_path("stderr");
    near = open(path, O_RDWR | O_CREAT | O_NOCTTY, 0600);
    assert_true(near >= 0);
    if (terminal)
        assert_int_equal(ioctl(near, TIOCSWINSZ, &(struct winsize){.ws_row = 5, .ws_col = 20}), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(near, STDERR_FILENO);
        say();
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    size_t n = 0;
    if (!terminal) {
        ssize_t all = pread(near, out, size - 1, 0);
        assert_true(all >= 0);
        n = (size_t)all;
    }
    close(near);
    for (ssize_t more = 1; terminal && more > 0; n += more > 0 ? (size_t)more : 0) /* a terminal hands over in pieces */
        more = read(far, out + n, size - 1 - n);
    out[n] = '\0';
    close(far);
}

static void show_and_say(void)
{
    progress_show("%s", "caf\xC3\xA9 and much more than fits");
    progress_show("%s", "too soon");
    log_say(LOG_WARN, "camera front", "lost\nagain");
    progress_show("now");
    progress_clear();
    progress_clear();
}

static void progress_is_one_line_of_a_terminal(void **state)
{
    char text[1000];
    (void)state;
    on_stderr(text, sizeof text, true, show_and_say);
    assert_string_equal(text, "\rcaf\xC3\xA9 and much more \033[K\r\033[K"
                              "facetrail: warning: camera front: lost again\r\n\rnow\033[K\r\033[K");
    on_stderr(text, sizeof text, false, show_and_say);
    assert_string_equal(text, "facetrail: warning: camera front: lost again\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_is_kept_and_nested),
        cmocka_unit_test(message_is_one_line),
        cmocka_unit_test(long_message_is_cut_between_characters),
        cmocka_unit_test(message_belongs_to_the_thread),
        cmocka_unit_test(levels_are_kept),
        cmocka_unit_test(progress_is_one_line_of_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
