/* SPDX-License-Identifier: MIT
 * One line on standard error that is rewritten in place; silent when standard error is no terminal. */
#ifndef FACETRAIL_BASE_PROGRESS_H
#define FACETRAIL_BASE_PROGRESS_H

#include <stdint.h>

/* At most ten times a second; the text is made by the caller ("120 frames, 61.2 a second, 3 faces, 2 s left"). */
void progress_show(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* True when the next progress_show would print: lets the caller skip formatting work. */
int progress_due(void);
void progress_clear(void);

#endif
