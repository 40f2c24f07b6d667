/* SPDX-License-Identifier: MIT
 * All models by name. */
#include "nets/models/models.h"

#include <string.h>

static const struct model *const models[] = { &model_lnet, &model_lnet_tags, &model_marks, &model_verdict, &model_deepid2,
                                             &model_deepid2plus, &model_anet, &model_svm };

int model_count(void)
{
    return (int)(sizeof models / sizeof models[0]);
}

const struct model *model_at(int i)
{
    return models[i];
}

const struct model *model_find(const char *name)
{
    for (int i = 0; i < model_count(); i++)
        if (strcmp(models[i]->name, name) == 0)
            return models[i];
    return NULL;
}
