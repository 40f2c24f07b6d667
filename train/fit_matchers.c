/* SPDX-License-Identifier: MIT
 * After a net has been learnt: the codes of all faces, Joint Bayesian on the train people, calibration of every matcher
 * on the validation people; all of it goes into the net's own file. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/tensors.h"
#include "recognizer/cover.h"
#include "train/fit_encode.h"
#include "train/matrix.h"
#include "train/variances.h"

enum { SAME_A_FACE = 20, FACES_MOST = 6000, NOTES = 16, STRANGER_PAIRS = 100000 };
static const char *const matcher_names[] = {"joint-bayes", "cosine", "hamming", "bits-joint-bayes"};
enum { BITS_MATCHER = 3, MATCHERS = 4 };
/* Joint Bayesian of the codes and of their bits: mean, A, U, N. */
static const char *const array_names[] = {
    "joint_bayes.mean",      "joint_bayes.A",      "joint_bayes.U",      "joint_bayes.N",
    "joint_bayes_bits.mean", "joint_bayes_bits.A", "joint_bayes_bits.U", "joint_bayes_bits.N"};
enum { MODELS = 2, EACH = 4, ARRAYS = MODELS * EACH, MORE = 3 }; /* MORE: the power, the cover's weight and shift */
/* Of the codes' magnitudes, for Joint Bayesian: which of them is better is tried on the validation people. */
static const float powers[] = {1, 0.5f};
enum { POWERS = 2 };
/* Names are given by the codes: their equal error may be so much larger for strangers' sake. Bits are to come close to them. */
static const double trades[MODELS] = {0.1, 0.05};

struct coded { /* faces of one part */
    struct face *faces;  /* not of train people */
    float *codes, *bits; /* bits as 0 or 1 */
    int *person;         /* of strangers their group */
    size_t n;
};

struct fitting {
    const struct data *data;
    struct coded part[FIT_PARTS];
    int n_code;
    int first;     /* of the models: those before it stay as they are in the file */
    float *arrays; /* as array_names */
    struct variances variances[MODELS];
    float *cover;  /* its weight and shift */
    struct fit_calibration calibrations[MATCHERS];
    char codes[64], lines[MATCHERS][2][256], about[768], cover_about[128];
};

static enum status open_recognizer(struct recognizer **out, const char *path, int matcher)
{
    struct recognizer_options o = {.weights = path, .matcher = matcher, .false_match_rate = 1e-3F, .mirror = true, .half = true,
                                   .raw = true};
    return recognizer_open(out, &o);
}

bool fit_is_of(const struct data *d, int i, enum fit_part part)
{
    const struct data_face *f = data_face(d, i);
    int n;
    data_of_person(d, f->index, &n);
    return part == FIT_TRAIN ? f->split == DATA_TRAIN : f->split == DATA_VAL && (n == 1) == (part == FIT_STRANGERS);
}

static bool make_coded(struct coded *c, int n_code, enum fit_part part)
{
    size_t numbers = c->n * (size_t)n_code, faces = part == FIT_TRAIN ? 0 : c->n;
    c->codes = memory_alloc(numbers + 1, sizeof *c->codes);
    c->bits = memory_alloc(numbers + 1, sizeof *c->bits);
    c->faces = memory_alloc(faces + 1, sizeof *c->faces);
    c->person = memory_alloc(c->n + 1, sizeof *c->person);
    return c->codes && c->bits && c->faces && c->person;
}

static void free_coded(struct coded *c)
{
    memory_free(&c->faces);
    memory_free(&c->codes);
    memory_free(&c->bits);
    memory_free(&c->person);
}

static enum status make_room(struct fitting *f)
{
    bool room = true;
    for (int i = 0; i < data_count(f->data); i++)
        for (enum fit_part p = FIT_TRAIN; p < FIT_PARTS; p++)
            f->part[p].n += fit_is_of(f->data, i, p);
    if (f->part[FIT_TRAIN].n < 2 || f->part[FIT_VAL].n < 2)
        return fail(BAD_DATA, "matchers: %zu train and %zu validation faces", f->part[FIT_TRAIN].n, f->part[FIT_VAL].n);
    for (enum fit_part p = FIT_TRAIN; p < FIT_PARTS; p++)
        room = make_coded(&f->part[p], f->n_code, p) && room;
    return room ? OK : fail(NO_RESOURCE, "matchers: no memory for %zu codes", f->part[FIT_TRAIN].n + f->part[FIT_VAL].n);
}

