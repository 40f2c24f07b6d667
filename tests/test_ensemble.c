/* SPDX-License-Identifier: MIT
 * The ensemble: components of known codes, greedy selection among noise, an SVM that separates, and the whole of it on
 * painted faces, from nets to a verdict. */
#include <math.h>

#include "tests/kit.h"
#include "tests/kit_pack.h"

#include "base/log.h"
#include "base/memory.h"
#include "nets/models/models.h"
#include "train/loop.h"
#include "train/matrix.h"
#include "train/pca.h"
#include "train/select.h"
#include "train/verification_ensemble.h"

static void test_eigen(void **state)
{
    (void)state;
    double a[9] = { 2, 1, 0, 1, 2, 0, 0, 0, 5 }, values[3], vectors[9];
    matrix_eigen(values, vectors, a, 3);
    assert_near(values[0], 5, 1e-12);
    assert_near(values[1], 3, 1e-12);
    assert_near(values[2], 1, 1e-12);
    assert_near(fabs(vectors[2]), 1, 1e-12);
    assert_near(vectors[3] - vectors[4], 0, 1e-12);
    assert_near(vectors[6] + vectors[7], 0, 1e-12);
    assert_near(fabs(vectors[3]), sqrt(0.5), 1e-12);
}

/* Three planted directions of deviation 6, 3 and 1.5 over noise of 0.1, d numbers a code. */
static void planted(int d)
{
    enum { N = 3000, K = 3 };
    static float codes[N * 80], out[N * K];
    uint64_t random = 8;
    for (int i = 0; i < N; i++) {
        float w[K] = { 6 * random_normal(&random), 3 * random_normal(&random), 1.5f * random_normal(&random) };
        for (int k = 0; k < d; k++)
            codes[i * d + k] = 0.1f * random_normal(&random) + 4 + (k < 3 ? w[k] : 0);
        for (int k = 0; k + 1 < 3; k++) { /* turned: no axis of the coordinates */
            float x = codes[i * d + k], y = codes[i * d + d - 1 - k];
            codes[i * d + k] = 0.6f * x - 0.8f * y;
            codes[i * d + d - 1 - k] = 0.8f * x + 0.6f * y;
        }
    }
    struct pca p;
    assert_ok(pca_fit(&p, codes, N, d, K));
    assert_int_equal(p.k, K);
    assert_near(p.parts[0], 36, 3);
    assert_near(p.parts[1], 9, 1);
    assert_near(p.parts[2], 2.25, 0.3);
    assert_near(fabsf(p.rows[0]), 0.6, 0.02);
    assert_near(fabsf(p.rows[d - 1]), 0.8, 0.02);
    assert_near(fabsf(p.rows[2 * d + 2]), 1, 0.02);
    for (int i = 0; i < K; i++)
        for (int k = 0; k <= i; k++) {
            double dot = 0;
            for (int j = 0; j < d; j++)
                dot += (double)p.rows[i * d + j] * (double)p.rows[k * d + j];
            assert_near(dot, i == k, 1e-4);
        }
    assert_ok(pca_apply(&p, out, codes, N));
    double sum = 0, square = 0;
    for (int i = 0; i < N; i++) {
        sum += (double)out[i * K];
        square += (double)out[i * K] * (double)out[i * K];
    }
    assert_near(sum / N, 0, 1e-2);
    assert_near(square / N, p.parts[0], 1e-2 * p.parts[0]);
    pca_free(&p);
}

static void test_components(void **state)
{
    (void)state;
    planted(10); /* all directions are followed: exact */
    planted(80); /* fewer than there are: by iteration */
}

/* Candidates 1 and 4 each know one half of the truth, 2 repeats 1, the others are noise. */
static void test_selection(void **state)
{
    (void)state;
    enum { N = 4000, CANDIDATES = 7 };
    static float scores[CANDIDATES * N];
    static bool same[N];
    uint64_t random = 5, sets[SELECT_MOST + 1];
    for (int i = 0; i < N; i++) {
        same[i] = i % 2;
        for (int c = 0; c < CANDIDATES; c++)
            scores[c * N + i] = random_normal(&random);
        scores[1 * N + i] += same[i] ? 1.1f : -1.1f;
        scores[2 * N + i] = scores[1 * N + i] + 0.01f * random_normal(&random);
        scores[4 * N + i] += same[i] ? 0.7f : -0.7f;
    }
    struct select_pairs pairs = { scores, same, CANDIDATES, N };
    assert_ok(select_greedy(sets, &pairs, 0, 3));
    assert_true(sets[1] == 1u << 1 || sets[1] == 1u << 2);
    assert_true(sets[2] == (1u << 1 | 1u << 4) || sets[2] == (1u << 2 | 1u << 4)); /* not 1 and its copy */
    assert_int_equal(select_count(sets[3]), 3);
    assert_true(sets[4] == 0);
    assert_ok(select_greedy(sets, &pairs, 1u << 1 | 1u << 2, 7));
    assert_true(sets[1] == 1u << 4);
    assert_int_equal(select_count(sets[5]), 5);
    assert_true(sets[6] == 0 && (sets[5] & (1u << 1 | 1u << 2)) == 0);
}

