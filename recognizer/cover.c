/* SPDX-License-Identifier: MIT
 * A logistic regression on the code. */
#include "recognizer/cover.h"

#include <stddef.h>

enum status cover_load(struct cover_reader *out, const struct tensors *file, const char *path, int n_code)
{
    const struct tensors_array *weight = file ? tensors_find(file, COVER_WEIGHT) : NULL;
    const struct tensors_array *shift = file ? tensors_find(file, COVER_SHIFT) : NULL;
    *out = (struct cover_reader){ .n = n_code };
    if (!weight)
        return OK;
    if (weight->type != TENSORS_F32 || weight->n != (size_t)n_code || !shift || shift->type != TENSORS_F32 || shift->n != 1)
        return fail(BAD_MATCH, "%s: " COVER_WEIGHT " or " COVER_SHIFT " is not of the size of the code, %d", path, n_code);
    out->weight = weight->at;
    out->shift = *(const float *)shift->at;
    return OK;
}

float cover_clear(const struct cover_reader *c, const float *code)
{
    float logit = c->shift;
    if (!c->weight)
        return 1;
    for (int i = 0; i < c->n; i++)
        logit += c->weight[i] * code[i];
    /* NaN ends here too */
    return !(logit > 0) ? 1 : logit > 3 ? 0.2F : 1 - 0.8F * logit / 3;
}