/* of a train person, a validation person or a stranger, by what c holds room for */
static void keep(struct coded *c, enum fit_part part, size_t at, const struct face *face, const struct data_face *of)
{
    c->person[at] = part == FIT_STRANGERS ? of->set : of->person;
    if (part != FIT_TRAIN)
        c->faces[at] = *face;
    size_t n = (size_t)face->n_code;
    memcpy(c->codes + at * n, face->code, n * sizeof *face->code);
    for (size_t i = 0; i < n; i++)
        c->bits[at * n + i] = (float)(face->bits[i / 64] >> i % 64 & 1);
}

/* Faces of one part, a batch at a time; each worker has a net of its own. */
struct encoding {
    struct fitting *f;
    struct fit_encoder encoder;
    int *which; /* faces of the data */
    size_t n;
    enum fit_part into;
};

static void encode_batch(void *context, int batch, int worker)
{
    struct encoding *e = context;
    const struct data *d = e->f->data;
    struct face faces[FIT_BATCH];
    size_t first = (size_t)batch * FIT_BATCH;
    size_t n = e->n - first < FIT_BATCH ? e->n - first : FIT_BATCH;
    describe_faces(e->encoder.recognizers[worker], d, e->which + first, (int)n, faces);
    for (size_t i = 0; i < n; i++)
        keep(&e->f->part[e->into], e->into, first + i, &faces[i], data_face(d, e->which[first + i]));
}

static void encode(struct encoding *e, struct workers *w, enum fit_part into)
{
    e->into = into;
    e->n = 0;
    for (int i = 0; i < data_count(e->f->data); i++)
        if (fit_is_of(e->f->data, i, into))
            e->which[e->n++] = i;
    workers_run(w, (int)((e->n + FIT_BATCH - 1) / FIT_BATCH), encode_batch, e);
}

/* Fewer pairs of one group do not show one in 10,000. */
static void forget_few(struct coded *strangers)
{
    size_t pairs = 0;
    for (size_t i = 0; i < strangers->n; i++)
        for (size_t k = 0; k < i; k++)
            pairs += strangers->person[i] == strangers->person[k];
    if (pairs < STRANGER_PAIRS)
        strangers->n = 0;
}

static size_t model_size(const struct fitting *f)
{
    size_t d = (size_t)f->n_code;
    return d + (EACH - 1) * d * d;
}

static struct variances_codes numbers_of(const struct coded *c, int model)
{
    return (struct variances_codes){model ? c->bits : c->codes, c->person, c->n};
}

static size_t pairs_faces(const struct fitting *f) /* validation faces whose pairs are scored */
{
    return f->part[FIT_VAL].n < FACES_MOST ? f->part[FIT_VAL].n : FACES_MOST;
}

/* model 0: of the codes, under the power and with the covariances that are best for the validation people; 1: of bits,
 * which a power does not change. */
static enum status fit_joint(struct fitting *f, int model)
{
    size_t d = (size_t)f->n_code;
    float *to = f->arrays + (size_t)model * model_size(f);
    struct variances_people people = {numbers_of(&f->part[FIT_TRAIN], model), numbers_of(&f->part[FIT_VAL], model),
                                      numbers_of(&f->part[FIT_STRANGERS], model), trades[model]};
    struct joint_bayes j;
    people.val.n = pairs_faces(f);
    enum status s = variances_choose(&j, &f->variances[model], &people, f->n_code, powers, model ? 1 : POWERS, SAME_A_FACE);
    if (!s) {
        to = matrix_floats(to, j.mean, d);
        to = matrix_floats(to, j.form, d * d);
        to = matrix_floats(to, j.root, d * d);
        matrix_floats(to, j.length, d * d);
    }
    joint_bayes_free(&j);
    return s;
}

/* Arrays of the file that this fit writes anew. */
static bool is_fitted(const struct fitting *f, const char *name)
{
    if (f->first)
        return strncmp(name, "joint_bayes_bits.", 17) == 0;
    return strncmp(name, "joint_bayes", 11) == 0 || strncmp(name, "cover.", 6) == 0;
}

