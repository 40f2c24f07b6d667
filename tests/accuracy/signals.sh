#!/bin/sh
# SPDX-License-Identifier: MIT
# Identification and verification against each alone, same budget, three seeds (DeepID2's lambda curve), and DeepID2+'s
# FC-4 with and without layer-wise supervision: the papers' plain softmax, people of ten and more training faces. Then what
# each option of DeepID2's recipe brings: the recipe, and the recipe without it.
#   tests/accuracy/signals.sh [FOLDER]     FOLDER keeps checkpoints and finished lines: started again, it goes on
#   WHAT=branches STEPS=500                only FC-4; steps of each net (700)
#   WHAT=options SEEDS="1 2" STEPS=1000    only the options, two seeds
# Prints: what, seed, accuracy on the pairs of the validation people (cosine), equal error rates of all their pairs.
data=${FACETRAIL_DATA:-../shared/data} folder=${1:-../data/signals} steps=${STEPS:-700} what=${WHAT:-signals branches options} seeds=${SEEDS:-1 2 3}
[ -f "$data/faces-celeba.mkv" ] || { echo "skipped: no research data at $data"; exit 77; }
mkdir -p "$folder"
run() { # name, seed, recipe, options
    name=$1 seed=$2 recipe=$3
    shift 3
    if ! grep -q "^$name $seed " "$folder/lines" 2>/dev/null; then
        env -u OPENBLAS_CORETYPE ./facetrail train "configs/train/$recipe.conf" --data.folder "$data" --train.seed "$seed" \
            --train.half yes --train.workers 1 --train.batch 256 --train.minutes 0 --train.steps "$steps" \
            --train.checkpoint "$folder/checkpoint" --train.weights "$folder/weights.safetensors" --train.log_seconds 60 \
            --model.unit no --model.margin 0 --model.rectify yes --data.min_faces 10 --data.cache "$folder/faces.cache" "$@" \
            >"$folder/log" 2>&1 || { tail -1 "$folder/log"; exit 1; }
        score=$(sed -n 's/.*score step=.* accuracy=\([0-9.]*\).*/\1/p' "$folder/log" | tail -1)
        eer=$(sed -n 's/.*\(joint-bayes\|cosine\|hamming\): eer=\([0-9.]*\).*/\1=\2/p' "$folder/log" | tr '\n' ' ')
        echo "$name $seed accuracy=$score $eer" >>"$folder/lines"
    fi
    grep "^$name $seed " "$folder/lines"
}
case $what in *signals*)
    for seed in $seeds; do
        run identification "$seed" deepid2 --model.verify none
        for weight in 0.0005 0.005 0.05; do
            run "both_$weight" "$seed" deepid2 --model.pair_weight "$weight"
        done
        run verification "$seed" deepid2 --model.identify no --model.pair_weight 1
    done ;;
esac
case $what in *branches*)
    for seed in $seeds; do
        for branches in yes no; do
            run "deepid2plus_branches_$branches" "$seed" deepid2plus --model.maps 24 --model.code 160 \
                --model.pair_weight 0.0005 --model.branches "$branches"
        done
    done ;;
esac
option() { # name, options
    name=$1
    shift
    run "$name" "$seed" deepid2 --model.unit yes --model.margin 0.2 --model.rectify no --model.pair_weight 0.05 "$@"
}
case $what in *options*)
    for seed in $seeds; do
        option recipe
        option plain_softmax --model.unit no --model.margin 0 --model.pair_weight 0.0005
        option no_margin --model.margin 0
        option no_verification --model.verify none
        option codes_from_zero --model.rectify yes
        option every_face_alike --task.most 100000
        option no_jitter --augment.shift 0 --augment.scale 0 --augment.turn 0
        option no_mirror --augment.mirror 0
        option no_colour --augment.brightness 0 --augment.contrast 0 --augment.saturation 0 --augment.grey 0
        option no_blur --augment.blur 0
        option no_occlusion --augment.occlude 0
        option constant_rate --solver.schedule constant
        option averaged --solver.average 0.99
        option no_normalisation --model.normalize no --solver.rate 0.01
    done ;;
esac
