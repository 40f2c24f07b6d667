/* SPDX-License-Identifier: MIT
 * What is said of a poor look: its weaknesses, what would be better, and nothing of a good one. */
#include "tests/kit.h"

#include "pipeline/advice.h"

static struct face look(float size, float sharpness, float ahead)
{
    return (struct face){.has = FACE_CODED, .quality = size * sharpness * ahead, .qualities = {size, sharpness, ahead, 1}};
}

static void test_advice(void **state)
{
    (void)state;
    char words[ADVICE_ROOM];
    struct face f = look(0.9F, 0.8F, 1);
    assert_false(advice_on_sample(words, &f));
    assert_string_equal(words, "");
    advice_words(words, &f);
    assert_string_equal(words, "good");
    f = look(0.2F, 0.9F, 1);
    assert_true(advice_on_sample(words, &f));
    assert_has(words, "a poor sample (quality 0.18): small; better: a nearer or larger picture");
    f = look(1, 0.5F, 0.5F);
    assert_true(advice_on_sample(words, &f));
    assert_has(words, "blurred, turned away; better: a sharper picture");
    assert_has(words, "look into the camera");
    f = look(0.65F, 0.61F, 0.7F); /* no factor is weak alone: the weakest is named */
    assert_true(advice_on_sample(words, &f));
    assert_has(words, ": blurred; better:");
    f = look(1, 1, 1);
    f.quality = f.qualities[FACE_CLEAR] = 0.2F;
    assert_true(advice_on_sample(words, &f));
    assert_has(words, "(quality 0.20): covered; better: nothing before the face");
    f = look(0.1F, 0.1F, 0.1F); /* all of it fits */
    assert_true(advice_on_sample(words, &f));
    assert_has(words, "small, blurred, turned away; better:");
    assert_has(words, "look into the camera");
    advice_words(words, &f);
    assert_string_equal(words, "small, blurred, turned away");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
