#!/bin/sh
# SPDX-License-Identifier: MIT
# False boxes on clips without any face.
#     tests/accuracy/noface.sh [build/release] [options of run...]
program=${1:-build/release}/facetrail
[ $# -gt 0 ] && shift
here=$(dirname "$0")
clips=${FACETRAIL_CLIPS:-$here/../../../shared/data/video}
[ -d "$clips/noface" ] || { echo "skipped: no clips at $clips"; exit 77; }
[ -x "$program" ] || { echo "skipped: no program at $program"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
frames=0 boxes=0 tracks=0
for clip in "$clips"/noface/*; do
    "$program" run "$clip" --gallery "$work/none.db" --json "$work/run.json" --tracks "$work/tracks.txt" --no-window \
        --threads 1 -q "$@" || exit 1
    f=$(($(wc -l <"$work/run.json") - 1))
    b=$(wc -l <"$work/tracks.txt")
    t=$(cut -d, -f2 "$work/tracks.txt" | sort -u | wc -l)
    echo "$(basename "$clip"): $f frames, $b boxes, $t tracks"
    frames=$((frames + f)) boxes=$((boxes + b)) tracks=$((tracks + t))
done
echo "$boxes $frames $tracks" | awk '{ printf "false_per_1000=%.2f boxes=%d tracks=%d frames=%d\n", 1000 * $1 / $2, $1, $3, $2 }'
