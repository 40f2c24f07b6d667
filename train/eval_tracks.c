/* SPDX-License-Identifier: MIT
 * facetrail eval tracks --truth gt.txt --tracks FILE: MOTChallenge text against MOTChallenge text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/eval.h"
#include "train/track_score.h"

static enum status read_words(int n, char **words, const char **truth, const char **tracks,
                              float *iou)
{
    for (int i = 0; i < n; i += 2) {
        const char *value = i + 1 < n ? words[i + 1] : NULL;
        if (!value)
            return fail(BAD_USAGE, "eval tracks: %s wants a value", words[i]);
        if (!strcmp(words[i], "--truth"))
            *truth = value;
        else if (!strcmp(words[i], "--tracks"))
            *tracks = value;
        else if (!strcmp(words[i], "--iou"))
            *iou = strtof(value, NULL);
        else
            return fail(BAD_USAGE,
                        "eval tracks: there is no \"%s\"; there are --truth, --tracks, --iou",
                        words[i]);
    }
    if (!*truth || !*tracks)
        return fail(BAD_USAGE, "eval tracks wants --truth gt.txt --tracks FILE");
    if (!(*iou > 0 && *iou <= 1))
        return fail(BAD_USAGE, "eval tracks: --iou must lie above 0 and at most at 1");
    return OK;
}

static void print(const struct track_score *s)
{
    printf("%-28s %10s %10s\n", "", "truth", "found");
    printf("%-28s %10ld %10ld\n", "boxes", s->truth, s->found);
    printf("%-28s %10d %10d\n", "ids", s->truth_ids, s->found_ids);
    printf("%-28s %10ld\n", "boxes that agree", s->hits);
    printf("%-28s %10ld\n", "missed", s->misses);
    printf("%-28s %10ld\n", "false", s->false_boxes);
    printf("%-28s %10ld\n", "agree with their one id", s->identity_hits);
    printf("idf1=%.4f mota=%.4f switches=%d fragments=%d\n", s->idf1, s->mota, s->switches,
           s->fragments);
}

enum status eval_tracks(int n_words, char **words)
{
    const char *truth_path = NULL, *tracks_path = NULL;
    float iou = 0.5f;
    struct track_rows truth = {0}, tracks = {0};
    struct track_score score;
    enum status status = read_words(n_words, words, &truth_path, &tracks_path, &iou);
    if (status == OK)
        status = track_rows_read(&truth, truth_path, true);
    if (status == OK)
        status = track_rows_read(&tracks, tracks_path, false);
    if (status == OK && (status = track_score(&score, &truth, &tracks, iou)) != OK)
        status = fail_in(status, "%s", truth_path);
    if (status == OK)
        print(&score);
    track_rows_free(&truth);
    track_rows_free(&tracks);
    return status;
}
