/* SPDX-License-Identifier: MIT
 * From the factors of a look's quality (recognizer/quality.c) to words. */
#include "pipeline/advice.h"

#include <stdio.h>
#include <string.h>

static const float poor = 0.3F; /* of the faces packs' pictures one in 200 is worse */
static const float weak = 0.6F; /* a factor below is worth a word */

static const struct { const char *what, *better; } words[FACE_QUALITIES] = {
    [FACE_SIZE] = {"small", "a nearer or larger picture (22 pixels or more between the eyes)"},
    [FACE_SHARPNESS] = {"blurred", "a sharper picture (more light, hold still)"},
    [FACE_AHEAD] = {"turned away", "look into the camera"},
    [FACE_CLEAR] = {"covered", "nothing before the face (hand, mask, dark glasses)"},
};

static int weakest(const struct face *face)
{
    int least = 0;
    for (int i = 1; i < FACE_QUALITIES; i++)
        if (face->qualities[i] < face->qualities[least])
            least = i;
    return least;
}

static void append(char out[ADVICE_ROOM], const char *text, const char *between)
{
    size_t n = strlen(out);
    snprintf(out + n, ADVICE_ROOM - n, "%s%s", n ? between : "", text);
}

/* What is weak, and what helps; of a poor look at least the weakest factor. */
static void list(char what[ADVICE_ROOM], char better[ADVICE_ROOM], const struct face *face)
{
    what[0] = better[0] = '\0';
    for (int i = 0; i < FACE_QUALITIES; i++)
        if (face->qualities[i] < weak || (face->quality < poor && i == weakest(face))) {
            append(what, words[i].what, ", ");
            append(better, words[i].better, ", ");
        }
}

bool advice_on_sample(char out[ADVICE_ROOM], const struct face *face)
{
    char what[ADVICE_ROOM];
    char better[ADVICE_ROOM];
    out[0] = '\0';
    if (face->quality >= poor)
        return false;
    list(what, better, face);
    snprintf(out, ADVICE_ROOM, "a poor sample (quality %.2f): %.60s; better: %.200s", (double)face->quality, what,
             better);
    return true;
}

void advice_words(char out[ADVICE_ROOM], const struct face *face)
{
    char better[ADVICE_ROOM];
    list(out, better, face);
    if (!*out)
        append(out, "good", "");
}
