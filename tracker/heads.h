/* SPDX-License-Identifier: MIT
 * Inside tracker/: FCNT's heads for many targets at once. Each target has a small head of its own (ridge.h) over
 * gradients and colours; tables, scratch and the picture patch are shared. */
#ifndef FACETRAIL_TRACKER_HEADS_H
#define FACETRAIL_TRACKER_HEADS_H

#include "base/image.h"
#include "base/memory.h"

struct heads;
/* At most `max` heads; all memory is taken from the arena, which also remembers a failure. NULL: none. */
struct heads *heads_open(struct arena *arena, int max);
int heads_take(struct heads *h);            /* a free head, from 0; -1: all are taken */
void heads_give(struct heads *h, int head); /* back; -1: nothing */
/* Takes the box's look as the target's; the first time whole, later a part joins what is known. */
void heads_learn(struct heads *h, int head, struct image im, struct box box);
/* Moves *box, which is where the target is thought to be, to where its head answers most, at most one size of the box
 * away; its size stays. Returns the answer over the usual one: near 1 for the target, near 0 for anything else. */
float heads_search(struct heads *h, int head, struct image im, struct box *box);

#endif
