/* SPDX-License-Identifier: MIT
 * Work that needs nothing but the frame itself, done by several threads, each at a frame of its own, between a producer
 * and a consumer that both see all frames in order. */
#ifndef FACETRAIL_PIPELINE_AHEAD_H
#define FACETRAIL_PIPELINE_AHEAD_H

#include "base/frame.h"
#include "base/queue.h"

enum { AHEAD_MOST = 8 };
struct ahead_work {
    enum status (*run)(void *state, struct frame *f);
    void *states[AHEAD_MOST]; /* a thread each */
    int n;                    /* threads; 0: none, frames are only handed on */
    int number;               /* of the line of the timings that counts it */
};

struct ahead;
/* when_full: for the producer. More than one thread only with QUEUE_WAIT: what is dropped would put frames out of order. */
enum status ahead_create(struct ahead **out, const struct ahead_work *work, enum queue_full when_full);
void ahead_free(struct ahead **a);
/* Most frames that are inside, in a queue or in a thread's hand. */
int ahead_frames(const struct ahead_work *work);
/* Producer and consumer are one thread each; the meaning is queue_push's and so on. Producing may begin before the start. */
enum status ahead_push(struct ahead *a, struct frame *f, void **dropped);
void ahead_finish(struct ahead *a);
enum status ahead_pop(struct ahead *a, void **frame);
void ahead_leave(struct ahead *a);
enum status ahead_start(struct ahead *a);
/* Waits for the threads, after ahead_finish and ahead_leave; the first failure of one, which the consumer took for the end. */
enum status ahead_join(struct ahead *a);

#endif
