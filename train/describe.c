/* SPDX-License-Identifier: MIT
 * Codes of the data's faces. */
#include "train/describe.h"

#include <string.h>

#include "base/check.h"

void describe_faces(struct recognizer *r, const struct data *d, const int *which, int n, struct face *faces)
{
    struct recognizer_crop crops[DESCRIBE_BATCH];
    CHECK(n <= DESCRIBE_BATCH);
    memset(crops, 0, sizeof crops);
    memset(faces, 0, (size_t)n * sizeof *faces);
    for (int i = 0; i < n; i++)
        crops[i] = (struct recognizer_crop){ data_image(d, which[i]), data_warp() };
    recognizer_describe_crops(r, crops, faces, n);
}
