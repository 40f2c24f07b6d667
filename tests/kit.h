/* SPDX-License-Identifier: MIT
 * What the tests share: cmocka with its headers in order, near-equality, failures by word, files in a folder of the
 * test's own, and the program run as a child. */
#ifndef FACETRAIL_TESTS_KIT_H
#define FACETRAIL_TESTS_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* ours is in base/status.h */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "base/status.h"

/* |a - b| <= tolerance; both must be numbers. */
#define assert_near(a, b, tolerance) kit_assert_near((a), (b), (tolerance), #a, __FILE__, __LINE__)
/* OK, or the message is shown. */
#define assert_ok(status) kit_assert_ok((status), #status, __FILE__, __LINE__)
/* `why` and a message that holds `words`. */
#define assert_fails(status, why, words) kit_assert_fails((status), (why), (words), #status, __FILE__, __LINE__)
#define assert_has(text, words) kit_assert_has((text), (words), __FILE__, __LINE__)
/* Ends the test as skipped and says why: kit_skip("no ffmpeg"). */
#define kit_skip(word)                                                                             \
    do {                                                                                           \
        print_message("skipped: %s\n", (word));                                                    \
        skip();                                                                                    \
    } while (0)

void kit_assert_near(double a, double b, double tolerance, const char *what, const char *file, int line);
void kit_assert_ok(enum status s, const char *what, const char *file, int line);
void kit_assert_fails(enum status s, enum status why, const char *words, const char *what, const char *file, int line);
void kit_assert_has(const char *text, const char *words, const char *file, int line);

/* n numbers from -1 to 1. */
void kit_random(float *out, size_t n, uint64_t seed);

/* A folder of this test program, removed when it ends. */
const char *kit_folder(void);
/* A path in it. The text stays good for the next 15 calls. */
const char *kit_path(const char *name);
void kit_write(const char *path, const void *bytes, size_t n);
void kit_write_text(const char *path, const char *text);
/* The whole file with a zero behind it, or NULL; to be freed with memory_free. *n may be NULL. */
char *kit_read(const char *path, size_t *n);
/* A file beside the sources, "configs/default.conf", found from the test program's place. */
const char *kit_source(const char *name);

/* A finished child. Texts are good until the next run. */
struct kit_result { int status; const char *out, *err; }; /* status: 128 + signal when killed */
/* Runs a program (looked for in PATH) or facetrail itself; the words end with NULL. It has no display unless
 * KIT_DISPLAY is set, a gallery of its own in kit_folder(), an empty standard input, and 120 seconds. */
struct kit_result kit_run(const char *program, ...) __attribute__((sentinel));
struct kit_result kit_facetrail(const char *word, ...) __attribute__((sentinel));
/* The same, started and not waited for; kit_wait gives the result. One at a time. */
int kit_start_facetrail(const char *word, ...) __attribute__((sentinel));
struct kit_result kit_wait(int child);
bool kit_has_program(const char *name);

#endif
