/* SPDX-License-Identifier: MIT
 * Arenas, growing, and what happens when the system gives nothing. */
#include "tests/kit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

static void memory_is_zero_and_aligned(void **state)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 131072, 131073, 3000000};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *at = memory_alloc(sizes[i], 1);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % 64, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(at[k], 0);
        memset(at, 0xAB, sizes[i]);
        memory_free(&at);
        assert_null(at);
        memory_free(&at);
    }
}

static void products_are_checked(void **state)
{
    (void)state;
    assert_null(memory_alloc(SIZE_MAX / 2, 3));
    assert_null(memory_alloc(SIZE_MAX, SIZE_MAX));
    assert_null(memory_alloc(SIZE_MAX - 10, 1));
}

static void arena_remembers_a_failure(void **state)
{
    (void)state;
    struct arena *a = arena_create();
    assert_non_null(arena_alloc(a, 10, 10));
    assert_int_equal(arena_bytes(a), 100);
    assert_ok(arena_seal(a));
    arena_free(&a);
    assert_null(a);
    arena_free(&a);
    a = arena_create();
    memory_fail_at(2);
    assert_non_null(arena_alloc(a, 1, 8));
    assert_null(arena_alloc(a, 1, 8));
    assert_non_null(arena_alloc(a, 1, 8)); /* later ones work: one check at the end is enough */
    assert_fails(arena_seal(a), NO_RESOURCE, "memory");
    arena_free(&a);
    assert_null(arena_alloc(NULL, 1, 1));
    assert_fails(arena_seal(NULL), NO_RESOURCE, "memory");
}

static void texts_are_copied(void **state)
{
    char text[] = "abc";
    (void)state;
    struct arena *a = arena_create();
    char *copy = arena_text(a, text), *other = memory_text(text);
    text[0] = 'x';
    assert_string_equal(copy, "abc");
    assert_string_equal(other, "abc");
    assert_null(arena_text(a, NULL));
    memory_free(&other);
    arena_free(&a);
}

static void sealed_arena_stops_the_program(void **state)
{
    int status;
    (void)state;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        struct arena *a = arena_create();
        if (arena_seal(a) == OK)
            arena_alloc(a, 1, 1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void growing_keeps_what_was_there(void **state)
{
    int *items = NULL;
    size_t room = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_ok(memory_grow(&items, &room, (size_t)i + 1, sizeof *items));
        assert_int_equal(items[i], 0);
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    size_t before = room;
    int *same = items;
    memory_fail_at(1);
    assert_fails(memory_grow(&items, &room, 100000, sizeof *items), NO_RESOURCE, "100000");
    assert_true(items == same && room == before);
    assert_fails(memory_grow(&items, &room, SIZE_MAX / 2, sizeof *items), NO_RESOURCE, "memory");
    memory_free(&items);
}

static void allocations_are_counted(void **state)
{
    (void)state;
    uint64_t before = memory_allocations();
    char *a = memory_text("a"), *b = memory_alloc(1, 1);
    assert_int_equal(memory_allocations() - before, 2);
    memory_free(&a);
    memory_free(&b);
    assert_int_equal(memory_allocations() - before, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zero_and_aligned),
        cmocka_unit_test(products_are_checked),
        cmocka_unit_test(arena_remembers_a_failure),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(sealed_arena_stops_the_program),
        cmocka_unit_test(growing_keeps_what_was_there),
        cmocka_unit_test(allocations_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
