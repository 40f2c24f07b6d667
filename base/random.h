/* SPDX-License-Identifier: MIT
 * Seeded generator (splitmix64), passed, never global. The same seed gives the same numbers everywhere. */
#ifndef FACETRAIL_BASE_RANDOM_H
#define FACETRAIL_BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t random_next(uint64_t *state);
float random_unit(uint64_t *state);                         /* [0, 1) */
float random_between(uint64_t *state, float low, float high);
float random_normal(uint64_t *state);                       /* mean 0, deviation 1 */
float random_doubling(uint64_t *state, float low, float high); /* [low, high): as often in each doubling; low > 0 */
bool random_chance(uint64_t *state, float p);               /* true with probability p */
int random_below(uint64_t *state, int n);                   /* 0 .. n - 1; n > 0 */
void random_shuffle(uint64_t *state, int *items, size_t n); /* Fisher-Yates */

#endif
