#!/bin/sh
# SPDX-License-Identifier: MIT
# Trains the nets of an ensemble, a patch of the face each, then chooses, joins and measures them (docs/results.md).
# The shipped DeepID2+ and DeepID2 are its first members. Nets that are there are not trained again, so it can be stopped
# and goes on. Needs the research data (see docs/contributing.md) and the checkpoint of configs/train/deepid2.conf; without
# the data it says so and ends with 77.
#     tests/accuracy/patches.sh [folder of the nets [how many [minutes each [build/release]]]]
here=$(dirname "$0")
folder=${1:-$here/../../../data/patches}
most=${2:-6}
minutes=${3:-12}
program=${4:-build/release}/facetrail
data=${FACETRAIL_DATA:-$here/../../../shared/data}
[ -d "$data" ] || { echo "skipped: no research data at $data"; exit 77; }
[ -x "$program" ] || { echo "skipped: no program at $program"; exit 77; }
unset OPENBLAS_CORETYPE
mkdir -p "$folder"

# place, zoom, grey: unlike ones first, so that a few of them already make an ensemble
patches="
    eyes 1.3 no        mouth 1.3 yes       face 0.8 no         left_eye 1.6 yes    middle 1.3 no
    face 1 yes         face 1 no           eyes 1 yes          left_mouth 1.6 no   middle 1.6 yes
    eyes 1.6 no        right_eye 1.3 no    mouth 1.6 no        face 0.8 yes        right_mouth 1.3 yes
    face 1.3 no        left_eye 1 no       middle 1 yes        eyes 1.3 yes        mouth 1.3 no
    right_eye 1.6 no   face 1.3 yes        left_mouth 1.3 no   eyes 2 no           middle 2 no"

list=$folder/patches.txt
: >"$list"
for shipped in deepid2plus deepid2; do
    cp "$here/../../weights/$shipped.safetensors" "$folder/shipped-$shipped.safetensors"
    echo "shipped-$shipped.safetensors" >>"$list"
done
n=0
set -- $patches
while [ $# -ge 3 ] && [ $n -lt "$most" ]; do
    name=$1-$2-$([ "$3" = yes ] && echo grey || echo rgb)
    weights=$folder/$name.safetensors
    [ -f "$weights" ] || "$program" train "$here/../../configs/train/patches.conf" --model.at "$1" --model.zoom "$2" \
        --model.grey "$3" --train.minutes "$minutes" --data.folder "$data" --train.weights "$weights" \
        >"$folder/$name.log" 2>&1 || { echo "$name: $(tail -n 1 "$folder/$name.log")"; exit 1; }
    echo "$name.safetensors" >>"$list"
    grep -h -o 'score=.*' "$folder/$name.log" | tail -n 1 | sed "s/^/$name /"
    n=$((n + 1))
    shift 3
done

# one selection of all sizes, then two that share the members and that the SVM fuses
fit() { # members of a selection, selections, name
    "$program" train "$here/../../configs/train/ensemble.conf" --data.folder "$data" --task.members "$list" \
        --task.choose "$1" --task.selections "$2" --train.weights "$folder/$3.safetensors" 2>"$folder/$3.log" | tail -n 1
}
all=$((n + 2))
fit $all 1 ensemble
fit $(((all + 1) / 2)) 2 fused
for name in ensemble fused; do
    for pairs in "pairs-val.tsv --aligned" "pairsDevTest.txt --images $data/lfw.mkv" "pairs.txt --images $data/lfw.mkv"; do
        echo "\$ facetrail eval verification --weights $name.safetensors --pairs $pairs"
        # shellcheck disable=SC2086
        "$program" eval verification --weights "$folder/$name.safetensors" --pairs $(echo "$data/$pairs") 2>/dev/null
    done
done
