/* SPDX-License-Identifier: MIT
 * How a function says no. A function that can fail returns `enum status`; results come through its first pointer. */
#ifndef FACETRAIL_BASE_STATUS_H
#define FACETRAIL_BASE_STATUS_H

enum status {
    OK = 0,
    END = 1,          /* nothing more will come; not a failure */
    BAD_USAGE = -1,   /* the request makes no sense: an option, a size, an order of calls */
    BAD_DATA = -2,    /* a file, stream or packet is not what it claims to be */
    BAD_MATCH = -3,   /* two good things do not fit: weights and net, code and gallery */
    NO_RESOURCE = -4, /* the system refused: memory, file, device, thread */
};

/* Keeps the message for this thread and returns `why`, so that failing is one line:
 *     return fail(BAD_MATCH, "%s: %s is %s, the net wants %s", path, name, have, want);
 * The message is one line: control characters in it become spaces, and it is cut at 1,000 bytes. */
enum status fail(enum status why, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts context in front of the message already kept: "camera front: ...". Returns `why`. */
enum status fail_in(enum status why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The message of this thread's last failure; never NULL. */
const char *fail_message(void);
/* Moves a message between threads: the worker's message is copied by the one who joins it. */
void fail_copy(char *out, int size);

#endif
