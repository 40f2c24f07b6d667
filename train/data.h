/* SPDX-License-Identifier: MIT
 * The faces packs in memory: a crop of every face at 1.25 times the canonical crop's scale with a margin for jitter,
 * and what the tables say about it. Read-only after data_open: any number of threads may look. */
#ifndef FACETRAIL_TRAIN_DATA_H
#define FACETRAIL_TRAIN_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/face.h"
#include "base/image.h"
#include "base/option.h"
#include "base/status.h"

enum { DATA_W = 80, DATA_H = 88, DATA_PACKS = 8, DATA_SETS = 8192 };
#define DATA_ZOOM 1.25f /* stored pixels a canonical pixel */
/* A stranger is learnt as somebody whom no train person is, from a single face too. */
enum data_split { DATA_TRAIN = 1, DATA_VAL = 2, DATA_STRANGER = 4 };

struct data_options {
    const char *folder; /* where NAME.mkv and NAME.tsv lie */
    const char *packs;  /* names, separated by spaces */
    const char *cache;  /* decoded crops are kept in this file; one of another selection is BAD_MATCH; "": none */
    int splits;         /* enum data_split, or-ed; 0: all */
    int min_faces;      /* train persons with fewer are left out; 0: none is */
    int limit;          /* at most so many faces a pack; 0: all */
};

/* Rows of an option table over a task's options, a `type` whose member `member` is a struct data_options. */
#define DATA_OPTIONS(type, member)                                                                                     \
    { "folder", OPTION_TEXT, offsetof(type, member.folder), "../shared/data", 0, 0, NULL, "where the packs lie" },     \
    { "packs", OPTION_TEXT, offsetof(type, member.packs), "faces-celeba faces-celeba5 faces-fiw faces-web", 0, 0,      \
      NULL, "packs, without .mkv" },                                                                                   \
    { "cache", OPTION_TEXT, offsetof(type, member.cache), "", 0, 0, NULL,                                              \
      "a file that keeps decoded crops; empty: none" },                                                                \
    { "min_faces", OPTION_INT, offsetof(type, member.min_faces), "3", 1, 1000, NULL,                                   \
      "persons with fewer faces are left out" },                                                                       \
    { "limit", OPTION_INT, offsetof(type, member.limit), "0", 0, 100000000, NULL, "faces of each pack; 0: all" }

struct data_face {
    int person;                     /* number over all packs, as in the tables */
    int index;                      /* 0 .. data_people - 1: persons of the loaded faces, in order of appearance */
    int frame;                      /* row of its pack */
    unsigned char pack, split;
    unsigned short set;             /* index of set name */
    bool described;                 /* attributes are known */
    uint64_t attributes;            /* bit i: CelebA's i-th attribute */
    struct point marks[FACE_MARKS]; /* pack pixels */
    float score, scale;             /* the detector's; pack pixels per source pixel */
};

struct data;
/* "DIR/a.mkv,DIR/b.mkv" to folder "DIR" and names "a b", both of `size`; false: names none, or there is no room. */
bool data_split_packs(const char *packs, char *folder, char *names, size_t size);
enum status data_open(struct data **out, const struct data_options *o);
void data_close(struct data **d);
int data_count(const struct data *d);
int data_people(const struct data *d);
const struct data_face *data_face(const struct data *d, int i);
struct image data_image(const struct data *d, int i); /* DATA_W x DATA_H; do not write */
/* Canonical crop coordinates -> stored crop coordinates; the same for all faces. Give it to image_warp_planes to get
 * exactly what the recognizer would cut (to resampling). */
struct warp data_warp(void);
int data_find(const struct data *d, const char *pack, int frame); /* -1: not loaded */
const char *data_set_name(const struct data *d, int set);
const char *data_pack_name(const struct data *d, int pack);
/* The faces of person `index`: numbers for data_face, in order. */
const int *data_of_person(const struct data *d, int index, int *n);

/* A pairs table: `fold same packA frameA packB frameB` rows. */
struct data_pair { int fold, a, b; bool same; }; /* a, b: numbers for data_face */
/* *pairs belongs to the data. Rows whose faces are not loaded are BAD_DATA. */
enum status data_pairs(struct data *d, const char *path, const struct data_pair **pairs, int *n);
/* The same without the rows whose faces are not loaded. */
enum status data_pairs_within(struct data *d, const char *path, const struct data_pair **pairs, int *n);

#endif
