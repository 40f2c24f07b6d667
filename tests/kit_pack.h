/* SPDX-License-Identifier: MIT
 * A faces pack of painted faces, for tests of training: every person has its own colours in six places. */
#ifndef FACETRAIL_TESTS_KIT_PACK_H
#define FACETRAIL_TESTS_KIT_PACK_H

#include <stdio.h>
#include <string.h>

#include "base/face.h"
#include "base/file.h"
#include "tests/kit.h"

enum { KIT_PACK_SIDE = 128 };
static const struct point kit_pack_marks[FACE_MARKS] = {
    { 46.3f, 59.7f }, { 81.5f, 59.5f }, { 64.0f, 79.7f }, { 49.5f, 100.4f }, { 78.7f, 100.2f },
};

/* Colours of the person, light of the picture. */
static inline void kit_paint(unsigned char *rgb, int person, uint64_t *random)
{
    uint64_t own = (uint64_t)person + 77;
    float colour[6][3], light = random_between(random, 0.7f, 1.0f);
    for (int i = 0; i < 18; i++)
        colour[i / 3][i % 3] = random_between(&own, 30, 255);
    for (int y = 0; y < KIT_PACK_SIDE; y++)
        for (int x = 0; x < KIT_PACK_SIDE; x++) {
            int cell = (y < 64 ? 0 : y < 85 ? 1 : 2) * 2 + (x >= 64);
            for (int c = 0; c < 3; c++)
                rgb[(y * KIT_PACK_SIDE + x) * 3 + c] = (unsigned char)(light * colour[cell][c]);
        }
}

/* The pack "toy" (a folder of pictures and toy.tsv) and pairs.tsv of its validation people, in kit_folder(): `each` faces
 * of so many train people, then of so many validation people; person i is called 3 i. */
static inline void kit_pack(int train, int val, int each)
{
    static unsigned char file[KIT_PACK_SIDE * KIT_PACK_SIDE * 3 + 15];
    static char table[65536], pairs[65536];
    char name[64];
    size_t n = 0, m = 0;
    uint64_t random = 3;
    int faces = (train + val) * each;
    assert_ok(file_make_folders_above(kit_path("toy/x")));
    n += (size_t)snprintf(table, sizeof table, "frame\tperson\tset\tsplit\tname\tscore\tscale\tmarks\tattributes\n");
    for (int i = 0; i < faces; i++) {
        int person = i / each;
        memcpy(file, "P6\n128 128\n255\n", 15);
        kit_paint(file + 15, person, &random);
        snprintf(name, sizeof name, "toy/%03d.ppm", i);
        kit_write(kit_path(name), file, sizeof file);
        n += (size_t)snprintf(table + n, sizeof table - n, "%d\t%d\tpainted\t%s\tx\t0.9\t1.0\t", i, person * 3,
                              person < train ? "train" : "val");
        for (int k = 0; k < FACE_MARKS; k++)
            n += (size_t)snprintf(table + n, sizeof table - n, "%s%.1f,%.1f", k ? "," : "", (double)kit_pack_marks[k].x,
                                  (double)kit_pack_marks[k].y);
        n += (size_t)snprintf(table + n, sizeof table - n, "\t%s\n", i ? "-" : "0100000000011000000011001000000110100001");
    }
    kit_write_text(kit_path("toy.tsv"), table);
    m += (size_t)snprintf(pairs, sizeof pairs, "fold\tsame\tpackA\tframeA\tpackB\tframeB\n");
    for (int i = train * each; i < faces; i++) {
        int next = i % each == each - 1 ? i - 1 : i + 1, other = train * each + (i + 5) % (val * each);
        m += (size_t)snprintf(pairs + m, sizeof pairs - m, "%d\t1\ttoy\t%d\ttoy\t%d\n", i % 4, i, next);
        m += (size_t)snprintf(pairs + m, sizeof pairs - m, "%d\t0\ttoy\t%d\ttoy\t%d\n", i % 4, i, other);
    }
    kit_write_text(kit_path("pairs.tsv"), pairs);
}

/* The recipe identity.conf in kit_folder(): a toy of `model` learns the pack "toy". `more`: lines that come after. */
static inline void kit_pack_recipe(const char *model, const char *more)
{
    char text[1536];
    snprintf(text, sizeof text,
             "train.task = identity\ntrain.model = %s\ntrain.batch = 16\ntrain.steps = 80\nmodel.maps = 4\n"
             "model.code = 32\nmodel.normalize = yes\nmodel.unit = yes\nmodel.scale = 12\nmodel.pair_weight = 1\n"
             "augment.brightness = 0.05\naugment.saturation = 0.1\naugment.grey = 0\naugment.occlude = 0\naugment.blur = 0\n"
             "task.reset_pairs = 64\nsolver.rate = 0.05\ndata.folder = %s\ndata.packs = toy\ndata.pairs = pairs.tsv\n%s",
             model, kit_folder(), more);
    kit_write_text(kit_path("identity.conf"), text);
}

#endif
