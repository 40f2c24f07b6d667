/* SPDX-License-Identifier: MIT */
#ifndef FACETRAIL_BASE_CLOCK_H
#define FACETRAIL_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_us(void);         /* monotonic, microseconds */
int64_t clock_thread_us(void);  /* processor time of this thread */
void clock_sleep_us(int64_t us);
long clock_peak_memory_kb(void); /* peak resident set of this process */

#endif
