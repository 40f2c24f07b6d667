/* SPDX-License-Identifier: MIT
 * The sink that writes frame->source, as drawn on by the stages before it: a video for a video (size, rate and time
 * stamps of the source, sound copied), a picture for a picture. The ending of the path chooses container and codec. */
#ifndef FACETRAIL_PIPELINE_SINK_VIDEO_H
#define FACETRAIL_PIPELINE_SINK_VIDEO_H

#include <stdbool.h>

#include "pipeline/stage.h"

struct video_options {
    const char *path; /* a video; a picture; FOLDER/ or name-%d.png for several pictures. Not in the table: -o */
    int quality;      /* 1 to 51, smaller is better: x264's crf, scaled for the other encoders */
    int preset;       /* of x264: index into ultrafast superfast veryfast faster fast medium */
    int threads;      /* of the encoder */
    bool sound;
};
extern const struct option video_option_table[];
extern const struct stage_kind sink_video;

#endif
