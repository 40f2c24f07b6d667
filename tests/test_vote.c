/* SPDX-License-Identifier: MIT
 * Votes: when a track gets a name, keeps it, loses it; strangers; two tracks and one person. */
#include "tests/kit.h"

#include <math.h>

#include "pipeline/vote.h"

enum { ADA = 1, BOB = 2, FRAME_US = 40000 };
static const float threshold = 4;
static struct votes votes;

static int reset(void **state)
{
    (void)state;
    memset(&votes, 0, sizeof votes);
    return 0;
}

/* `n` looks 40 ms apart, from `from` on; returns the time after the last. */
static int64_t look(int track, int64_t from, int n, int person, float score, float margin)
{
    for (int i = 0; i < n; i++)
        vote_add(&votes, track, from + (int64_t)i * FRAME_US, (struct match){person, score, margin},
                 1);
    return from + (int64_t)n * FRAME_US;
}

static int settle(int track, int64_t now)
{
    vote_settle(&votes, &track, 1, now, threshold);
    return vote_name(&votes, track).person;
}

static void test_clear_look_names(void **state)
{
    (void)state;
    look(5, 0, 1, ADA, 9, 8);
    assert_int_equal(settle(5, 0), ADA);
    assert_true(vote_name(&votes, 5).score >= threshold);
    assert_int_equal(vote_name(&votes, 6).person, -1);
}

static void test_weak_looks_add_up(void **state)
{
    (void)state;
    look(5, 0, 1, ADA, 7.6f, 8);
    assert_int_equal(settle(5, 0), -1);
    int64_t now = look(5, 400000, 25, ADA, 7.6f, 8);
    assert_int_equal(settle(5, now), ADA);
}

/* A stranger who resembles Ada resembles her in every frame: many looks do not make up for a low score. */
static void test_resemblance_does_not_add_up(void **state)
{
    (void)state;
    int64_t now = look(5, 0, 500, ADA, 3.2f, 5);
    assert_int_equal(settle(5, now), -1);
}

/* One look is not enough for a name, unless it is very sure. */
static void test_a_name_wants_a_second_look(void **state)
{
    (void)state;
    look(5, 0, 1, ADA, 6, 5);
    assert_int_equal(settle(5, 0), -1);
    look(6, 0, 1, ADA, 9, 5);
    assert_int_equal(settle(6, 0), ADA);
}

static void test_one_frame_is_not_many(void **state)
{
    (void)state;
    look(5, 0, 1, ADA, 3.2f, 5);
    for (int i = 0; i < 3; i++) /* the same moment again */
        look(5, 0, 1, ADA, 3.2f, 5);
    assert_int_equal(settle(5, 0), -1);
}

static void test_stranger_stays_unknown(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int64_t i = 0; i < 1000; i++) { /* resembles Ada a little, for a long time */
        float noise = random_normal(&seed);
        look(5, i * FRAME_US, 1, random_below(&seed, 3) ? ADA : BOB, 1.2f + 0.8f * noise, 1);
        assert_int_equal(settle(5, i * FRAME_US), -1);
    }
}

static void test_two_alike_stay_unnamed(void **state)
{
    (void)state;
    int64_t now = look(5, 0, 50, ADA, 6, 0.2f);
    assert_int_equal(settle(5, now), -1);
}

static void test_evidence_turns(void **state)
{
    (void)state;
    int64_t now = look(5, 0, 25, ADA, 8.2f, 7);
    assert_int_equal(settle(5, now), ADA);
    now = look(5, now, 10, ADA, -1, 1); /* a bad moment does not take the name */
    assert_int_equal(settle(5, now), ADA);
    int lost = -1, bob = -1;
    for (int i = 0; i < 300 && bob < 0; i++) {
        now = look(5, now, 1, BOB, 8, 12);
        int name = settle(5, now);
        if (name != ADA && lost < 0)
            lost = i;
        if (name == BOB)
            bob = i;
    }
    assert_true(lost >= 0 && bob >= lost);
    assert_true(bob < 200);
}

static void test_name_without_flicker(void **state)
{
    (void)state;
    uint64_t seed = 11;
    int changes = 0, last = -1;
    for (int64_t i = 0; i < 500; i++) {
        look(5, i * FRAME_US, 1, ADA, 6 + 3 * random_normal(&seed), 4);
        int name = settle(5, i * FRAME_US);
        changes += name != last;
        last = name;
    }
    assert_int_equal(last, ADA);
    assert_true(changes <= 3);
}

