/* SPDX-License-Identifier: MIT
 * The option tables as text: help, default.conf, the man page. */
#include "base/option.h"

#include <string.h>

enum { RANGE_ROOM = 160, LEFT_COLUMNS = 34 };

static const char *value_word(const struct option *o)
{
    switch (o->type) {
    case OPTION_BOOL:
        return "yes|no";
    case OPTION_INT:
        return "N";
    case OPTION_FLOAT:
        return "X";
    case OPTION_TEXT:
        return "TEXT";
    case OPTION_CHOICE:
        return "WORD";
    }
    return "";
}

/* "1 to 100", "cosine, hamming", or "". */
static void format_range(char out[RANGE_ROOM], const struct option *o)
{
    out[0] = '\0';
    if ((o->type == OPTION_INT || o->type == OPTION_FLOAT) && o->min != o->max)
        snprintf(out, RANGE_ROOM, "%g to %g", o->min, o->max);
    if (o->type == OPTION_CHOICE)
        snprintf(out, RANGE_ROOM, "one of: %s", o->choices);
    if (o->type == OPTION_BOOL)
        snprintf(out, RANGE_ROOM, "yes or no");
}

static const char *shown_default(const struct option *o)
{
    return *o->initial ? o->initial : "none";
}

void option_print_help(FILE *to, const struct option_group *groups, int n_groups)
{
    for (int g = 0; g < n_groups; g++) {
        fprintf(to, "%s%s: %s\n", g ? "\n" : "", groups[g].name, groups[g].about ? groups[g].about : "");
        for (const struct option *o = groups[g].options; o->name; o++) {
            char range[RANGE_ROOM];
            format_range(range, o);
            int n = fprintf(to, "  --%s.%s %s", groups[g].name, o->name, value_word(o));
            fprintf(to, "%*s %s (%s%sdefault %s)\n", n < LEFT_COLUMNS ? LEFT_COLUMNS - n : 0, "", o->help, range,
                    *range ? "; " : "", shown_default(o));
        }
    }
}

void option_print_configuration(FILE *to, const struct option_group *groups, int n_groups)
{
    for (int g = 0; g < n_groups; g++) {
        fprintf(to, "%s# %s: %s\n", g ? "\n" : "", groups[g].name, groups[g].about ? groups[g].about : "");
        for (const struct option *o = groups[g].options; o->name; o++) {
            char range[RANGE_ROOM];
            format_range(range, o);
            fprintf(to, "# %s%s%s%s\n%s.%s =%s%s\n", o->help, *range ? " (" : "", range, *range ? ")" : "",
                    groups[g].name, o->name, *o->initial ? " " : "", o->initial);
        }
    }
}

/* Text that troff takes as it is: dashes stay dashes, and no line starts with a command. */
static void print_troff(FILE *to, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", to);
    for (; *text; text++) {
        if (*text == '-')
            fputs("\\-", to);
        else if (*text == '\\')
            fputs("\\e", to);
        else
            fputc(*text == '\n' ? ' ' : *text, to);
    }
}

void option_print_manual(FILE *to, const struct option_group *groups, int n_groups)
{
    for (int g = 0; g < n_groups; g++) {
        fprintf(to, ".SS %s\n", groups[g].name);
        print_troff(to, groups[g].about ? groups[g].about : "");
        for (const struct option *o = groups[g].options; o->name; o++) {
            char range[RANGE_ROOM];
            format_range(range, o);
            fprintf(to, "\n.TP\n\\fB\\-\\-%s.", groups[g].name);
            print_troff(to, o->name);
            fprintf(to, "\\fR \\fI%s\\fR\n", value_word(o));
            print_troff(to, o->help);
            fputs(" (", to);
            print_troff(to, range);
            fputs(*range ? "; default " : "default ", to);
            print_troff(to, shown_default(o));
            fputs(").", to);
        }
        fputs("\n", to);
    }
}
