/* SPDX-License-Identifier: MIT
 * MOTChallenge text: frame,id,x,y,w,h,score,-1,-1,-1; frames from 1. The same faces as in the JSON lines. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "pipeline/sinks.h"

struct tracks_sink {
    struct file_write file;
    bool open;
};

static enum status tracks_open(void *state, const struct run_context *context, const void *options)
{
    struct tracks_sink *t = state;
    (void)context;
    enum status s = file_create(&t->file, ((const struct text_output *)options)->path);
    t->open = s == OK;
    return s;
}

static enum status tracks_run(void *state, struct frame *f)
{
    struct tracks_sink *t = state;
    for (int i = 0; i < f->n_faces; i++) {
        const struct face *face = &f->faces[i];
        if (!face_is_reported(face))
            continue;
        struct box b = box_scale(face->box, f->to_source);
        if (fprintf(t->file.to, "%lld,%d,%.2f,%.2f,%.2f,%.2f,%.4f,-1,-1,-1\n", (long long)f->number + 1, face->track,
                    (double)b.x, (double)b.y, (double)b.w, (double)b.h, (double)face->score) < 0)
            return fail(NO_RESOURCE, "%s: %s", t->file.path, strerror(errno));
    }
    return OK;
}

static enum status tracks_finish(void *state)
{
    struct tracks_sink *t = state;
    t->open = false;
    return file_commit(&t->file);
}

static void tracks_close(void *state)
{
    struct tracks_sink *t = state;
    if (t->open)
        file_abandon(&t->file);
}

const struct stage_kind sink_tracks = {
    .name = "tracks", .about = "MOTChallenge text", .state_size = sizeof(struct tracks_sink), .open = tracks_open,
    .run = tracks_run, .finish = tracks_finish, .close = tracks_close,
};
