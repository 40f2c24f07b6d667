#!/bin/sh
# SPDX-License-Identifier: MIT
# Every accuracy figure of docs/results.md, one command after the other, each with its last line. Needs the research
# data (see docs/contributing.md); without it says so and ends with 77.
#     tests/accuracy/measure.sh [build/release]
here=$(dirname "$0")
build=${1:-build/release}
program=$build/facetrail
data=${FACETRAIL_DATA:-$here/../../../shared/data}
[ -d "$data" ] || { echo "skipped: no research data at $data"; exit 77; }
[ -x "$program" ] || { echo "skipped: no program at $program"; exit 77; }
unset OPENBLAS_CORETYPE
say() { # words shown, then the command
    echo "\$ $1"
    shift
    "$@" 2>/dev/null | tail -n 1
}
for size in 50 30 10; do
    say "facetrail eval detection --pack wider-val.mkv --min-size $size" \
        "$program" eval detection --pack "$data/wider-val.mkv" --min-size $size
done
say "facetrail eval detection --pack mit-cmu.mkv --iou 0.4" "$program" eval detection --pack "$data/mit-cmu.mkv" --iou 0.4
say "facetrail eval marks --pack marks-helen.mkv --split test" "$program" eval marks --pack "$data/marks-helen.mkv" --split test
for matcher in joint-bayes cosine hamming; do
    say "facetrail eval verification --pairs pairs.txt --images lfw.mkv --matcher $matcher" \
        "$program" eval verification --pairs "$data/pairs.txt" --images "$data/lfw.mkv" --matcher $matcher
done
say "facetrail eval verification --weights weights/ensemble.safetensors --pairs pairs.txt --images lfw.mkv" \
    "$program" eval verification --weights "$here/../../weights/ensemble.safetensors" --pairs "$data/pairs.txt" --images "$data/lfw.mkv"
say "facetrail eval verification --pairs pairs-val.tsv --aligned" "$program" eval verification --pairs "$data/pairs-val.tsv" --aligned
say "facetrail eval verification --pairs pairs-val.tsv" "$program" eval verification --pairs "$data/pairs-val.tsv"
say "facetrail eval attributes --pack faces-celeba.mkv --split val" "$program" eval attributes --pack "$data/faces-celeba.mkv" --split val
say "tests/accuracy/solvay.sh" sh "$here/solvay.sh" "$build"
say "tests/accuracy/noface.sh" sh "$here/noface.sh" "$build"
say "tests/accuracy/intel.sh" sh "$here/intel.sh" "$build"
say "tests/accuracy/tracks.sh" sh "$here/tracks.sh" "$build"
