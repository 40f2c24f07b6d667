/* SPDX-License-Identifier: MIT
 * Joint Bayesian (papers.md section 10) in its fast form: G = -U'U, y = U x, c = x'Ax, score = c1 + c2 + 2 y1'y2.
 * The parameters are fitted by train/fit_joint_bayes.c and lie in the weights file. The same on codes of one bit a neuron
 * (DeepID2+, section 6), with parameters of their own. Where the file holds N, x is first brought to the length that a code
 * has by the model itself, |N x|^2 = d, which tells people whom the net never saw apart better (docs/results.md). */
#include <math.h>
#include <stdio.h>

#include "recognizer/internal.h"

static int row(int n_code)
{
    return n_code + 1;
}

static enum status find(const float **out, const struct tensors *file, const char *path, const char *of, const char *part,
                        int n_dims, int n)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%s", of, part);
    const struct tensors_array *a = tensors_find(file, name);
    if (!a)
        return fail(BAD_MATCH, "%s: no array %s: train it with matchers, or choose --recognize.matcher cosine", path,
                    name);
    bool fits = a->type == TENSORS_F32 && a->n_dims == n_dims;
    for (int d = 0; fits && d < n_dims; d++)
        fits = a->dims[d] == n;
    if (!fits)
        return fail(BAD_MATCH, "%s: %s does not have the size of the code, %d%s", path, name, n,
                    n_dims == 2 ? " squared" : "");
    *out = a->at;
    return OK;
}

static enum status load_model(struct matcher_state *state, const struct tensors *file, const char *path, const char *of)
{
    char name[64];
    enum status s = find(&state->mean, file, path, of, "mean", 1, state->n_code);
    if (!s)
        s = find(&state->form, file, path, of, "A", 2, state->n_code);
    if (!s)
        s = find(&state->root, file, path, of, "U", 2, state->n_code);
    snprintf(name, sizeof name, "%s.N", of);
    state->length = NULL;
    if (!s && tensors_find(file, name))
        s = find(&state->length, file, path, of, "N", 2, state->n_code);
    return s;
}

static enum status load(struct matcher_state *state, const struct tensors *file, const char *path)
{
    const struct tensors_array *power = tensors_find(file, "joint_bayes.power");
    state->power = power && power->type == TENSORS_F32 && power->n == 1 ? *(const float *)power->at : 1;
    return load_model(state, file, path, "joint_bayes");
}

static enum status load_bits(struct matcher_state *state, const struct tensors *file, const char *path)
{
    return load_model(state, file, path, "joint_bayes_bits");
}

float joint_bayes_number(float x, float power)
{
    return power == 1 ? x : power == 0.5f ? copysignf(sqrtf(fabsf(x)), x) : copysignf(powf(fabsf(x), power), x);
}

static void set_length(const struct matcher_state *state, float *x)
{
    size_t n = (size_t)state->n_code;
    float sum = 0;
    for (size_t i = 0; i < n; i++) {
        float part = state->kernels->dot(state->length + i * n, x, n);
        sum += part * part;
    }
    float by = sum > 0 ? sqrtf((float)n / sum) : 0;
    for (size_t i = 0; i < n; i++)
        x[i] *= by;
}

/* x: the code less its mean; its length is changed */
static void fill_row(const struct matcher_state *state, float *x, float *out)
{
    size_t n = (size_t)state->n_code;
    float c = 0;
    if (state->length)
        set_length(state, x);
    for (size_t i = 0; i < n; i++) {
        c += x[i] * state->kernels->dot(state->form + i * n, x, n);
        out[i] = state->kernels->dot(state->root + i * n, x, n);
    }
    out[n] = c;
}

static void prepare(const struct matcher_state *state, const struct face *face, float *out)
{
    _Alignas(64) float x[FACE_CODE];
    for (int i = 0; i < state->n_code; i++)
        x[i] = joint_bayes_number(face->code[i], state->power) - state->mean[i];
    fill_row(state, x, out);
}

static void prepare_bits(const struct matcher_state *state, const struct face *face, float *out)
{
    _Alignas(64) float x[FACE_CODE];
    for (int i = 0; i < state->n_code; i++)
        x[i] = (float)(face->bits[i / 64] >> i % 64 & 1) - state->mean[i];
    fill_row(state, x, out);
}

static float compare(const struct matcher_state *state, const float *a, const float *b)
{
    size_t n = (size_t)state->n_code;
    return a[n] + b[n] + 2 * state->kernels->dot(a, b, n);
}

const struct matcher matcher_joint_bayes = {
    .name = "joint-bayes",
    .about = "Joint Bayesian: how much likelier are the two codes when they are of one person",
    .row = row,
    .load = load,
    .prepare = prepare,
    .compare = compare,
};

const struct matcher matcher_joint_bayes_bits = {
    .name = "bits-joint-bayes",
    .about = "Joint Bayesian on the codes' bits",
    .row = row,
    .load = load_bits,
    .prepare = prepare_bits,
    .compare = compare,
};
