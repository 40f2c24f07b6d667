#!/bin/sh
# SPDX-License-Identifier: MIT
# What FCNT's two heads see among similar things (docs/heat.png): a window of 480x360 pans over the 1927 Solvay conference
# (Debian's visp-images-data), the target is one of its 29 faces.
#     tests/accuracy/heat.sh [build/release] [OUT.png] [FRAMES]
set -eu
program=${1:-build/release}/facetrail out=${2:-heat.png} frames=${3:-16}
picture=${SOLVAY:-/usr/share/visp-images-data/ViSP-images/faces}/1280px-Solvay_conference_1927.png
[ -f "$picture" ] || { echo "skipped: $picture is not installed (Debian: visp-images-data)"; exit 77; }
command -v ffmpeg >/dev/null || { echo "skipped: ffmpeg is not installed"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/Solvay/img"
ffmpeg -v error -loop 1 -i "$picture" -vf "crop=480:360:300+4*n:300+n" -frames:v "$frames" "$folder/Solvay/img/%04d.png"
i=0
while [ $i -lt "$frames" ]; do # Einstein, in the middle of the first row
    echo "$((${EINSTEIN_X:-675} - 300 - 4 * i)),$((${EINSTEIN_Y:-494} - 300 - i)),44,56"
    i=$((i + 1))
done >"$folder/Solvay/groundtruth_rect.txt"
"$program" eval tracking --sequences "$folder" --tracker fcnt-paper --heat "$out" | tail -n 1