static void test_one_person_one_track(void **state)
{
    (void)state;
    const int both[] = {5, 6};
    look(5, 0, 25, ADA, 7.2f, 7);
    look(6, 0, 25, ADA, 9.4f, 9);
    vote_settle(&votes, both, 2, 1000000, threshold);
    assert_int_equal(vote_name(&votes, 5).person, -1);
    assert_int_equal(vote_name(&votes, 6).person, ADA);
    vote_settle(&votes, both, 1, 1040000, threshold); /* the other one has left the picture */
    assert_int_equal(vote_name(&votes, 5).person, ADA);
}

static void test_holder_keeps_it(void **state)
{
    (void)state;
    const int both[] = {5, 6};
    look(5, 0, 25, ADA, 7.2f, 7);
    assert_int_equal(settle(5, 1000000), ADA);
    look(6, 1000000, 25, ADA, 7.3f, 7);
    vote_settle(&votes, both, 2, 2000000, threshold);
    assert_int_equal(vote_name(&votes, 5).person, ADA);
    assert_int_equal(vote_name(&votes, 6).person, -1);
}

static void test_merge(void **state)
{
    (void)state;
    int64_t now = look(5, 0, 25, ADA, 8.2f, 7);
    look(9, now + 2000000, 1, BOB, 1, 0.5f);
    vote_merge(&votes, 9, 5);
    assert_int_equal(settle(5, now + 2000000), ADA);
    assert_int_equal(settle(9, now + 2000000), -1);
    look(12, 0, 25, BOB, 8.2f, 7);
    vote_merge(&votes, 12, 3); /* nobody is there: it only changes its number */
    assert_int_equal(settle(3, now), BOB);
}

static void test_bad_input(void **state)
{
    (void)state;
    vote_add(&votes, 0, 0, (struct match){ADA, 9, 9}, 1);
    vote_add(&votes, -1, 0, (struct match){ADA, 9, 9}, 1);
    vote_add(&votes, 5, 0, (struct match){ADA, NAN, 9}, 1);
    vote_add(&votes, 5, 0, (struct match){ADA, 9, 9}, NAN);
    vote_add(&votes, 5, 0, (struct match){-1, 9, 9}, 1);
    assert_int_equal(settle(5, 0), -1);
    vote_add(&votes, 5, 0, (struct match){ADA, 9, INFINITY}, 1); /* nobody else in the gallery */
    assert_int_equal(settle(5, 0), ADA);
}

static void test_many_tracks(void **state)
{
    (void)state;
    for (int track = 1; track <= 2 * VOTE_TRACKS; track++) {
        look(track, track * (int64_t)FRAME_US, 1, track, 9, 9);
        assert_int_equal(settle(track, track * (int64_t)FRAME_US), track);
    }
    assert_int_equal(vote_name(&votes, 1).person, -1); /* its place was given away */
    assert_int_equal(vote_name(&votes, 2 * VOTE_TRACKS - 5).person, 2 * VOTE_TRACKS - 5);
}

static void test_sureness(void **state)
{
    (void)state;
    assert_true(vote_sureness(&votes, 5, threshold) == 0);
    look(5, 0, 1, ADA, 4.5f, 3);
    float doubtful = vote_sureness(&votes, 5, threshold);
    look(6, 0, 50, ADA, 10.5f, 9);
    settle(6, 2000000);
    float named = vote_sureness(&votes, 6, threshold);
    look(7, 0, 50, ADA, -8, 1);
    float stranger = vote_sureness(&votes, 7, threshold);
    assert_true(doubtful > 0 && doubtful < 0.4f);
    assert_true(named > 0.5f && named <= 1);
    assert_true(stranger > 0.5f && stranger <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_clear_look_names, reset),
        cmocka_unit_test_setup(test_weak_looks_add_up, reset),
        cmocka_unit_test_setup(test_resemblance_does_not_add_up, reset),
        cmocka_unit_test_setup(test_a_name_wants_a_second_look, reset),
        cmocka_unit_test_setup(test_one_frame_is_not_many, reset),
        cmocka_unit_test_setup(test_stranger_stays_unknown, reset),
        cmocka_unit_test_setup(test_two_alike_stay_unnamed, reset),
        cmocka_unit_test_setup(test_evidence_turns, reset),
        cmocka_unit_test_setup(test_name_without_flicker, reset),
        cmocka_unit_test_setup(test_one_person_one_track, reset),
        cmocka_unit_test_setup(test_holder_keeps_it, reset),
        cmocka_unit_test_setup(test_merge, reset),
        cmocka_unit_test_setup(test_bad_input, reset),
        cmocka_unit_test_setup(test_many_tracks, reset),
        cmocka_unit_test_setup(test_sureness, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
