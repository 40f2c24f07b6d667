/* SPDX-License-Identifier: MIT
 * An ensemble's file opened to verify: every member's net, the parts, the SVM. */
#ifndef FACETRAIL_TRAIN_VERIFICATION_ENSEMBLE_H
#define FACETRAIL_TRAIN_VERIFICATION_ENSEMBLE_H

#include <stdbool.h>

#include "recognizer/recognizer.h"
#include "train/ensemble.h"
#include "train/verification.h"

struct verification_ensemble {
    struct net *svm;
    struct ensemble e;
    struct recognizer *members[MEMBERS];
    int n_votes;
};
/* Does the weights file say that it is one? */
bool verification_is_ensemble(const char *path);
/* BAD_MATCH when a member beside it is not the net that the ensemble was learnt from. Codes are mirror-averaged. */
enum status verification_ensemble_open(struct verification_ensemble *v, const char *path);
void verification_ensemble_close(struct verification_ensemble *v);
/* Joined codes of all members. */
struct verification_coder verification_ensemble_coder(struct verification_ensemble *v);
/* Part number `part`, or (at e.n_parts) what the SVM makes of those that vote: scores of the pairs whose fold, same and missed
 * are filled. */
enum status verification_ensemble_score(struct verification_score *scores, const struct verification_ensemble *e,
                                        const struct verification *v, const struct verification_codes *c, int part);

#endif