static int list_arrays(struct fitting *f, const struct tensors *file, struct tensors_array *out)
{
    int n = 0;
    for (int i = 0; i < tensors_count(file); i++)
        if (!is_fitted(f, tensors_at(file, i)->name))
            out[n++] = *tensors_at(file, i);
    size_t d = (size_t)f->n_code;
    float *at = f->arrays + (size_t)f->first * model_size(f);
    for (int k = f->first * EACH; k < ARRAYS; k++) {
        bool square = k % EACH;
        out[n] = (struct tensors_array){.name = array_names[k], .type = TENSORS_F32, .n_dims = square ? 2 : 1, .at = at};
        out[n].n = square ? d * d : d;
        out[n].dims[0] = out[n].dims[1] = (int64_t)d;
        at += out[n++].n;
    }
    if (f->first)
        return n;
    out[n++] = (struct tensors_array){.name = "joint_bayes.power", .type = TENSORS_F32, .n_dims = 1, .dims = {1}, .n = 1,
                                      .at = &f->variances[0].power};
    out[n++] = (struct tensors_array){.name = COVER_WEIGHT, .type = TENSORS_F32, .n_dims = 1, .dims = {(int64_t)d}, .n = d,
                                      .at = f->cover};
    out[n++] = (struct tensors_array){.name = COVER_SHIFT, .type = TENSORS_F32, .n_dims = 1, .dims = {1}, .n = 1,
                                      .at = f->cover + d};
    return n;
}

static int first_matcher(const struct fitting *f)
{
    return f->first ? BITS_MATCHER : 0;
}

static bool is_ours(const struct fitting *f, const char *key)
{
    for (int m = first_matcher(f); m < MATCHERS; m++)
        if (strncmp(key, matcher_names[m], strlen(matcher_names[m])) == 0)
            return true;
    return strcmp(key, "codes") == 0 || (!f->first && strcmp(key, "cover") == 0) || strcmp(key, "matchers") == 0 || strcmp(key, "xxh64") == 0;
}

static int list_notes(struct fitting *f, const struct tensors *file, bool calibrated, struct tensors_note *out,
                      char keys[][64])
{
    const struct tensors_note *notes;
    int n = 0;
    int given = tensors_notes(file, &notes);
    for (int i = 0; i < given; i++)
        if (!is_ours(f, notes[i].key))
            out[n++] = notes[i];
    out[n++] = (struct tensors_note){"codes", f->codes};
    out[n++] = (struct tensors_note){"matchers", f->about};
    if (!f->first)
        out[n++] = (struct tensors_note){"cover", f->cover_about};
    for (int m = first_matcher(f); calibrated && m < MATCHERS; m++) {
        snprintf(keys[2 * m], sizeof keys[0], "%s.logistic", matcher_names[m]);
        snprintf(keys[2 * m + 1], sizeof keys[0], "%s.tail", matcher_names[m]);
        out[n++] = (struct tensors_note){keys[2 * m], f->lines[m][0]};
        out[n++] = (struct tensors_note){keys[2 * m + 1], f->lines[m][1]};
    }
    return n;
}

/* The file again, with what has been fitted so far. The old one is still mapped while the new one is written. */
static enum status rewrite(struct fitting *f, const char *path, bool calibrated)
{
    struct tensors *file = NULL;
    const struct tensors_note *given;
    char keys[2 * MATCHERS][64];
    enum status s = tensors_open(&file, path);
    if (s)
        return s;
    const char *codes = tensors_note(file, "codes"); /* what galleries know these codes by: the net before any fit */
    if (codes)
        snprintf(f->codes, sizeof f->codes, "%s", codes);
    else
        snprintf(f->codes, sizeof f->codes, "%016" PRIx64, tensors_checksum(file));
    struct arena *a = arena_create();
    struct tensors_array *arrays = arena_alloc(a, (size_t)tensors_count(file) + ARRAYS + MORE, sizeof *arrays);
    struct tensors_note *notes = arena_alloc(a, (size_t)tensors_notes(file, &given) + NOTES, sizeof *notes);
    if (!arrays || !notes) {
        s = fail(NO_RESOURCE, "%s: no memory", path);
    } else {
        int n = list_arrays(f, file, arrays);
        int n_notes = list_notes(f, file, calibrated, notes, keys);
        s = tensors_write(path, arrays, n, notes, n_notes);
    }
    arena_free(&a);
    tensors_close(&file);
    return s;
}

static void write_lines(struct fitting *f, int m)
{
    const struct fit_calibration *c = &f->calibrations[m];
    snprintf(f->lines[m][0], sizeof f->lines[m][0], "%.9g %.9g", c->factor, c->shift);
    int n = 0;
    for (int i = 0; i < FIT_TAIL; i++)
        n += snprintf(f->lines[m][1] + n, sizeof f->lines[m][1] - (size_t)n, i ? " %.9g" : "%.9g", c->tail[i]);
}

