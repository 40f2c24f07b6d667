/* SPDX-License-Identifier: MIT
 * Evidence for a name, summed along a track. Pure functions on a plain record: no allocation, no clock, no gallery. */
#ifndef FACETRAIL_PIPELINE_VOTE_H
#define FACETRAIL_PIPELINE_VOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "recognizer/gallery.h"

enum { VOTE_TRACKS = 512, VOTE_PEOPLE = 8 };

/* What one track has heard about one person: the mean log likelihood ratio of its looks. */
struct vote_person { int person; float mean; };
struct vote {
    int track;                /* 0: free */
    int64_t used_us;          /* last look or settling: the slot used longest ago is given away */
    int64_t look_us;          /* last look */
    int looks;
    float weight;             /* of all looks: how many independent ones they are worth */
    float rest;               /* mean score of the second best person: bounds everyone who is not in the list */
    int n;
    struct vote_person people[VOTE_PEOPLE];
    int person;               /* the name it holds now, -1: none */
    float score, margin;      /* of that name: summed evidence, distance to the second best person */
};
/* State of the identify stage; large (tens of kilobytes): keep it in the stage's state. Zeroed memory is valid. */
struct votes { struct vote tracks[VOTE_TRACKS]; };

/* One look: the face of `track` was described at `time_us` and compared with the gallery. `quality` (0 to 1) is the
 * face's. Looks soon after each other count less: they are not independent. A look at a time before the track's last
 * one counts as soon after. Ignores faces without a track (track <= 0) and scores that are not finite. */
void vote_add(struct votes *v, int track, int64_t time_us, struct match match, float quality);
/* The tracker found that track `from` is the older track `into` (tracker_learn_code): its looks go along. Call it
 * before vote_add with the face's new track number. */
void vote_merge(struct votes *v, int from, int into);
/* Decides the names of all tracks that are in the frame at `time_us`, at most one track a person: the one with more
 * evidence. Call once a frame, after the vote_adds. `threshold` is recognizer_threshold's. A name once held is kept
 * until its evidence falls under half of the threshold or another person leads (hysteresis: no flicker). */
void vote_settle(struct votes *v, const int *tracks, int n, int64_t time_us, float threshold);
/* The name settled last: person -1 when unknown. score: the summed evidence, margin: to the second best. */
struct match vote_name(const struct votes *v, int track);
/* How sure the track's answer is, named or stranger, 0 (no look yet) to 1: for the budget to choose whom to describe. */
float vote_sureness(const struct votes *v, int track, float threshold);
/* The gallery changed: people may be new, renamed or gone, so old scores mean nothing. Names are lost until seen again. */
void vote_reset(struct votes *v);

#endif
