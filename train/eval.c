/* SPDX-License-Identifier: MIT
 * facetrail eval WHAT: the table of measurements. */
#include "train/eval.h"

#include <stdio.h>
#include <string.h>

#include "base/option.h"
#include "train/train.h"

static const struct {
    const char *name;
    enum status (*run)(int n_words, char **words);
} measurements[] = {
    { "verification", eval_verification },
    { "detection", eval_detection },
    { "marks", eval_marks },
    { "tracking", eval_tracking },
    { "tracks", eval_tracks },
    { "attributes", eval_attributes },
    { "neurons", eval_neurons },
    { "response", eval_response },
    { "strangers", eval_strangers },
};
enum { MEASUREMENTS = sizeof measurements / sizeof measurements[0] };

enum status eval_command(int n_words, char **words)
{
    if (n_words < 1)
        return fail(BAD_USAGE, "eval wants to know what: verification, detection, marks, tracking, tracks, attributes, neurons, response, strangers, speed");
    for (int i = 0; i < MEASUREMENTS; i++)
        if (!strcmp(words[0], measurements[i].name))
            return measurements[i].run(n_words - 1, words + 1);
    return fail(BAD_USAGE, "eval: there is no \"%s\"; there are verification, detection, marks, tracking, tracks, attributes, neurons, response, strangers, speed", words[0]);
}
