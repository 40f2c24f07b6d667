/* SPDX-License-Identifier: MIT
 * CHECK: a broken promise of our own stops the program, in all builds. Bad input is a status, never a CHECK. */
#ifndef FACETRAIL_BASE_CHECK_H
#define FACETRAIL_BASE_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
    ((condition) ? (void)0                                                                         \
                 : (fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition), \
                    abort()))

#endif
