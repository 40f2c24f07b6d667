#!/bin/sh
# SPDX-License-Identifier: MIT
# The 1927 Solvay conference at 1280 wide (Debian's visp-images-data): 29 faces; at least 27 found, at most 2 false.
#     tests/accuracy/solvay.sh [build/release] [options of eval detection...]
set -eu
program=${1:-build/release}/facetrail
[ $# -gt 0 ] && shift
folder=${SOLVAY:-/usr/share/visp-images-data/ViSP-images/faces}
picture=1280px-Solvay_conference_1927.png
if [ ! -f "$folder/$picture" ]; then
    echo "skipped: $folder/$picture is not installed (Debian: visp-images-data)"
    exit 77
fi
[ -x "$program" ] || { echo "skipped: no program at $program"; exit 77; }
truth=$(mktemp)
trap 'rm -f "$truth"' EXIT
# corners are "row column"; the boxes are squares of another detector, brow to mouth; the first is a false one
awk -v name="$picture" '
    /^detection_/ { n++; next }
    NF == 2 && n > 1 {
        i = n - 1
        if (!(i in x0)) { x0[i] = x1[i] = $2; y0[i] = y1[i] = $1 }
        if ($2 < x0[i]) x0[i] = $2
        if ($2 > x1[i]) x1[i] = $2
        if ($1 < y0[i]) y0[i] = $1
        if ($1 > y1[i]) y1[i] = $1
    }
    END {
        print name; print n - 1
        for (i = 1; i < n; i++) print x0[i], y0[i], x1[i] - x0[i], y1[i] - y0[i], 0, 0, 0, 0, 0, 0
    }' "$folder/ground_truth_detection.txt" > "$truth"
line=$("$program" eval detection --truth "$truth" --images "$folder" --iou 0.35 --detect.score 0.5 "$@" | tail -1)
echo "$line"
echo "$line" | tr ' ' '\n' | awk -F= '
    $1 == "hits" { hits = $2 } $1 == "false" { wrong = $2 } $1 == "faces" { faces = $2 }
    END {
        printf "solvay: %d of %d faces found (at least 27), %d false (at most 2)\n", hits, faces, wrong
        exit !(faces == 29 && hits >= 27 && wrong <= 2)
    }'
