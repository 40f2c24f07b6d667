/* SPDX-License-Identifier: MIT
 * All options of a run in one place. Groups of the same name (detect, recognize) are one for the user. */
#include "pipeline/settings.h"

#include <stddef.h>
#include <string.h>

#include "detector/closer.h"

static const struct option run_option_table[] = {
    {"output", OPTION_TEXT, offsetof(struct run_options, output), "", 0, 0, NULL, "annotated video or picture"},
    {"json", OPTION_TEXT, offsetof(struct run_options, json), "", 0, 0, NULL, "JSON lines; - is standard output"},
    {"tracks", OPTION_TEXT, offsetof(struct run_options, tracks), "", 0, 0, NULL, "MOTChallenge text"},
    {"gallery", OPTION_TEXT, offsetof(struct run_options, gallery), "", 0, 0, NULL,
     "the people who are known; none: the user's own gallery"},
    {"window", OPTION_CHOICE, offsetof(struct run_options, window), "auto", 0, 0, "auto yes no",
     "show a window; auto: when there is a display and no other output"},
    {"blur", OPTION_CHOICE, offsetof(struct run_options, blur), "none", 0, 0, "none all unknown known",
     "whose faces are made unrecognisable in what is written or shown"},
    {"attributes", OPTION_BOOL, offsetof(struct run_options, attributes), "no", 0, 0, NULL,
     "describe each face by 40 attributes"},
    {"names", OPTION_BOOL, offsetof(struct run_options, names), "yes", 0, 0, NULL,
     "recognise faces; no: only find and follow them"},
    {"threads", OPTION_INT, offsetof(struct run_options, threads), "-1", -1, 256, NULL,
     "one less than this, but one at least, search frames for faces; 0: everything in one loop; -1: as many as the machine has cores"},
    {"start", OPTION_TEXT, offsetof(struct run_options, follow.start), "", 0, 0, NULL,
     "x,y,width,height in the first frame: follow what is there, face or not, and look for no faces"},
    {"tracker", OPTION_TEXT, offsetof(struct run_options, follow.tracker), "fcnt", 0, 0, NULL, "what follows it"},
    {0},
};

const struct argument settings_arguments[] = {
    {"-o", "--output", "run.output", NULL, "FILE", "annotated video at the source's size and rate; a picture for a picture"},
    {NULL, "--json", "run.json", NULL, "FILE", "a line of JSON a frame; - for standard output"},
    {NULL, "--tracks", "run.tracks", NULL, "FILE", "MOTChallenge text: frame,id,x,y,w,h,score,-1,-1,-1"},
    {NULL, "--window", "run.window", "yes", NULL, "show a window"},
    {NULL, "--no-window", "run.window", "no", NULL, "show none"},
    {"-g", "--gallery", "run.gallery", NULL, "FILE", "the people who are known"},
    {NULL, "--attributes", "run.attributes", "yes", NULL, "describe each face by 40 attributes"},
    {NULL, "--blur", "run.blur", NULL, "WHOM", "all, unknown or known: make those faces unrecognisable"},
    {NULL, "--start", "run.start", NULL, "X,Y,W,H", "follow what is in this box of the first frame, face or not"},
    {NULL, "--tracker", "run.tracker", NULL, "NAME", "how: fcnt (default), fcnt-paper, pixels, faces"},
    {NULL, "--threads", "run.threads", NULL, "N", "0: everything in one loop"},
    {0},
};

const struct option_group settings_groups[SETTINGS_GROUPS] = {
    {"run", "what a run reads and writes", run_option_table, NULL},
    {"capture", "where frames come from", capture_option_table, NULL},
    {"detect", "finding faces", detector_option_table, NULL},
    {"detect", "when and what", budget_detect_table, NULL},
    {"track", "following faces", tracker_option_table, NULL},
    {"describe", "which faces get an identity code, and how often", budget_describe_table, NULL},
    {"recognize", "codes and how they are compared", recognizer_option_table, NULL},
    {"attributes", "what faces are like (--attributes)", attributes_option_table, NULL},
    {"attributes", "which faces, and how often", budget_attributes_table, NULL},
    {"identify", "names from the gallery", identify_option_table, NULL},
    {"draw", "what is drawn", draw_option_table, NULL},
    {"blur", "hiding faces (--blur)", blur_option_table, NULL},
    {"video", "writing video", video_option_table, NULL},
    {"window", "the window", window_option_table, NULL},
};

void settings_bind(struct settings *s, struct option_group *groups)
{
    void *const values[SETTINGS_GROUPS] = {&s->run,      &s->capture,    &s->detector, &s->detect, &s->tracker, &s->describe,
                                           &s->recognizer, &s->attributes, &s->attributes_budget, &s->identify, &s->draw, &s->blur,
                                           &s->video,    &s->window};
    memset(s, 0, sizeof *s); /* fields that are no user's options as well */
    for (int i = 0; i < SETTINGS_GROUPS; i++) {
        groups[i] = settings_groups[i];
        groups[i].values = values[i];
    }
}

enum status settings_open_detector(struct detector **out, const struct settings *s)
{
    struct detector_options o = s->detector;
    o.closer &= s->detect.min_size < CLOSER_BELOW;
    return detector_open(out, &o);
}
