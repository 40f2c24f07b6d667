/* SPDX-License-Identifier: MIT
 * Pictures are kept until there is one for each worker; then all are looked at, and told of in order. */
#include "train/finds.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/workers.h"
#include "detector/detector.h"

struct look { /* of one worker, at one picture */
    struct detector *detector;
    struct scene *scene;
    struct image picture;
    size_t room; /* bytes of its pixels */
    struct face faces[FINDS_MOST];
    int n;
    enum status status;
};

struct finds {
    struct finds_options options;
    struct look *looks;
    int n_looks;
};

struct walk { /* through one pack */
    struct finds *finds;
    struct scene_table table;
    const char *name;
    finds_see see;
    void *context;
    int kept, seen;
};

enum status finds_open(struct finds **out, const struct finds_options *o)
{
    struct detector_options looks;
    struct finds *f = memory_alloc(1, sizeof *f);
    enum status s = OK;
    *out = f;
    if (!f) {
        return fail(NO_RESOURCE, "%s: no memory", o->folder);
    }
    f->options = *o;
    f->n_looks = workers_count(o->workers);
    f->looks = memory_alloc((size_t) f->n_looks, sizeof *f->looks);
    option_defaults(detector_option_table, &looks);
    looks.weights = o->detector;
    looks.marks = looks.verdict = "none";
    looks.closer = o->closer;
    looks.score = o->score;
    if (!f->looks) {
        return fail(NO_RESOURCE, "%s: no memory for %d workers", o->folder, f->n_looks);
    }
    for (int i = 0; i < f->n_looks && !s; i++) {
        s = detector_open(&f->looks[i].detector, &looks);
    }
    return s;
}

void finds_close(struct finds **f)
{
    if (*f) {
        for (int i = 0; (*f)->looks && i < (*f)->n_looks; i++) {
            detector_close(&(*f)->looks[i].detector);
            memory_free(&(*f)->looks[i].picture.pixels);
        }
        memory_free(&(*f)->looks);
    }
    memory_free(f);
}

static void look_part(void *context, int part, int worker)
{
    const struct finds *f = context;
    struct look *l = &f->looks[part];
    (void) worker;
    l->status = detector_run(l->detector, l->picture, f->options.least_height, l->faces, FINDS_MOST, &l->n);
}

static enum status look_at_kept(struct walk *w)
{
    enum status s = OK;
    workers_run(w->finds->options.workers, w->kept, look_part, w->finds);
    for (int i = 0; i < w->kept && !s; i++) {
        struct look *l = &w->finds->looks[i];
        const struct image own = l->scene->picture;
        l->scene->picture = l->picture;
        s = l->status ? l->status : w->see(w->context, &w->table, l->scene, l->faces, l->n);
        l->scene->picture = own;
    }
    w->kept = 0;
    return s;
}

static enum status keep(void *context, struct scene *scene)
{
    struct walk *w = context;
    struct look *l = &w->finds->looks[w->kept++];
    const struct image from = scene->picture;
    progress_show("%s %d of %d", w->name, ++w->seen, w->table.n_scenes);
    enum status s = memory_grow(&l->picture.pixels, &l->room, (size_t) from.w * (size_t) from.h * IMAGE_PIXEL, 1);
    if (s) {
        return s;
    }
    l->scene = scene;
    l->picture = (struct image){ l->picture.pixels, from.w, from.h, from.w * IMAGE_PIXEL };
    image_copy(l->picture, from);
    s = detector_plan(l->detector, from.w, from.h); /* not by the workers: a failure's words are those of a thread */
    return s || w->kept < w->finds->n_looks ? s : look_at_kept(w);
}

enum status finds_each(struct finds *f, const char *name, bool held_out, finds_see see, void *context)
{
    char tsv[1024];
    char mkv[1024];
    struct walk w = { .finds = f, .name = name, .see = see, .context = context };
    snprintf(tsv, sizeof tsv, "%s/%s.tsv", f->options.folder, name);
    snprintf(mkv, sizeof mkv, "%s/%s.mkv", f->options.folder, name);
    enum status s = scene_table_open(&w.table, tsv, "train");
    if (s) {
        return s;
    }
    if (held_out && f->options.held_out > 0) {
        scene_table_hold_out(&w.table, f->options.held_out, false);
    }
    s = scene_each(&w.table, mkv, keep, &w);
    s = s ? s : look_at_kept(&w);
    progress_clear();
    scene_table_close(&w.table);
    return s;
}