static enum status calibrate(struct fitting *f, const char *path, int m)
{
    struct recognizer *r = NULL;
    struct fit_calibration *c = &f->calibrations[m];
    const struct coded *val = &f->part[FIT_VAL], *strangers = &f->part[FIT_STRANGERS];
    enum status s = open_recognizer(&r, path, m);
    if (!s)
        s = fit_scores_calibrate(c, r, (struct fit_faces){val->faces, val->person, pairs_faces(f)},
                                 (struct fit_faces){strangers->faces, strangers->person, strangers->n}, SAME_A_FACE);
    if (!s) {
        write_lines(f, m);
        log_say(LOG_INFO, NULL, "%s: eer=%.4f tar_far1e-2=%.4f tar_far1e-3=%.4f tar_far1e-4=%.4f", matcher_names[m], c->eer,
                c->taken[1], c->taken[2], c->taken[3]);
    }
    recognizer_close(&r);
    return s;
}

static enum status encode_all(struct fitting *f, const char *path)
{
    struct encoding e = {.f = f};
    struct workers *w = NULL;
    int n = e.encoder.n = workers_processors() < FIT_ENCODERS ? workers_processors() : FIT_ENCODERS;
    enum status s = workers_create(&w, n);
    for (int i = 0; !s && i < n; i++)
        s = open_recognizer(&e.encoder.recognizers[i], path, MATCH_NONE);
    if (!s) {
        f->n_code = e.encoder.n_code = recognizer_code_size(e.encoder.recognizers[0]);
        e.which = memory_alloc((size_t)data_count(f->data) + 1, sizeof *e.which);
        s = e.which ? make_room(f) : fail(NO_RESOURCE, "matchers: no memory");
    }
    if (!s) {
        for (enum fit_part p = FIT_TRAIN; p < FIT_PARTS; p++)
            encode(&e, w, p);
        forget_few(&f->part[FIT_STRANGERS]);
    }
    if (!s && !f->first) {
        f->cover = memory_alloc((size_t)f->n_code + 1, sizeof *f->cover);
        s = f->cover ? fit_cover(f->cover, &e.encoder, w, f->data, f->cover_about, sizeof f->cover_about)
                     : fail(NO_RESOURCE, "matchers: no memory");
    }
    memory_free(&e.which);
    for (int i = 0; i < n; i++)
        recognizer_close(&e.encoder.recognizers[i]);
    workers_free(&w);
    return s;
}

static enum status describe(struct fitting *f, const char *path)
{
    const struct variances *v = f->variances;
    const size_t learnt = f->part[FIT_TRAIN].n, strangers = f->part[FIT_STRANGERS].n;
    struct tensors *file = NULL;
    enum status s = f->first ? tensors_open(&file, path) : OK;
    if (s)
        return s;
    const char *before = file ? tensors_note(file, "matchers") : NULL;
    if (f->first)
        snprintf(f->about, sizeof f->about, "%.512s; then that of bits on %zu train faces: 1, %g, %g, %g; %zu strangers",
                 before ? before : "no matchers", learnt, v[1].steep, v[1].within, v[1].shared, strangers);
    else
        snprintf(f->about, sizeof f->about, "Joint Bayesian on %zu train faces (magnitudes to the power %g, S_mu to %g, S_eps "
                 "with %g of its mean variance and %g of what groups share more; of bits 1, %g, %g, %g); calibrated on all pairs of "
                 "%zu validation faces, thresholds on pairs of one group of %zu strangers",
                 learnt, (double)v[0].power, v[0].steep, v[0].within, v[0].shared, v[1].steep, v[1].within, v[1].shared,
                 f->part[FIT_VAL].n, strangers);
    log_say(LOG_INFO, NULL, "%s: %s", path, f->about);
    tensors_close(&file);
    return OK;
}

enum status fit_matchers(const char *path, const struct data *d, bool bits_alone)
{
    struct fitting f = {.data = d, .first = bits_alone};
    log_say(LOG_INFO, NULL, "%s: codes of %d faces", path, data_count(d));
    enum status s = encode_all(&f, path);
    if (!s && !(f.arrays = memory_alloc(MODELS * model_size(&f), sizeof *f.arrays)))
        s = fail(NO_RESOURCE, "matchers: no memory");
    for (int model = f.first; !s && model < MODELS; model++)
        s = fit_joint(&f, model);
    if (!s)
        s = describe(&f, path);
    if (!s)
        s = rewrite(&f, path, false);
    for (int m = first_matcher(&f); !s && m < MATCHERS; m++)
        s = calibrate(&f, path, m);
    if (!s)
        s = rewrite(&f, path, true);
    memory_free(&f.arrays);
    memory_free(&f.cover);
    for (enum fit_part p = FIT_TRAIN; p < FIT_PARTS; p++)
        free_coded(&f.part[p]);
    return s;
}
