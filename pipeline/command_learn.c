/* SPDX-License-Identifier: MIT
 * train and eval: thin doors to train/. `eval speed` measures this program, so it is here. */
#include <string.h>

#include "pipeline/command.h"
#include "pipeline/eval_speed.h"
#include "train/train.h"

static enum status run_train(int n_words, char **words)
{
    return train_command(n_words, words, stop_flag());
}

static enum status run_eval(int n_words, char **words)
{
    if (n_words > 0 && strcmp(words[0], "speed") == 0)
        return eval_speed(n_words - 1, words + 1);
    stop_uninstall(); /* what it writes is renamed when it is whole */
    return eval_command(n_words, words);
}

const struct command command_train = {
    .name = "train",
    .usage = "train RECIPE [--resume] [--group.name VALUE ...]",
    .about = "learn a net (recipes are in configs/train)",
    .more = "A recipe is a file of options: which task, which net, which data, how long. --resume goes on from the\n"
            "recipe's checkpoint. Ctrl-C saves a checkpoint and ends.",
    .run = run_train,
};

const struct command command_eval = {
    .name = "eval",
    .usage = "eval verification|detection|marks|tracking|tracks|attributes|neurons|response|strangers|speed [options]",
    .about = "measure: prints a table and, last, one line of key=value figures",
    .more =
        "eval verification --pairs FILE [--images DIR] [--matcher joint-bayes|cosine|hamming|bits-joint-bayes] [--aligned]\n"
        "    [--weights FILE]: of one net, or of an ensemble; also by group where the pack's table has labels\n"
        "    [--write FILE]: a row a pair with its score\n"
        "eval detection --truth FILE --images DIR | --pack FILE.mkv  [--min-size 20] [--iou 0.5] [--write FILE]\n"
        "    [--restyle=yes]: found boxes take the labels' style, by four medians\n"
        "    [--boxes NAME=FILE,NAME=FILE]: other programs' finds on the same plot, WIDER FACE's form with \"x y w h score\"\n"
        "eval marks --truth FILE --images DIR | --pack FILE.mkv --split test\n"
        "    [--restyle=yes]: the labels' mean offset, one for all marks, is taken off first\n"
        "eval tracking --sequences DIR [--tracker NAME] [--only NAME,NAME] [--begin N] [--frames N] [--plot FILE.png]\n"
        "eval tracks --truth gt.txt --tracks FILE\n"
        "eval attributes --pack FACES.mkv[,MORE.mkv] [--split val] | --truth list_attr.txt --images DIR  [--weights FILE]\n"
        "    [--features hog|codes]: ANet's 40 attributes, or linear SVMs on other features that learn on the pack\n"
        "eval neurons --pack FACES.mkv[,MORE.mkv] [--pairs TABLE] [--weights FILE] [--least 10]: what single neurons tell,\n"
        "    and faces that are covered, against local binary patterns\n"
        "eval response --pack SCENES.mkv [--split val] [--empty FACE-FREE.mkv] --weights NAME=FILE,NAME=FILE: does the\n"
        "    response of LNet as published, which never saw a box, lie on the face\n"
        "eval strangers --pack FACES.mkv[,MORE.mkv] [--recognize.matcher NAME]: how often different people are taken for one\n"
        "    at thresholds that promise a rate: all pairs, and pairs of one group (the pack's column set)\n"
        "eval speed [INPUT] [options of run]: milliseconds per stage, frames a second, peak memory\n"
        "--plot FILE.png draws the curve.",
    .run = run_eval,
};