/* Alone 0 is best; 1 and 2 together are better than 0 with either: the backward step finds it. */
static void test_selection_goes_back(void **state)
{
    (void)state;
    enum { N = 4000 };
    static float scores[3 * N];
    static bool same[N];
    uint64_t random = 6, sets[SELECT_MOST + 1];
    for (int i = 0; i < N; i++) {
        float truth = (same[i] = i % 2) ? 1 : -1, noise = 2.4f * random_normal(&random);
        float e = 0.3f * random_normal(&random), f = 0.3f * random_normal(&random);
        scores[1 * N + i] = truth + noise + e; /* their errors cancel */
        scores[2 * N + i] = truth - noise + f;
        scores[i] = truth + 1.2f * random_normal(&random);
    }
    struct select_pairs pairs = { scores, same, 3, N };
    assert_ok(select_greedy(sets, &pairs, 0, 3));
    assert_true(sets[1] == 1);
    assert_true(sets[2] == 6);
    assert_true(sets[3] == 7);
}

static void test_svm_separates(void **state)
{
    (void)state;
    enum { BATCH = 32, STEPS = 400 };
    struct svm_options o = { .inputs = 2 };
    struct solver_options solving = { .rate = 0.05f, .momentum = 0.9f, .decay = 1e-3f };
    struct net *n = NULL;
    struct net_run *run = NULL;
    struct solver *s = NULL;
    int scores, same;
    uint64_t random = 2;
    assert_ok(net_create(&n, &model_svm, &o, 1));
    assert_ok(net_run_create(&run, n, BATCH, NET_LEARN));
    assert_ok(solver_create(&s, n, &solving));
    assert_ok(net_find(n, "scores", &scores));
    assert_ok(net_find(n, "same", &same));
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < BATCH; i++) { /* above the line 2 x + y = 1, with a gap */
            float *at = net_run_at(run, scores).at + 2 * i, side = i % 2 ? 1 : -1, d = random_between(&random, 0.2f, 2);
            float along = random_between(&random, -3, 3);
            at[0] = 0.4f + 0.894f * side * d - 0.447f * along;
            at[1] = 0.2f + 0.447f * side * d + 0.894f * along;
            net_run_at(run, same).at[i] = side;
        }
        net_run_learn(run);
        solver_step(s, &run, 1, NULL);
    }
    assert_true(ensemble_fuse(n, (float[]){ 0.7f, 0.2f }, 2) > 0);
    assert_true(ensemble_fuse(n, (float[]){ 0.1f, 0.2f }, 2) < 0);
    assert_true(ensemble_fuse(n, (float[]){ -1.1f, 3.8f }, 2) > 0);
    assert_true(ensemble_fuse(n, (float[]){ 1.6f, -2.9f }, 2) < 0);
    size_t size;
    const float *w = net_weight(n, "answer.weight", &size);
    assert_near(w[0] / w[1], 2, 0.3); /* the direction of the widest gap */
    solver_free(&s);
    net_run_free(&run);
    net_free(&n);
}

static void make_member(const char *name, int at, int seed)
{
    struct deepid2_options o;
    struct net *n = NULL;
    option_defaults(model_deepid2.options, &o);
    o.maps = 2;
    o.code = 12;
    o.at = at;
    o.rectify = false;
    assert_ok(net_create(&n, &model_deepid2, &o, (uint64_t)seed));
    assert_ok(net_save(n, kit_path(name), NULL, 0));
    net_free(&n);
}

static float score_of(struct verification_ensemble *v, int person_a, int person_b, int part)
{
    static unsigned char rgb[2][KIT_PACK_SIDE * KIT_PACK_SIDE * 3], pixels[KIT_PACK_SIDE * KIT_PACK_SIDE * IMAGE_PIXEL];
    struct verification_coder coder = verification_ensemble_coder(v);
    struct verification_picture pictures[2] = { { 0 } };
    struct verification_pair pair = { .fold = 0, .a = 0, .b = 1 };
    struct verification_score score = { 0 };
    struct verification pairs = { .pictures = pictures, .pairs = &pair, .n_pictures = 2, .n_pairs = 1 };
    struct verification_codes codes = { .width = (size_t)coder.width + 4 };
    uint64_t random = 99;
    codes.rows = memory_alloc(2 * codes.width, sizeof(float));
    for (int i = 0; i < 2; i++) {
        kit_paint(rgb[i], i ? person_b : person_a, &random);
        for (int k = 0; k < KIT_PACK_SIDE * KIT_PACK_SIDE; k++)
            for (int c = 0; c < 3; c++)
                pixels[k * IMAGE_PIXEL + 2 - c] = rgb[i][k * 3 + c];
        struct face face = { .has = FACE_MARKED };
        memcpy(face.marks, kit_pack_marks, sizeof face.marks);
        struct image im = { pixels, KIT_PACK_SIDE, KIT_PACK_SIDE, KIT_PACK_SIDE * IMAGE_PIXEL };
        coder.code(coder.state, im, &face, codes.rows + (size_t)i * codes.width);
    }
    assert_ok(verification_ensemble_score(&score, v, &pairs, &codes, part));
    memory_free(&codes.rows);
    return score.score;
}

