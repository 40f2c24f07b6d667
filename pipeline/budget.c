/* SPDX-License-Identifier: MIT
 * Who gets which work this frame: detection in each N-th frame or when tracks become doubtful, codes for the faces
 * that need one most. */
#include "pipeline/budget.h"

#include <stddef.h>

const struct option budget_detect_table[] = {
    {"every", OPTION_INT, offsetof(struct detect_options, every), "1", 1, 1000, NULL,
     "detect in each N-th frame, follow in between (1: in every frame; still pictures always)"},
    {"min_size", OPTION_FLOAT, offsetof(struct detect_options, min_size), "20", 1, 10000, NULL,
     "least face height in source pixels"},
    {"max", OPTION_INT, offsetof(struct detect_options, max), "256", 1, 2048, NULL, "most faces in one frame"},
    {"doubt", OPTION_FLOAT, offsetof(struct detect_options, doubt), "0.3", 0, 1, NULL,
     "a followed track less certain than this brings the next detection forward"},
    {0},
};

const struct option budget_describe_table[] = {
    {"per_frame", OPTION_INT, offsetof(struct describe_options, per_frame), "4", 0, 256, NULL,
     "faces of a video frame whose code is computed; 0: all of them"},
    {"min_size", OPTION_FLOAT, offsetof(struct describe_options, min_size), "24", 1, 10000, NULL,
     "least face height in source pixels: smaller faces get no name"},
    {"sure", OPTION_FLOAT, offsetof(struct describe_options, sure), "0.95", 0, 1, NULL,
     "a track with this sureness of its name is only refreshed"},
    {"again", OPTION_FLOAT, offsetof(struct describe_options, again), "0.1", 0, 3600, NULL,
     "seconds between two looks at a doubtful face"},
    {"refresh", OPTION_FLOAT, offsetof(struct describe_options, refresh), "1", 0, 3600, NULL,
     "seconds between two looks at a sure face"},
    {0},
};

const struct option budget_attributes_table[] = {
    {"per_frame", OPTION_INT, offsetof(struct describe_options, per_frame), "2", 0, 256, NULL,
     "faces of a video frame whose attributes are told; 0: all of them"},
    {"min_size", OPTION_FLOAT, offsetof(struct describe_options, min_size), "32", 1, 10000, NULL,
     "least face height in source pixels: smaller faces get no attributes"},
    {"sure", OPTION_FLOAT, offsetof(struct describe_options, sure), "0.9", 0, 1, NULL,
     "a crop is better when the best so far has less than this part of its quality"},
    {"again", OPTION_FLOAT, offsetof(struct describe_options, again), "0.2", 0, 3600, NULL,
     "seconds between two looks at a face whose crop got better"},
    {"refresh", OPTION_FLOAT, offsetof(struct describe_options, refresh), "1", 0, 3600, NULL,
     "seconds between two looks at any other face"},
    {0},
};

bool budget_detects(const struct detect_options *o, const struct budget_scene *s)
{
    return s->picture || s->cut || s->since >= o->every || s->least_certainty < o->doubt;
}

enum class { CLASS_NEW, CLASS_DOUBTFUL, CLASS_STALE, CLASS_NONE };

static enum class classify(const struct describe_options *o, const struct budget_face *f)
{
    if (!f->usable || f->height < o->min_size)
        return CLASS_NONE;
    if (f->looks == 0)
        return CLASS_NEW;
    double since = (double)f->since_us / 1e6;
    if (f->sureness < o->sure && since >= (double)o->again)
        return CLASS_DOUBTFUL;
    return since >= (double)o->refresh ? CLASS_STALE : CLASS_NONE;
}

/* Within a class, who waited longest goes first (so that a crowd takes turns), then the better picture. */
static bool before(enum class a_class, const struct budget_face *a, enum class b_class, const struct budget_face *b)
{
    if (a_class != b_class)
        return a_class < b_class;
    if (a_class != CLASS_NEW && a->since_us != b->since_us)
        return a->since_us > b->since_us;
    return a->quality > b->quality;
}

int budget_describes(const struct describe_options *o, const struct budget_face *faces, int n, bool limit, int *which)
{
    int most = limit && o->per_frame > 0 ? o->per_frame : n;
    int chosen = 0;
    for (int i = 0; i < n; i++) {
        enum class c = limit ? classify(o, &faces[i]) : faces[i].usable ? CLASS_NEW : CLASS_NONE;
        if (c == CLASS_NONE)
            continue;
        int at = chosen; /* insertion into the short list of the best so far; equals keep their order */
        while (at > 0 && before(c, &faces[i],
                                limit ? classify(o, &faces[which[at - 1]]) : CLASS_NEW, &faces[which[at - 1]]))
            at--;
        if (at >= most)
            continue;
        if (chosen < most)
            chosen++;
        for (int k = chosen - 1; k > at; k--)
            which[k] = which[k - 1];
        which[at] = i;
    }
    return chosen;
}
