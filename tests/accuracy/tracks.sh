#!/bin/sh
# SPDX-License-Identifier: MIT
# Tracks on real clips against a truth made by eye (tracks.txt): each clip alone; then ten shots of five persons, one
# after the other with cuts, where each person who comes back must get the old number.
#     tests/accuracy/tracks.sh [build/release] [options of run...]
program=${1:-build/release}/facetrail
[ $# -gt 0 ] && shift
here=$(dirname "$0")
clips=${FACETRAIL_CLIPS:-$here/../../../shared/data/video}
[ -d "$clips/asl" ] || { echo "skipped: no clips at $clips"; exit 77; }
[ -x "$program" ] || { echo "skipped: no program at $program"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
run() { # clip, tracks, options
    clip=$1 tracks=$2
    shift 2
    "$program" run "$clip" --gallery "$work/none.db" --tracks "$tracks" --no-window --threads 1 -q "$@"
}

offset=0
for clip in "$clips"/asl/*.mkv "$clips"/headpose/*; do
    name=$(basename "$clip")
    name=${name%.*}
    run "$clip" "$work/run.txt" "$@" || exit 1
    python3 "$here/tracks.py" "$name" "$work/run.txt" "$work/all.txt" "$work/all-found.txt" "$offset" clip all >/dev/null
    n=$(python3 "$here/tracks.py" "$name" "$work/run.txt" "$work/truth.txt" "$work/found.txt" "$offset" clip)
    offset=$((offset + n))
done
echo "clips one by one, $offset frames:"
"$program" eval tracks --truth "$work/truth.txt" --tracks "$work/found.txt" | tail -n 1
echo "the same, shirts and who is cut off counted as false:"
"$program" eval tracks --truth "$work/truth.txt" --tracks "$work/all-found.txt" | tail -n 1

command -v ffmpeg >/dev/null || { echo "skipped: shots with cuts need ffmpeg"; exit 0; }
shots="P1-again P2-milk P3-book P4-eat P5-hungry P1-no P2-sorry P3-walk P4-night P5-want P2-thanks P1-yes"
for shot in $shots; do
    echo "file '$(cd "$clips" && pwd)/asl/$shot.mkv'"
done >"$work/shots.txt"
ffmpeg -v error -y -f concat -safe 0 -i "$work/shots.txt" -c:v libx264 -preset ultrafast -crf 12 "$work/shots.mkv" || exit 1
run "$work/shots.mkv" "$work/run.txt" "$@" || exit 1
rm -f "$work/truth.txt" "$work/found.txt"
offset=0
for shot in $shots; do
    n=$(python3 "$here/tracks.py" "$shot" "$work/run.txt" "$work/truth.txt" "$work/found.txt" "$offset" persons)
    offset=$((offset + n))
done
echo "twelve shots of five persons, $offset frames:"
"$program" eval tracks --truth "$work/truth.txt" --tracks "$work/found.txt" | tail -n 1
