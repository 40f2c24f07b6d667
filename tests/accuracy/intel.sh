#!/bin/sh
# SPDX-License-Identifier: MIT
# Names on real clips: enrols each person from one clip, runs the others, and counts the tracks longer than a second
# that are named right. Then once more for each person with everybody else enrolled: nobody may give him a name.
#     tests/accuracy/intel.sh [build/release] [options of run...]
program=${1:-build/release}/facetrail
[ $# -gt 0 ] && shift
here=$(dirname "$0")
clips=${FACETRAIL_CLIPS:-$here/../../../shared/data/video}
[ -d "$clips/asl" ] || { echo "skipped: no clips at $clips"; exit 77; }
[ -x "$program" ] || { echo "skipped: no program at $program"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

people="P1 P2 P3 P4 P5 F1 M1"
enrol_clip() { # person
    case $1 in
        P1) echo asl/P1-again.mkv ;;
        P2) echo asl/P2-milk.mkv ;;
        P3) echo asl/P3-book.mkv ;;
        P4) echo asl/P4-sister.mkv ;;
        P5) echo asl/P5-hungry.mkv ;;
        F1) echo headpose/head-pose-face-detection-female.gif ;;
        M1) echo headpose/head-pose-face-detection-male.mp4 ;;
    esac
}
regions() { # clip: who stands where
    case $1 in
        *female-and-male*) echo F1:0-0.5 M1:0.5-1 ;;
        *demographics*) echo F1:0-0.35 M2:0.35-0.6 F2:0.6-1 ;;
        *female*) echo F1:0-1 ;;
        *male*) echo M1:0-1 ;;
        *) person=$(basename "$1" | cut -c1-2); echo "$person:0-0.8" ;;
    esac
}
all_clips() {
    (cd "$clips" && ls asl/*.mkv headpose/*)
}
enrol() { # gallery, people
    for one in $2; do
        "$program" enroll --gallery "$1" "$one" "$clips/$(enrol_clip "$one")" >"$work/log" 2>&1 ||
            { echo "enrol $one: $(tail -n 1 "$work/log")" >&2; }
    done
}
run() { # gallery, people, clip, options: appends the verdicts
    gallery=$1 known=$(echo "$2" | tr ' ' ','); clip=$3
    shift 3
    "$program" run "$clips/$clip" --gallery "$gallery" --json "$work/run.json" --no-window --threads 1 -q "$@" ||
        { echo "$clip: run failed" >&2; return; }
    # shellcheck disable=SC2046
    python3 "$here/names.py" "$clip" "$work/run.json" "$known" $(regions "$clip")
}

enrol "$work/all.db" "$people"
for clip in $(all_clips); do
    used=no
    for person in $people; do
        [ "$(enrol_clip "$person")" = "$clip" ] && used=yes
    done
    [ $used = yes ] || run "$work/all.db" "$people" "$clip" "$@"
done >"$work/verdicts"
for person in $people; do
    others=$(echo "$people" | sed "s/$person *//; s/ *\$//")
    enrol "$work/without-$person.db" "$others"
    for clip in $(all_clips); do
        case " $(regions "$clip")" in
            *" $person:"*) run "$work/without-$person.db" "$others" "$clip" "$@" | grep " $person " ;;
        esac
    done
done >"$work/left-out"
echo "clip track person seconds verdict said"
cat "$work/verdicts"
echo "left out of the gallery:"
cat "$work/left-out"
cat "$work/verdicts" "$work/left-out" | awk '
    $3 == "nobody" && $5 == "kept" { next }
    { n[$5]++ }
    END {
        known = n["right"] + n["wrong"] + n["unknown"]
        printf "named=%.3f tracks=%d right=%d wrong=%d unknown=%d strangers=%d strangers_named=%d\n",
            known ? n["right"] / known : 0, known, n["right"], n["wrong"], n["unknown"], n["kept"] + n["given"], n["given"]
    }'
