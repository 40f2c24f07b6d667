/* SPDX-License-Identifier: MIT
 * Which attributes are worth a place on a label. */
#include "pipeline/attribute_words.h"

#include <stdbool.h>
#include <stdio.h>

#include "recognizer/attributes.h"

/* Less sure than this is not said. */
#define SURE 0.8F

/* SILENT: judgements that a label should not make, and what needs no saying. The others: one of a kind is said. */
enum kind { SILENT, BEARD, HAIR, HAIR_CUT, HEAD, EYES, MOUTH, PAINT, SEX, DRESS, KINDS };

static const struct { const char *word; enum kind kind; } words[FACE_ATTRIBUTES] = {
    {"stubble", BEARD},        {"arched eyebrows", EYES}, {"", SILENT},           {"", SILENT},
    {"bald", HAIR},            {"fringe", HAIR_CUT},      {"", SILENT},           {"", SILENT},
    {"black hair", HAIR},      {"blond hair", HAIR},      {"", SILENT},           {"brown hair", HAIR},
    {"bushy eyebrows", EYES},  {"", SILENT},              {"", SILENT},           {"glasses", HEAD},
    {"goatee", BEARD},         {"grey hair", HAIR},       {"make-up", PAINT},     {"", SILENT},
    {"male", SEX},              {"mouth open", MOUTH},     {"moustache", BEARD},   {"", SILENT},
    {"", SILENT},              {"", SILENT},              {"", SILENT},           {"", SILENT},
    {"high forehead", HAIR_CUT}, {"rosy cheeks", PAINT},  {"sideburns", BEARD},   {"smiling", MOUTH},
    {"straight hair", HAIR_CUT}, {"wavy hair", HAIR_CUT}, {"earrings", DRESS},    {"hat", HEAD},
    {"lipstick", PAINT},       {"necklace", DRESS},       {"necktie", DRESS},     {"", SILENT},
};

void attribute_words(char out[ATTRIBUTE_WORDS_TEXT], const float probabilities[FACE_ATTRIBUTES],
                     const float rates[FACE_ATTRIBUTES])
{
    bool said[KINDS] = {[SILENT] = true};
    int n = 0;
    out[0] = '\0';
    for (int k = 0; k < ATTRIBUTE_WORDS; k++) {
        int best = -1;
        float most = 0;
        for (int i = 0; i < FACE_ATTRIBUTES; i++) {
            float told = attributes_evidence(probabilities[i], rates[i]);
            if (said[words[i].kind] || !(probabilities[i] >= SURE) || told <= most)
                continue;
            best = i;
            most = told;
        }
        if (best < 0)
            return;
        said[words[best].kind] = true;
        n += snprintf(out + n, (size_t)(ATTRIBUTE_WORDS_TEXT - n), "%s%s", k ? ", " : "", words[best].word);
    }
}
