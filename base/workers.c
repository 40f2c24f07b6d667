/* SPDX-License-Identifier: MIT
 * A parallel loop over a shared counter. The caller is worker 0, so n workers are n - 1 threads. */
#include "base/workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <signal.h>

#include "base/check.h"
#include "base/memory.h"

struct helper { struct workers *all; int number; pthread_t thread; };

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    int count;   /* with the caller */
    int running; /* threads: less than count - 1 only while being made */
    int busy;
    unsigned round;
    bool stop;
    void (*body)(void *context, int i, int worker);
    void *context;
    int n;
    atomic_int next;
    struct helper *helpers;
};

int workers_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    return 1;
}

static void work(struct workers *w, int worker)
{
    int i;
    while ((i = atomic_fetch_add(&w->next, 1)) < w->n)
        w->body(w->context, i, worker);
}

static void *help(void *context)
{
    struct helper *h = context;
    struct workers *w = h->all;
    unsigned seen = 0;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->round == seen && !w->stop)
            pthread_cond_wait(&w->start, &w->lock);
        if (w->stop)
            break;
        seen = w->round;
        pthread_mutex_unlock(&w->lock);
        work(w, h->number);
        pthread_mutex_lock(&w->lock);
        if (--w->busy == 0)
            pthread_cond_signal(&w->done);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Signals are the main thread's business. */
static int start_quietly(struct helper *h)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&h->thread, NULL, help, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

enum status workers_create(struct workers **out, int n)
{
    CHECK(n > 0);
    *out = NULL;
    struct workers *w = memory_alloc(1, sizeof *w);
    struct helper *helpers = memory_alloc((size_t)n, sizeof *helpers);
    if (!w || !helpers) {
        memory_free(&w);
        memory_free(&helpers);
        return fail(NO_RESOURCE, "no memory for %d workers", n);
    }
    w->count = n;
    w->helpers = helpers;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->start, NULL);
    pthread_cond_init(&w->done, NULL);
    for (; w->running < n - 1; w->running++) {
        helpers[w->running].all = w;
        helpers[w->running].number = w->running + 1;
        if (start_quietly(&helpers[w->running]) != 0) {
            workers_free(&w);
            return fail(NO_RESOURCE, "the system gives no thread for %d workers", n);
        }
    }
    *out = w;
    return OK;
}

void workers_free(struct workers **out)
{
    struct workers *w = *out;
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->start);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->running; i++)
        pthread_join(w->helpers[i].thread, NULL);
    pthread_cond_destroy(&w->done);
    pthread_cond_destroy(&w->start);
    pthread_mutex_destroy(&w->lock);
    memory_free(&w->helpers);
    memory_free(out);
}

int workers_count(const struct workers *w)
{
    return w->count;
}

void workers_run(struct workers *w, int n, void (*body)(void *context, int i, int worker), void *context)
{
    if (w->count == 1 || n <= 1) {
        for (int i = 0; i < n; i++)
            body(context, i, 0);
        return;
    }
    pthread_mutex_lock(&w->lock);
    CHECK(w->busy == 0); /* a body may not start a loop on its own workers */
    w->body = body;
    w->context = context;
    w->n = n;
    atomic_store(&w->next, 0);
    w->busy = w->count - 1;
    w->round++;
    pthread_cond_broadcast(&w->start);
    pthread_mutex_unlock(&w->lock);
    work(w, 0);
    pthread_mutex_lock(&w->lock);
    while (w->busy > 0)
        pthread_cond_wait(&w->done, &w->lock);
    pthread_mutex_unlock(&w->lock);
}