/* Learns the ensemble of ensemble.conf with `words`. */
static void learn(int n_words, char **words)
{
    struct recipe *r;
    struct loop_result result;
    assert_ok(recipe_open(&r, kit_path("ensemble.conf"), n_words, words));
    assert_ok(loop_run(r, false, NULL, &result));
    assert_true(result.score > 0.75); /* chance is 0.5; the nets have learnt nothing, colours tell */
    recipe_close(&r);
}

static void test_from_nets_to_a_verdict(void **state)
{
    (void)state;
    enum { TRAIN = 40, VAL = 12 };
    char text[2048];
    kit_pack(TRAIN, VAL, 4);
    make_member("one.safetensors", PATCH_FACE, 1);
    make_member("two.safetensors", PATCH_EYES, 2);
    make_member("three.safetensors", PATCH_MOUTH, 3);
    kit_write_text(kit_path("list.txt"), "# members\none.safetensors\ntwo.safetensors # eyes\n\nthree.safetensors\n");
    snprintf(text, sizeof text,
             "train.task = ensemble\ntrain.model = svm\ntrain.fold = no\ntrain.batch = 32\ntrain.steps = 200\ntrain.weights = %s\n"
             "solver.rate = 0.05\ndata.folder = %s\ndata.packs = toy\ntask.members = %s\ntask.choose = 2\n"
             "task.selections = 7\ntask.sizes = 1 2 9\ntask.components = 8\n",
             kit_path("ensemble.safetensors"), kit_folder(), kit_path("list.txt"));
    kit_write_text(kit_path("ensemble.conf"), text);
    char small[1024];
    snprintf(small, sizeof small, "%s", kit_path("small.safetensors"));
    learn(4, (char *[]){ "--train.weights", small, "--task.measure", "no" });
    assert_true(file_exists(kit_path("two.safetensors.codes")));
    learn(0, NULL); /* from kept codes: the same */
    assert_true(verification_is_ensemble(kit_path("ensemble.safetensors")));
    assert_false(verification_is_ensemble(kit_path("one.safetensors")));
    struct verification_ensemble v;
    assert_ok(verification_ensemble_open(&v, kit_path("ensemble.safetensors")));
    assert_int_equal(v.e.members.n, 3);
    assert_int_equal(v.e.members.size, 36);
    assert_int_equal(v.e.n_parts, 3 + 2 + 2); /* each alone, the best 1 and 2, two selections */
    assert_int_equal(v.n_votes, 2);
    assert_string_equal(v.e.parts[0].name, "alone one");
    assert_string_equal(v.e.parts[4].name, "best 2");
    assert_int_equal(select_count(v.e.parts[5].set) + select_count(v.e.parts[6].set), 3);
    assert_true((v.e.parts[5].set & v.e.parts[6].set) == 0);
    for (int part = 0; part <= v.e.n_parts; part++)
        assert_true(score_of(&v, TRAIN + 1, TRAIN + 1, part) > score_of(&v, TRAIN + 1, TRAIN + 4, part));
    int right = 0;
    for (int a = 0; a < VAL; a++)
        for (int b = 0; b <= a; b++) /* as often the same as others */
            right += a == b || b == (a + 5) % VAL || b == (a + 7) % VAL
                         ? (score_of(&v, TRAIN + a, TRAIN + b, v.e.n_parts) > 0) == (a == b) : 0;
    assert_true(right >= 18); /* of 24 */
    struct verification_ensemble least;
    assert_ok(verification_ensemble_open(&least, small));
    assert_int_equal(least.e.n_parts, 2); /* the selections alone, which say what they said */
    assert_string_equal(least.e.parts[0].name, "selection 1");
    for (int part = 0; part <= 2; part++)
        assert_near(score_of(&least, TRAIN + 1, TRAIN + 4, part), score_of(&v, TRAIN + 1, TRAIN + 4, 5 + part), 1e-3);
    verification_ensemble_close(&least);
    verification_ensemble_close(&v);
    make_member("two.safetensors", PATCH_EYES, 4); /* another net by the same name */
    assert_fails(verification_ensemble_open(&v, kit_path("ensemble.safetensors")), BAD_MATCH, "two.safetensors");
    assert_fails(verification_ensemble_open(&v, kit_path("one.safetensors")), BAD_MATCH, "svm");
    kit_write_text(kit_path("list.txt"), "# nobody\n");
    struct members m;
    assert_fails(members_read(&m, kit_path("list.txt")), BAD_DATA, "names no weights file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eigen),       cmocka_unit_test(test_components),
        cmocka_unit_test(test_selection),   cmocka_unit_test(test_selection_goes_back),
        cmocka_unit_test(test_svm_separates), cmocka_unit_test(test_from_nets_to_a_verdict),
    };
    log_set_level(LOG_WARN);
    return cmocka_run_group_tests_name("ensemble", tests, NULL, NULL);
}
