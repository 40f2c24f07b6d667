/* SPDX-License-Identifier: MIT
 * Decodes the faces packs into canonical crops, a thread a pack at a time; keeps them in a cache file. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/workers.h"
#include "capture/capture.h"
#include "recognizer/recognizer.h"
#include "train/data_internal.h"

enum { MESSAGE = 512, DECODERS = 2 };
struct decoding {
    struct data *d;
    atomic_bool stop;
    enum status status[DATA_PACKS];
    char message[DATA_PACKS][MESSAGE];
};

/* Stored crop coordinates -> pack pixels. */
static struct warp stored_to_pack(const struct point *marks)
{
    return warp_chain(align_warp(marks), warp_inverse(data_warp()));
}

static enum status cut_faces(struct decoding *g, int pack, struct capture *c, struct frame *f)
{
    struct data *d = g->d;
    int i = 0;
    while (i < d->n && d->faces[i].pack < pack)
        i++;
    enum status s = OK;
    int64_t row = 0;
    for (; i < d->n && d->faces[i].pack == pack && !(s = capture_read(c, f)); row++) {
        if (d->faces[i].frame != row)
            continue;
        image_warp(data_image(d, i), f->source, stored_to_pack(d->faces[i].marks));
        i++;
    }
    if (s == END)
        return fail(BAD_DATA, "%s: ends after %lld pictures, its table wants picture %d", d->packs[pack],
                    (long long)row, d->faces[i].frame);
    return s;
}

/* NAME.mkv, or a folder NAME of pictures in natural order. */
static void pack_path(char *out, size_t size, const struct data *d, int pack)
{
    snprintf(out, size, "%s/%s.mkv", d->folder, d->packs[pack]);
    if (!file_exists(out))
        snprintf(out, size, "%s/%s", d->folder, d->packs[pack]);
}

static enum status decode_pack(struct decoding *g, int pack)
{
    char path[1024];
    pack_path(path, sizeof path, g->d, pack);
    struct capture_options o;
    option_defaults(capture_option_table, &o);
    o.width = o.height = o.picture_width = 0;
    struct capture *c = NULL;
    struct frame_pool *pool = NULL;
    enum status s;
    if (!(s = frame_pool_create(&pool, 1, 1)) && !(s = capture_open(&c, path, &o, &g->stop))) {
        struct frame *f = frame_get(pool);
        s = cut_faces(g, pack, c, f);
        frame_put(pool, f);
    }
    capture_close(&c);
    frame_pool_free(&pool);
    return s;
}

static void decode_body(void *context, int i, int worker)
{
    (void)worker;
    struct decoding *g = context;
    g->status[i] = decode_pack(g, i);
    if (g->status[i])
        fail_copy(g->message[i], MESSAGE);
}

static enum status decode(struct data *d)
{
    if (!(d->owned = memory_alloc((size_t)d->n, DATA_BYTES)))
        return fail(NO_RESOURCE, "no memory for %d faces", d->n);
    d->pixels = d->owned;
    struct decoding g = { .d = d };
    struct workers *w = NULL;
    enum status s = workers_create(&w, d->n_packs < DECODERS ? d->n_packs : DECODERS);
    if (s)
        return s;
    workers_run(w, d->n_packs, decode_body, &g);
    workers_free(&w);
    for (int i = 0; i < d->n_packs; i++)
        if (g.status[i])
            return fail(g.status[i], "%s", g.message[i]);
    return OK;
}

/* Which faces, from which state of the packs, cut how. */
static void cache_key(char *out, size_t size, const struct data *d, const struct data_options *o)
{
    size_t n = (size_t)snprintf(out, size, "%dx%d %.3f splits %d min %d limit %d n %d", DATA_W, DATA_H,
                                (double)DATA_ZOOM, o->splits, o->min_faces, o->limit, d->n);
    for (int m = 0; m < FACE_MARKS; m++)
        n += (size_t)snprintf(out + n, size - n, " %.2f,%.2f", (double)align_canonical[m].x,
                              (double)align_canonical[m].y);
    for (int i = 0; i < d->n_packs && n < size; i++) {
        char path[1024];
        struct stat st = { 0 };
        pack_path(path, sizeof path, d, i);
        stat(path, &st);
        n += (size_t)snprintf(out + n, size - n, " %s:%lld", d->packs[i], (long long)st.st_size);
    }
}

/* END: there is no such file yet. Another selection's crops are somebody's hours of decoding: never written over. */
static enum status read_cache(struct data *d, const char *path, const char *key)
{
    enum { SHOWN = 64 };
    if (!file_exists(path))
        return END;
    enum status s = tensors_open(&d->cache, path);
    if (s)
        return s;
    const struct tensors_array *a = tensors_find(d->cache, "crops");
    const char *have = tensors_note(d->cache, "key");
    if (!a || !have)
        s = fail(BAD_MATCH, "%s is no cache of decoded faces", path);
    else if (strcmp(have, key) != 0 || a->n != (size_t)d->n * DATA_BYTES)
        s = fail(BAD_MATCH, "%s keeps another selection of faces (\"%.*s\"; \"%.*s\" is wanted): "
                 "name another data.cache or remove it", path, SHOWN, have, SHOWN, key);
    else
        d->pixels = a->at;
    return s;
}

enum status data_read_pixels(struct data *d, const struct data_options *o)
{
    char key[1024];
    cache_key(key, sizeof key, d, o);
    bool cached = o->cache && o->cache[0];
    enum status s = cached ? read_cache(d, o->cache, key) : END;
    if (s != END)
        return s;
    if ((s = decode(d)) || !cached)
        return s;
    struct tensors_array a = { .name = "crops", .type = TENSORS_I8, .n_dims = 4,
                               .dims = { d->n, DATA_H, DATA_W, IMAGE_PIXEL },
                               .n = (size_t)d->n * DATA_BYTES, .at = d->pixels };
    struct tensors_note note = { "key", key };
    if (file_make_folders_above(o->cache) || tensors_write(o->cache, &a, 1, &note, 1))
        log_say(LOG_WARN, "data", "no cache: %s", fail_message());
    return OK;
}
