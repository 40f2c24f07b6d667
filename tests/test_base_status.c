/* SPDX-License-Identifier: MIT
 * Failing in one line; messages on standard error. */
#include "tests/kit.h"

#include <pthread.h>

#include "base/log.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_is_kept_and_nested),
        cmocka_unit_test(message_is_one_line),
        cmocka_unit_test(long_message_is_cut_between_characters),
        cmocka_unit_test(message_belongs_to_the_thread),
        cmocka_unit_test(levels_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
