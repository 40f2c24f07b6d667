/* SPDX-License-Identifier: MIT
 * The queue between two threads: order, waiting, dropping, and either end stopping first. And the parallel loop. */
#include "tests/kit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/queue.h"
#include "base/workers.h"

static int items[10000];

static void order_and_end(void **state)
{
    struct queue *q;
    void *item, *dropped = items;
    (void)state;
    assert_ok(queue_create(&q, 3, QUEUE_WAIT));
    for (int i = 0; i < 3; i++)
        assert_ok(queue_push(q, &items[i], &dropped));
    assert_null(dropped);
    queue_finish(q);
    for (int i = 0; i < 3; i++) {
        assert_ok(queue_pop(q, &item));
        assert_ptr_equal(item, &items[i]);
    }
    assert_int_equal(queue_pop(q, &item), END);
    assert_null(item);
    assert_int_equal(queue_pop_within(q, &item, 1000), END);
    queue_free(&q);
    assert_null(q);
    queue_free(&q);
}

static void oldest_is_dropped(void **state)
{
    struct queue *q;
    void *item, *dropped;
    (void)state;
    assert_ok(queue_create(&q, 2, QUEUE_DROP_OLDEST));
    for (int i = 0; i < 7; i++) {
        assert_ok(queue_push(q, &items[i], &dropped));
        assert_ptr_equal(dropped, i < 2 ? NULL : &items[i - 2]);
    }
    assert_ok(queue_pop(q, &item));
    assert_ptr_equal(item, &items[5]);
    queue_leave(q);
    assert_int_equal(queue_push(q, &items[0], &dropped), END);
    assert_null(dropped);
    queue_free(&q);
}

static void waiting_has_an_end(void **state)
{
    struct queue *q;
    void *item = items;
    (void)state;
    assert_ok(queue_create(&q, 1, QUEUE_WAIT));
    int64_t start = clock_us();
    assert_ok(queue_pop_within(q, &item, 30000));
    assert_null(item);
    assert_true(clock_us() - start >= 29000);
    assert_ok(queue_pop_within(q, &item, 0));
    assert_ok(queue_pop_within(q, &item, -1));
    assert_ok(queue_push(q, &items[3], NULL));
    assert_ok(queue_pop_within(q, &item, 10000000));
    assert_ptr_equal(item, &items[3]);
    queue_free(&q);
}

static atomic_int pushed; /* by push_all */

static void *push_all(void *queue)
{
    enum status s = OK;
    for (int i = 0; i < 10000 && s == OK; i++) {
        s = queue_push(queue, &items[i], NULL);
        atomic_store(&pushed, i + 1);
    }
    queue_finish(queue);
    return s == END ? items : NULL; /* did the reader leave? */
}

static void threads_see_all_in_order(void **state)
{
    (void)state;
    for (int capacity = 1; capacity <= 4; capacity++) {
        struct queue *q;
        pthread_t thread;
        void *item;
        int n = 0;
        assert_ok(queue_create(&q, capacity, QUEUE_WAIT));
        assert_int_equal(pthread_create(&thread, NULL, push_all, q), 0);
        while (queue_pop(q, &item) == OK)
            assert_ptr_equal(item, &items[n++]);
        assert_int_equal(n, 10000);
        pthread_join(thread, NULL);
        queue_free(&q);
    }
}

static void reader_leaves_first(void **state)
{
    (void)state;
    for (int taken = 0; taken < 20; taken++) {
        struct queue *q;
        pthread_t thread;
        void *item, *left;
        assert_ok(queue_create(&q, 2, QUEUE_WAIT));
        atomic_store(&pushed, 0);
        assert_int_equal(pthread_create(&thread, NULL, push_all, q), 0);
        for (int i = 0; i < taken; i++)
            assert_ok(queue_pop(q, &item));
        while (atomic_load(&pushed) < taken + 2) /* then the writer waits for room */
            clock_sleep_us(500);
        queue_leave(q);
        pthread_join(thread, &left);
        assert_non_null(left);
        for (int i = 0; i < 2; i++) { /* what is still inside comes back to its owner */
            assert_ok(queue_pop(q, &item));
            assert_ptr_equal(item, &items[taken + i]);
        }
        assert_int_equal(queue_pop(q, &item), END);
        queue_free(&q);
    }
}

static void *finish_soon(void *queue)
{
    clock_sleep_us(20000);
    queue_finish(queue);
    return NULL;
}

static void writer_finishes_while_reader_waits(void **state)
{
    struct queue *q;
    pthread_t thread;
    void *item;
    (void)state;
    assert_ok(queue_create(&q, 2, QUEUE_DROP_OLDEST));
    assert_int_equal(pthread_create(&thread, NULL, finish_soon, q), 0);
    assert_int_equal(queue_pop(q, &item), END);
    pthread_join(thread, NULL);
    queue_free(&q);
}

static void queues_survive_failing_memory(void **state)
{
    struct queue *q;
    struct workers *w;
    (void)state;
    for (uint64_t n = 1; n <= 2; n++) {
        memory_fail_at(n);
        assert_fails(queue_create(&q, 4, QUEUE_WAIT), NO_RESOURCE, "memory");
        assert_null(q);
        memory_fail_at(n);
        assert_fails(workers_create(&w, 2), NO_RESOURCE, "memory");
        assert_null(w);
    }
    memory_fail_at(0);
}

struct counts { atomic_int done[1000]; atomic_int inside[8]; atomic_bool twice; int workers; };

static void count(void *context, int i, int worker)
{
    struct counts *c = context;
    if (worker < 0 || worker >= c->workers || atomic_fetch_add(&c->inside[worker], 1) != 0)
        atomic_store(&c->twice, true);
    atomic_fetch_add(&c->done[i], 1);
    atomic_fetch_sub(&c->inside[worker], 1);
}

static void each_is_done_once(void **state)
{
    static struct counts c;
    (void)state;
    for (int workers = 1; workers <= 5; workers++) {
        struct workers *w;
        assert_ok(workers_create(&w, workers));
        assert_int_equal(workers_count(w), workers);
        for (int round = 0; round < 50; round++) {
            int n = round * 20;
            memset(&c, 0, sizeof c);
            c.workers = workers;
            workers_run(w, n, count, &c);
            for (int i = 0; i < 1000; i++)
                assert_int_equal(c.done[i], i < n);
            assert_false(c.twice);
        }
        workers_free(&w);
        assert_null(w);
    }
}

static void note_thread(void *context, int i, int worker)
{
    (void)i;
    (void)worker;
    if (!pthread_equal(*(pthread_t *)context, pthread_self()))
        abort();
}

static void one_worker_is_the_caller(void **state)
{
    struct workers *w;
    pthread_t self = pthread_self();
    (void)state;
    assert_ok(workers_create(&w, 1));
    workers_run(w, 100, note_thread, &self);
    workers_free(&w);
    workers_free(&w);
    assert_true(workers_processors() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_end),
        cmocka_unit_test(oldest_is_dropped),
        cmocka_unit_test(waiting_has_an_end),
        cmocka_unit_test(threads_see_all_in_order),
        cmocka_unit_test(reader_leaves_first),
        cmocka_unit_test(writer_finishes_while_reader_waits),
        cmocka_unit_test(queues_survive_failing_memory),
        cmocka_unit_test(each_is_done_once),
        cmocka_unit_test(one_worker_is_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
