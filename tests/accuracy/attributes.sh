#!/bin/sh
# SPDX-License-Identifier: MIT
# 40 attributes of people who were never trained on, four ways, as the ANet paper and DeepID2 are compared: HOG and a
# linear SVM, a net from scratch, the codes of DeepID2 and a linear SVM, a net that began as DeepID2. The two nets get
# STEPS steps each, after which they are far from done, but equally far; the last line is the shipped net's.
#     [STEPS=445] [FROM=deepid2.checkpoint] tests/accuracy/attributes.sh [build/release]
here=$(dirname "$0")
program=${1:-build/release}/facetrail
data=${FACETRAIL_DATA:-$here/../../../shared/data}
cache=${FACETRAIL_CACHE:-$here/../../../data/faces.cache}
from=${FROM:-$here/../../../data/deepid2/deepid2.checkpoint}
[ -d "$data" ] || { echo "skipped: no research data at $data"; exit 77; }
[ -x "$program" ] || { echo "skipped: no program at $program"; exit 77; }
unset OPENBLAS_CORETYPE
packs=$data/faces-celeba.mkv,$data/faces-celeba5.mkv,$data/faces-fiw.mkv,$data/faces-web.mkv
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
measure() { # the row's name, then further options
    name=$1
    shift
    printf '%-40s %s\n' "$name" "$("$program" eval attributes --pack "$packs" --cache "$cache" "$@" 2>/dev/null | tail -n 1)"
}
learn() { # file name of the weights, where to start from
    "$program" train "$here/../../configs/train/anet.conf" --data.folder "$data" --data.cache "$cache" --train.minutes 0 \
        --train.steps "${STEPS:-445}" --train.score_minutes 0 --solver.average 0 --train.from "$2" --train.checkpoint "" \
        --train.weights "$work/$1" >/dev/null 2>&1
}
learn scratch.safetensors ""
learn tuned.safetensors "$from"
measure "HOG, linear SVM" --features hog
measure "from scratch, ${STEPS:-445} steps" --weights "$work/scratch.safetensors"
measure "DeepID2's codes, linear SVM" --features codes
measure "from DeepID2, ${STEPS:-445} steps" --weights "$work/tuned.safetensors"
measure "shipped"
