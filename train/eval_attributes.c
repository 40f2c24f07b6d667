/* SPDX-License-Identifier: MIT
 * facetrail eval attributes --pack FACES.mkv [--split val] | --truth list_attr.txt --images DIR: how often each of 40
 * answers is right. Packs are cut at their tables' marks; of pictures the whole path is measured, and who is not found
 * is answered by what is usual. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "detector/detector.h"
#include "train/attributes_rows.h"
#include "train/attributes_score.h"
#include "train/eval.h"
#include "train/eval_words.h"
#include "train/scene_files.h"

enum { MOST = 64, MIN_FACES = 3 };

struct attributes_eval {
    const char *pack, *split, *cache, *truth, *images, *weights;
    int features, most, patches;
};

#define AT(field) offsetof(struct attributes_eval, field)
static const struct option table[] = {
    { "pack", OPTION_TEXT, AT(pack), "", 0, 0, NULL, "faces pack, FILE.mkv; several of one folder with commas between" },
    { "split", OPTION_TEXT, AT(split), "val", 0, 0, NULL, "part of the pack: train or val" },
    { "cache", OPTION_TEXT, AT(cache), "", 0, 0, NULL, "a file that keeps the decoded faces; empty: none" },
    { "truth", OPTION_TEXT, AT(truth), "", 0, 0, NULL, "CelebA's list: names of the attributes, then a line a picture" },
    { "images", OPTION_TEXT, AT(images), "", 0, 0, NULL, "its pictures" },
    { "patches", OPTION_INT, AT(patches), "1", 1, 8, NULL, "average over so many shifted patches along each axis" },
    { "weights", OPTION_TEXT, AT(weights), "", 0, 0, NULL, "the net, or that which makes codes; empty: the shipped one" },
    { "features", OPTION_CHOICE, AT(features), "net", 0, 0, "net hog codes",
      "hog, codes: not ANet but a linear SVM on these, learnt on the pack's train faces" },
    { "most", OPTION_INT, AT(most), "0", 0, 100000000, NULL, "with hog, codes: learn from so many faces; 0: all" },
    { 0 },
};
#undef AT

struct measuring {
    struct attributes_eval o;
    struct data *data;
    struct attributes *net;
    struct detector *detector;
    struct scene_table pictures;
    int *faces; /* of the pack */
    float *probabilities;
    uint64_t *truth;
    size_t n, missed;
    float rates[FACE_ATTRIBUTES];
};

static enum status make_room(struct measuring *m, size_t n)
{
    m->faces = memory_alloc(n + 1, sizeof *m->faces);
    m->probabilities = memory_alloc((n + 1) * FACE_ATTRIBUTES, sizeof *m->probabilities);
    m->truth = memory_alloc(n + 1, sizeof *m->truth);
    return m->faces && m->probabilities && m->truth ? OK : fail(NO_RESOURCE, "no memory for %zu faces", n);
}

static enum status open_anet(struct measuring *m)
{
    struct attributes_options o = { .weights = m->o.weights, .mirror = true, .patches = m->o.patches };
    enum status s = attributes_open(&m->net, &o);
    for (int k = 0; !s && k < FACE_ATTRIBUTES; k++)
        m->rates[k] = attributes_rate(m->net, k);
    return s;
}

static enum status measure_pack(struct measuring *m)
{
    char folder[1024], names[1024];
    bool train = !strcmp(m->o.split, "train");
    enum status s;
    if (!train && strcmp(m->o.split, "val") != 0)
        return fail(BAD_USAGE, "--split is train or val, not \"%s\"", m->o.split);
    if (!data_split_packs(m->o.pack, folder, names, sizeof folder))
        return fail(BAD_USAGE, "--pack wants FACES.mkv");
    int tested = train ? DATA_TRAIN : DATA_VAL, learnt = m->o.features == FEATURES_NET ? tested : DATA_TRAIN;
    struct data_options o = { .folder = folder, .packs = names, .cache = m->o.cache, .min_faces = MIN_FACES,
                              .splits = tested == learnt ? tested : 0 };
    if (m->o.cache[0])
        o.splits = 0; /* so that the caches of recipes fit */
    if ((s = data_open(&m->data, &o)) || (s = make_room(m, (size_t)data_count(m->data))))
        return s;
    for (int i = 0; i < data_count(m->data); i++) {
        const struct data_face *f = data_face(m->data, i);
        if (f->split != tested || !f->described)
            continue;
        m->truth[m->n] = f->attributes;
        m->faces[m->n++] = i;
    }
    if (!m->n)
        return fail(BAD_DATA, "%s: no face of split %s has attributes", m->o.pack, m->o.split);
    if (m->o.features != FEATURES_NET)
        return attributes_rows(m->data, (enum features)m->o.features, m->o.weights, m->o.most, m->faces, m->n,
                               m->probabilities, m->rates);
    if (!(s = open_anet(m)))
        attributes_tell(m->net, m->data, m->faces, m->n, m->probabilities);
    return s;
}

