/* SPDX-License-Identifier: MIT
 * Thumbnails of an old gallery, looked at as if they were pictures. */
#include "pipeline/renew.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

enum { PATH_ROOM = 4096 };

struct renewing {
    struct gallery *from, *to;
    struct look *look;
    char folder[PATH_ROOM], picture[PATH_ROOM + 16];
    int samples;
};

static enum status renew_one(void *context, const struct gallery_kept *kept)
{
    struct renewing *r = context;
    struct looked_list list = {0};
    const struct face *face = NULL;
    enum status s = file_write_bytes(r->picture, kept->thumbnail.png, kept->thumbnail.size);
    if (s)
        return s;
    s = look_best(r->look, r->picture, &list, &face);
    if (s == BAD_DATA) {
        log_say(LOG_WARN, NULL, "%s: the thumbnail of sample %" PRId64 " shows no face; it is left out", kept->name, kept->id);
        s = OK;
    } else if (!s) {
        s = gallery_enroll(r->to, kept->name, face, kept->thumbnail, kept->source);
        r->samples += !s;
    }
    looked_free(&list);
    return s;
}

static enum status make_folder(struct renewing *r)
{
    const char *above = getenv("TMPDIR");
    snprintf(r->folder, sizeof r->folder, "%s/facetrail-XXXXXX", above && *above ? above : "/tmp");
    if (!mkdtemp(r->folder)) /* readable for its owner only */
        return fail(NO_RESOURCE, "%s: %s", r->folder, strerror(errno));
    snprintf(r->picture, sizeof r->picture, "%s/face.png", r->folder);
    return OK;
}

static enum status renew_all(struct renewing *r)
{
    enum status s = gallery_begin(r->to);
    if (s)
        return s;
    if ((s = gallery_thumbnails(r->from, renew_one, r))) {
        gallery_rollback(r->to);
        return s;
    }
    return gallery_commit(r->to);
}

enum status renew(struct renewed *out, struct gallery *from, const char *path, struct look *look)
{
    struct renewing r = {.from = from, .look = look};
    *out = (struct renewed){0};
    if (file_exists(path))
        return fail(BAD_USAGE, "%s is there already: the new gallery wants a name of its own", path);
    enum status s = make_folder(&r);
    if (s)
        return s;
    if (!(s = gallery_open(&r.to, path, GALLERY_CREATE, recognizer_codes(look_recognizer(look)))))
        s = renew_all(&r);
    if (!s)
        *out = (struct renewed){r.samples, gallery_people(r.to), gallery_samples(from) - r.samples};
    bool made = r.to;
    gallery_close(&r.to);
    if (s && made) /* nothing half done is left */
        unlink(path);
    unlink(r.picture);
    rmdir(r.folder);
    return s;
}
