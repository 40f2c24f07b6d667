/* SPDX-License-Identifier: MIT
 * Inside tracker/: the entries of the table of single.c that have files of their own. */
#ifndef FACETRAIL_TRACKER_SINGLE_KINDS_H
#define FACETRAIL_TRACKER_SINGLE_KINDS_H

#include "tracker/single.h"

extern const struct single_kind single_fcnt, single_fcnt_paper;

#endif
