/* SPDX-License-Identifier: MIT
 * A ring under one lock. Frames are few and large, so nothing cleverer would be seen in a profile. */
#include "base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/check.h"
#include "base/memory.h"

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum queue_full when_full;
    bool finished, left;
    int first, n, capacity;
    void **items;
};

static enum status start_lock(struct queue *q)
{
    pthread_condattr_t how;
    if (pthread_mutex_init(&q->lock, NULL) != 0)
        return fail(NO_RESOURCE, "no lock for a queue");
    pthread_condattr_init(&how);
    pthread_condattr_setclock(&how, CLOCK_MONOTONIC); /* waiting must not depend on the date */
    int failed = pthread_cond_init(&q->changed, &how);
    pthread_condattr_destroy(&how);
    if (failed) {
        pthread_mutex_destroy(&q->lock);
        return fail(NO_RESOURCE, "no condition for a queue");
    }
    return OK;
}

enum status queue_create(struct queue **out, int capacity, enum queue_full when_full)
{
    CHECK(capacity > 0);
    *out = NULL;
    struct queue *q = memory_alloc(1, sizeof *q);
    void **items = memory_alloc((size_t)capacity, sizeof *items);
    enum status s = q && items ? start_lock(q) : fail(NO_RESOURCE, "no memory for a queue of %d", capacity);
    if (s) {
        memory_free(&q);
        memory_free(&items);
        return s;
    }
    q->items = items;
    q->capacity = capacity;
    q->when_full = when_full;
    *out = q;
    return OK;
}

void queue_free(struct queue **q)
{
    if (!*q)
        return;
    pthread_cond_destroy(&(*q)->changed);
    pthread_mutex_destroy(&(*q)->lock);
    memory_free(&(*q)->items);
    memory_free(q);
}

static void *take_first(struct queue *q)
{
    void *item = q->items[q->first];
    q->first = (q->first + 1) % q->capacity;
    q->n--;
    return item;
}

enum status queue_push(struct queue *q, void *item, void **dropped)
{
    if (dropped)
        *dropped = NULL;
    pthread_mutex_lock(&q->lock);
    while (q->n == q->capacity && q->when_full == QUEUE_WAIT && !q->left)
        pthread_cond_wait(&q->changed, &q->lock);
    bool taken = !q->left;
    if (taken) {
        CHECK(!q->finished);
        if (q->n == q->capacity) {
            CHECK(dropped);
            *dropped = take_first(q);
        }
        q->items[(q->first + q->n++) % q->capacity] = item;
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    return taken ? OK : END;
}

/* `until` NULL: for ever. */
static enum status pop(struct queue *q, void **item, const struct timespec *until)
{
    bool late = false;
    *item = NULL;
    pthread_mutex_lock(&q->lock);
    while (q->n == 0 && !q->finished && !late) {
        if (until)
            late = pthread_cond_timedwait(&q->changed, &q->lock, until) == ETIMEDOUT;
        else
            pthread_cond_wait(&q->changed, &q->lock);
    }
    bool any = q->n > 0;
    if (any) {
        *item = take_first(q);
        pthread_cond_broadcast(&q->changed);
    }
    bool end = !any && q->finished;
    pthread_mutex_unlock(&q->lock);
    return end ? END : OK;
}

enum status queue_pop(struct queue *q, void **item)
{
    return pop(q, item, NULL);
}

enum status queue_pop_within(struct queue *q, void **item, long us)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (us < 0)
        us = 0;
    until.tv_sec += us / 1000000;
    until.tv_nsec += us % 1000000 * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return pop(q, item, &until);
}

void queue_finish(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->finished = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

void queue_leave(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->left = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}
