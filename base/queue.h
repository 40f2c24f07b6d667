/* SPDX-License-Identifier: MIT
 * A bounded queue of pointers: one producer, one consumer, either may stop first and the other learns it as END. */
#ifndef FACETRAIL_BASE_QUEUE_H
#define FACETRAIL_BASE_QUEUE_H

#include "base/status.h"

enum queue_full { QUEUE_WAIT, QUEUE_DROP_OLDEST }; /* a file waits, a camera drops */
struct queue;
enum status queue_create(struct queue **out, int capacity, enum queue_full when_full);
void queue_free(struct queue **q);
/* *dropped (may be NULL for QUEUE_WAIT) is the item that had to leave, or NULL: the caller owns it again.
 * END: no reader left; the item was not taken. */
enum status queue_push(struct queue *q, void *item, void **dropped);
/* END: no writer left and nothing in the queue. */
enum status queue_pop(struct queue *q, void **item);
/* Like queue_pop, but gives up after `us` microseconds with OK and *item NULL. */
enum status queue_pop_within(struct queue *q, void **item, long us);
void queue_finish(struct queue *q); /* the producer has stopped */
void queue_leave(struct queue *q);  /* the consumer has stopped */

#endif
