/* SPDX-License-Identifier: MIT
 * What makes a sequence hard, by the eleven attributes of Wu, Lim, Yang: Object Tracking Benchmark, PAMI 2015, with the
 * benchmark's own list (visual-tracking.net, datasets) for the sequences that the results here are about: illumination,
 * scale, occlusion, deformation, motion blur, fast motion, in-plane and out-of-plane rotation, out of view, background
 * clutter, low resolution. */
#include <string.h>

#include "train/sequences.h"

static const char *const names[SEQUENCE_ATTRIBUTES] = {"IV", "SV", "OCC", "DEF", "MB", "FM", "IPR", "OPR", "OV", "BC", "LR"};
static const struct { const char *sequence, *attributes; } known[] = {
    {"Basketball", "IV,OCC,DEF,OPR,BC"},
    {"Bolt", "OCC,DEF,IPR,OPR"},
    {"Car1", "IV,SV,MB,FM,BC,LR"},
    {"Coke", "IV,OCC,FM,IPR,OPR,BC"},
    {"Couple", "SV,DEF,FM,OPR,BC"},
    {"Crossing", "SV,DEF,FM,OPR,BC"},
    {"David", "IV,SV,OCC,DEF,MB,IPR,OPR"},
    {"Deer", "MB,FM,IPR,BC,LR"},
    {"Diving", "SV,DEF,IPR"},
    {"Dog1", "SV,IPR,OPR"},
    {"DragonBaby", "SV,OCC,MB,FM,IPR,OPR,OV"},
    {"Football1", "IPR,OPR,BC"},
    {"Human7", "IV,SV,OCC,DEF,MB,FM"},
    {"Jogging", "OCC,DEF,OPR"},
    {"Jumping", "MB,FM"},
    {"MotorRolling", "IV,SV,MB,FM,IPR,BC,LR"},
};

const char *sequence_attribute(int i)
{
    return names[i];
}

unsigned sequence_attributes_parse(const char *text)
{
    static const char between[] = ", ;\t\r\n";
    unsigned bits = 0;
    while (*(text += strspn(text, between))) {
        size_t length = strcspn(text, between);
        for (int i = 0; i < SEQUENCE_ATTRIBUTES; i++)
            if (strlen(names[i]) == length && !strncmp(text, names[i], length))
                bits |= 1u << i;
        text += length;
    }
    return bits;
}

unsigned sequence_attributes_known(const char *name)
{
    size_t length = strcspn(name, ".-"); /* "Jogging.2", "Jogging-2" */
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].sequence) == length && !strncmp(name, known[i].sequence, length))
            return sequence_attributes_parse(known[i].attributes);
    return 0;
}
