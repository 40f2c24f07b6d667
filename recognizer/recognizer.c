/* SPDX-License-Identifier: MIT
 * The recognizer: net, matcher and calibration from one weights file; codes are compared here, made in embed.c. */
#include "recognizer/recognizer.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "nets/net.h"
#include "recognizer/embed.h"
#include "recognizer/internal.h"

const struct option recognizer_option_table[] = {
    {"weights", OPTION_TEXT, offsetof(struct recognizer_options, weights), "", 0, 0, NULL,
     "weights of the net that describes faces; empty: the shipped ones"},
    {"matcher", OPTION_CHOICE, offsetof(struct recognizer_options, matcher), "joint-bayes", 0, 0,
     "joint-bayes cosine hamming bits-joint-bayes", "how two codes are compared"},
    {"false_match_rate", OPTION_FLOAT, offsetof(struct recognizer_options, false_match_rate), "1e-3", 1e-9, 0.5, NULL,
     "how often a stranger of the same sex and origin may be given a name"},
    {"mirror", OPTION_BOOL, offsetof(struct recognizer_options, mirror), "yes", 0, 0, NULL,
     "average the codes of a face and its mirror image"},
    {"half", OPTION_BOOL, offsetof(struct recognizer_options, half), "yes", 0, 0, NULL,
     "multiply with bfloat16 on processors that are faster so; sums stay floats"},
    {0},
};

struct recognizer {
    struct arena *arena;
    float false_match_rate;
    struct net *net;
    struct embed *embed;
    struct tensors *file; /* what the matcher needs stays mapped */
    const struct matcher *matcher;
    struct matcher_state state;
    struct calibration calibration;
    char codes[96];
};

/* The weights' own checksum changes when only a matcher is fitted again; the note `codes` does not. */
static void name_codes(struct recognizer *r)
{
    const char *made = net_note(r->net, "codes");
    if (made)
        snprintf(r->codes, sizeof r->codes, "%s %s", net_model(r->net)->name, made);
    else
        snprintf(r->codes, sizeof r->codes, "%s %016" PRIx64, net_model(r->net)->name, net_checksum(r->net));
}

static enum status load_matcher(struct recognizer *r, const char *path, const struct recognizer_options *o)
{
    r->state.kernels = kernels_best();
    r->state.n_code = embed_size(r->embed);
    r->matcher = matcher_at(o->matcher);
    r->calibration = (struct calibration){.factor = 1};
    if (!r->matcher)
        return OK;
    enum status s = tensors_open(&r->file, path);
    if (!s && r->matcher->load)
        s = r->matcher->load(&r->state, r->file, path);
    if (!s && !o->raw)
        s = calibration_load(&r->calibration, r->file, path, r->matcher->name);
    if (!s && !o->raw && !r->calibration.known)
        log_say(LOG_WARN, NULL, "%s: no calibration for %s: scores are raw, every face may get a name", path,
                r->matcher->name);
    return s;
}

enum status recognizer_open(struct recognizer **out, const struct recognizer_options *o)
{
    char path[4096];
    enum status s = OK;
    struct arena *a = arena_create();
    struct recognizer *r = arena_alloc(a, 1, sizeof *r);
    *out = NULL;
    if (!r) {
        arena_free(&a);
        return fail(NO_RESOURCE, "recognizer: no memory");
    }
    r->arena = a;
    r->false_match_rate = o->false_match_rate;
    if (o->weights && *o->weights)
        snprintf(path, sizeof path, "%s", o->weights);
    else
        s = file_find_weights(path, sizeof path, "deepid2plus");
    if (s || (s = arena_seal(a)) || (s = net_load(&r->net, path, NULL)) ||
        (s = embed_open(&r->embed, r->net, path, o->mirror, o->half)) || (s = load_matcher(r, path, o))) {
        recognizer_close(&r);
        return fail_in(s, "recognizer");
    }
    name_codes(r);
    *out = r;
    return OK;
}

void recognizer_close(struct recognizer **r)
{
    if (!*r)
        return;
    embed_close(&(*r)->embed);
    net_free(&(*r)->net);
    tensors_close(&(*r)->file);
    struct arena *a = (*r)->arena;
    arena_free(&a);
    *r = NULL;
}

const struct net *recognizer_net(const struct recognizer *r)
{
    return r->net;
}

int recognizer_code_size(const struct recognizer *r)
{
    return embed_size(r->embed);
}

const char *recognizer_codes(const struct recognizer *r)
{
    return r->codes;
}

const char *recognizer_matcher(const struct recognizer *r)
{
    return r->matcher ? r->matcher->name : "none";
}

void recognizer_describe(struct recognizer *r, struct image im, float scale, struct face *faces, const int *which,
                         int n)
{
    embed_faces(r->embed, im, scale, faces, which, n);
}

void recognizer_describe_crops(struct recognizer *r, const struct recognizer_crop *crops, struct face *faces, int n)
{
    embed_crops(r->embed, crops, faces, n);
}

int recognizer_row(const struct recognizer *r)
{
    return r->matcher ? r->matcher->row(r->state.n_code) : 0;
}

void recognizer_prepare(const struct recognizer *r, const struct face *face, float *row)
{
    if (r->matcher)
        r->matcher->prepare(&r->state, face, row);
}

float recognizer_compare(const struct recognizer *r, const float *a, const float *b)
{
    if (!r->matcher)
        return 0;
    return r->calibration.factor * r->matcher->compare(&r->state, a, b) + r->calibration.shift;
}

float recognizer_score(const struct recognizer *r, const struct face *a, const struct face *b)
{
    _Alignas(64) float x[RECOGNIZER_ROW];
    _Alignas(64) float y[RECOGNIZER_ROW];
    recognizer_prepare(r, a, x);
    recognizer_prepare(r, b, y);
    return recognizer_compare(r, x, y);
}

/* Each comparison is one more chance for a stranger to be taken for somebody. */
float recognizer_threshold(const struct recognizer *r, int n_comparisons)
{
    int n = n_comparisons > 1 ? n_comparisons : 1;
    return calibration_threshold(&r->calibration, (double)r->false_match_rate / n);
}

double recognizer_false_match_rate(const struct recognizer *r, float score)
{
    return calibration_rate(&r->calibration, score);
}
