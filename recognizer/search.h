/* SPDX-License-Identifier: MIT
 * One face against many samples in memory: exactly, or, of very many, first by the bits of the codes. */
#ifndef FACETRAIL_RECOGNIZER_SEARCH_H
#define FACETRAIL_RECOGNIZER_SEARCH_H

#include "recognizer/gallery.h"

/* From SEARCH_MANY samples on, those whose bits differ least are looked up first (Hamming distance), SEARCH_NEAREST of
 * them are scored with the matcher, and the best SEARCH_PEOPLE people among those with all their samples: whoever wins
 * has exactly the score that looking at everybody gives. Of codes with more than 192 bits the first 192 are looked at,
 * and of the SEARCH_NEAREST a quarter is scored: the nearest by all bits.
 * SEARCH_NEAREST: among 40,000 real faces the person of the best match was among the nearest 2,000 in 0.998 of 1,500
 * searches, among the nearest 4,000 in all (DeepID2, 160 bits, Joint Bayesian); 16 times as many faces took 3 times
 * as many. SEARCH_MANY: there both ways take the same time, 1.1 ms for codes of 160 numbers. */
enum { SEARCH_NEAREST = 8192, SEARCH_MANY = 4 * SEARCH_NEAREST, SEARCH_PEOPLE = 64 };
enum search_way { SEARCH_BY_SIZE, SEARCH_ALL, SEARCH_NEAR };

struct search;
enum status search_create(struct search **out);
void search_free(struct search **s);
/* Forgets all samples and makes room for n of recognizer r, which must stay open. NO_RESOURCE: it holds none. */
enum status search_begin(struct search *s, const struct recognizer *r, int n);
/* NULL before search_begin and after search_forget. */
const struct recognizer *search_recognizer(const struct search *s);
void search_forget(struct search *s);
/* code, bits and quality count. The samples of one person come one after the other; at most n in all. */
void search_add(struct search *s, const struct face *sample, int person);
/* As gallery_match. Allocates nothing. One thread at a time: the candidates lie in the search. */
struct match search_best(struct search *s, const struct face *face, enum search_way way);
/* The score of one person, as search_best gives it; false: nobody of that number is there. */
bool search_person(const struct search *s, const struct face *face, int person, float *score);

#endif
