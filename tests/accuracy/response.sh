#!/bin/sh
# SPDX-License-Identifier: MIT
# LNet as published (papers.md section 8): learnt from attributes of whole photographs alone, does its response lie on the
# face? With 5, 10, 20 and 40 attributes, each begun from face identification, and with 40 begun from nothing.
#     tests/accuracy/response.sh [folder of the nets [build/release]]
# Nets that are there are not trained again. About an hour on one core. Without the research data it ends with 77.
here=$(dirname "$0")
folder=${1:-$here/../../../data/response}
program=${2:-build/release}/facetrail
data=${FACETRAIL_DATA:-$here/../../../shared/data}
[ -d "$data" ] || { echo "skipped: no research data at $data"; exit 77; }
[ -x "$program" ] || { echo "skipped: no program at $program"; exit 77; }
unset OPENBLAS_CORETYPE
mkdir -p "$folder"
learn() { # name, options
    name=$1
    shift
    [ -f "$folder/$name.safetensors" ] || "$program" train "$here/../../configs/train/lnet_tags.conf" --data.folder "$data" \
        --train.weights "$folder/$name.safetensors" --train.checkpoint "$folder/$name.checkpoint" "$@" \
        >"$folder/$name.log" 2>&1 || { echo "$name: $(tail -n 1 "$folder/$name.log")"; exit 1; }
}
learn identification --model.people 1 --data.min_faces 10 --train.minutes 38 --train.steps 0 --train.batch 64 --solver.rate 0.06
nets=
for n in 5 10 20 40; do
    learn attributes$n --task.attributes $n --train.from "$folder/identification.checkpoint"
    nets=$nets$n=$folder/attributes$n.safetensors,
done
learn scratch40
"$program" eval response --pack "$data/tags.mkv" --empty "$data/nofaces.mkv" --weights "${nets%,}" --plot "$folder/response.png"
"$program" eval response --pack "$data/tags.mkv" --empty "$data/nofaces.mkv" \
    --weights "from nothing=$folder/scratch40.safetensors,identification=$folder/identification.safetensors"