/* The largest face is meant. */
static enum status see_picture(void *context, struct scene *scene)
{
    struct measuring *m = context;
    struct face faces[MOST];
    int n = 0, best = -1;
    enum status s = detector_run(m->detector, scene->picture, 0, faces, MOST, &n);
    float *to = m->probabilities + m->n * FACE_ATTRIBUTES;
    for (int i = 0; i < n; i++)
        if ((faces[i].has & FACE_MARKED) && (best < 0 || faces[i].box.h > faces[best].box.h))
            best = i;
    memcpy(to, m->rates, sizeof m->rates);
    if (best >= 0) {
        attributes_describe(m->net, scene->picture, 1, faces, &best, 1);
        memcpy(to, faces[best].attributes, sizeof faces[best].attributes);
    } else {
        m->missed++;
    }
    m->truth[m->n++] = m->pictures.faces[scene->first].tags;
    if (progress_due())
        progress_show("%zu of %d pictures, %zu without a face", m->n, m->pictures.n_scenes, m->missed);
    return s;
}

static enum status measure_pictures(struct measuring *m)
{
    struct detector_options d;
    enum status s;
    option_defaults(detector_option_table, &d);
    if (m->o.features != FEATURES_NET)
        return fail(BAD_USAGE, "--features hog and codes want a faces pack to learn from");
    if ((s = scene_files_attributes(&m->pictures, m->o.truth)) || (s = make_room(m, (size_t)m->pictures.n_scenes)) ||
        (s = detector_open(&m->detector, &d)) || (s = open_anet(m)))
        return s;
    s = scene_files_each(&m->pictures, m->o.images, see_picture, m);
    progress_clear();
    return s;
}

static void report(const struct measuring *m)
{
    struct attributes_figures f;
    attributes_measure(&f, m->probabilities, m->rates, m->truth, m->n);
    printf("%-20s %8s %9s %9s\n", "attribute", "have it", "accuracy", "balanced");
    for (int k = 0; k < FACE_ATTRIBUTES; k++)
        printf("%-20s %8.4f %9.4f %9.4f\n", face_attribute_names[k], f.rate[k], f.accuracy[k], f.balanced[k]);
    printf("mean_accuracy=%.4f mean_balanced=%.4f attributes=%d images=%zu missed=%zu\n", f.mean_accuracy, f.mean_balanced,
           FACE_ATTRIBUTES, f.n, m->missed);
}

enum status eval_attributes(int n_words, char **words)
{
    struct arena *texts = arena_create();
    struct measuring *m = memory_alloc(1, sizeof *m);
    enum status s = m && texts ? OK : fail(NO_RESOURCE, "attributes: no memory");
    if (!s) {
        struct option_group group = { "attributes", "", table, &m->o };
        option_defaults(table, &m->o);
        s = eval_words(&group, 1, n_words, words, texts);
    }
    if (!s && !m->o.pack[0] == !(m->o.truth[0] && m->o.images[0]))
        s = fail(BAD_USAGE, "either --pack FACES.mkv, or --truth FILE and --images FOLDER");
    if (!s)
        s = m->o.pack[0] ? measure_pack(m) : measure_pictures(m);
    if (!s)
        report(m);
    if (m) {
        data_close(&m->data);
        attributes_close(&m->net);
        detector_close(&m->detector);
        scene_table_close(&m->pictures);
        memory_free(&m->faces);
        memory_free(&m->probabilities);
        memory_free(&m->truth);
    }
    memory_free(&m);
    arena_free(&texts);
    return s ? fail_in(s, "eval attributes") : OK;
}
