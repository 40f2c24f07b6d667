/* SPDX-License-Identifier: MIT
 * A small mailbox between the window and the analysis. */
#include "pipeline/requests.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/memory.h"

enum { REQUESTS_MAX = 8, ANSWER_SIZE = 512 };

struct requests {
    struct arena *arena;
    pthread_mutex_t lock;
    atomic_int n;
    struct request waiting[REQUESTS_MAX];
    atomic_bool answered;
    char answer[ANSWER_SIZE];
};

enum status requests_create(struct requests **out)
{
    struct arena *a = arena_create();
    struct requests *r = arena_alloc(a, 1, sizeof *r);
    if (!r || arena_seal(a)) {
        arena_free(&a);
        return fail(NO_RESOURCE, "no memory");
    }
    r->arena = a;
    pthread_mutex_init(&r->lock, NULL);
    *out = r;
    return OK;
}

void requests_free(struct requests **r)
{
    if (!*r)
        return;
    pthread_mutex_destroy(&(*r)->lock);
    struct arena *a = (*r)->arena;
    arena_free(&a);
    *r = NULL;
}

bool requests_put(struct requests *r, const struct request *request)
{
    pthread_mutex_lock(&r->lock);
    int n = atomic_load(&r->n);
    bool room = n < REQUESTS_MAX;
    if (room) {
        r->waiting[n] = *request;
        atomic_store(&r->n, n + 1);
    }
    pthread_mutex_unlock(&r->lock);
    return room;
}

bool requests_take(struct requests *r, struct request *out)
{
    if (atomic_load(&r->n) == 0)
        return false;
    pthread_mutex_lock(&r->lock);
    int n = atomic_load(&r->n);
    if (n > 0) {
        *out = r->waiting[0];
        for (int i = 1; i < n; i++)
            r->waiting[i - 1] = r->waiting[i];
        atomic_store(&r->n, n - 1);
    }
    pthread_mutex_unlock(&r->lock);
    return n > 0;
}

void requests_answer(struct requests *r, const char *text)
{
    pthread_mutex_lock(&r->lock);
    snprintf(r->answer, sizeof r->answer, "%s", text);
    atomic_store(&r->answered, true);
    pthread_mutex_unlock(&r->lock);
}

bool requests_answered(struct requests *r, char *out, int size)
{
    if (!atomic_load(&r->answered))
        return false;
    pthread_mutex_lock(&r->lock);
    snprintf(out, (size_t)size, "%s", r->answer);
    atomic_store(&r->answered, false);
    pthread_mutex_unlock(&r->lock);
    return true;
}
