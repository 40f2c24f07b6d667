/* SPDX-License-Identifier: MIT
 * Heads seen from the side: KDEF's photographs (pack multiview-kdef), cut out of their plain wall. Wild photographs of
 * named people rarely show a face from the side; crowds do. */
#ifndef FACETRAIL_TRAIN_COMPOSE_VIEWS_H
#define FACETRAIL_TRAIN_COMPOSE_VIEWS_H

#include "train/scene.h"

/* Every `step`-th picture, in memory, each with one face, whose box is guessed. The fourth byte of a pixel says how much
 * of it is head: 0 to 255. */
enum status compose_views_open(struct scene_table *out, const char *folder, int step);

#endif
