#!/bin/sh
# The main job, to be looked at: makes a clip by moving a camera over public-domain photographs that Debian ships (the
# Solvay conference of 1927, Grace Hopper, Eileen Collins), enrols some of the people, finds, follows and names faces,
# and says where the annotated video is. The people are enrolled from other sizes of the same photographs: this shows
# the whole path, it measures no accuracy. Use: tests/demo.sh [build folder] [--window]
set -e
cd "$(dirname "$0")/.."
program=${1:-build/release}/facetrail
at=build/demo
solvay=/usr/share/visp-images-data/ViSP-images/Solvay/Solvay_conference_1927_Version2
hopper=/usr/share/matplotlib/mpl-data/sample_data/grace_hopper.jpg
hopper_too=/usr/share/doc/facedetect/examples/grace_hopper_512x512.jpg
collins=/usr/lib/python3/dist-packages/skimage/data/astronaut.png
mkdir -p $at

# The camera. Positions are in the picture as it comes in (2126x1463 doubled: zoompan moves in whole pixels, and twice
# as many of them make a smooth move); p goes smoothly from 0 to 1.
move() { # picture, filters before, frames, zoom, x of the centre, y of the centre (of p), name
    ease="(on/$3)*(on/$3)*(3-2*on/$3)"
    x=$(echo "$5" | sed "s#p#($ease)#g") y=$(echo "$6" | sed "s#p#($ease)#g") z=$(echo "$4" | sed "s#p#($ease)#g")
    ffmpeg -v error -nostdin -y -i "$1" -vf "$2,zoompan=z='$z':x='($x)*iw-iw/zoom/2':y='($y)*ih-ih/zoom/2':d=$3:s=1280x720:fps=25" \
        -frames:v "$3" -c:v libx264 -preset veryfast -crf 16 -pix_fmt yuv420p "$at/$7"
}
wide="scale=4252:-2,crop=iw:iw*9/16:0:ih*0.18,setsar=1"
move "${solvay}_2126x1463.jpg" "$wide" 300 "2.1-0.1*p" "0.26+0.5*p" "0.45+0.02*p" 1.mkv
move "${solvay}_2126x1463.jpg" "$wide" 125 "2.0-0.9*p" "0.76-0.26*p" "0.47+0.03*p" 2.mkv
tall="scale=2560:-2,crop=iw:iw*9/16:0:ih*0.06,setsar=1"
whole="scale=-2:1440,pad=2560:1440:-1:-1:0x20242A,setsar=1"
move "$hopper" "$whole" 100 "1+0.35*p" "0.5" "0.42" 3.mkv
move "$collins" "$tall" 100 "1.25-0.25*p" "0.47" "0.5" 4.mkv
for n in 1 2 3 4; do echo "file $n.mkv"; done >$at/list.txt
ffmpeg -v error -nostdin -y -f concat -i $at/list.txt -c copy $at/clip.mp4

# Who is known: heads cut out of the photograph in another size.
gallery=$at/gallery.db
rm -f $gallery $gallery-wal $gallery-shm
head() { # name, centre in the picture of 1280x881
    ffmpeg -v error -nostdin -y -i "${solvay}_1280x881.png" -vf "crop=96:96:$2-48:$3-48,scale=288:-2" -update 1 -frames:v 1 $at/head.png
    $program enroll "$1" $at/head.png --largest --gallery $gallery
}
head "Albert Einstein" 714 478
head "Marie Curie" 418 480
head "Max Planck" 294 487
head "Hendrik Lorentz" 563 487
head "Niels Bohr" 1113 445
head "Erwin Schrödinger" 729 356
$program enroll "Grace Hopper" "$hopper_too" --largest --gallery $gallery
$program enroll "Eileen Collins" "$collins" --largest --gallery $gallery

# Thirteen bearded men in one photograph, where strangers are alike more often than promised (docs/results.md, "Strangers"): a
# stranger may be given a name once in 100,000 looks.
$program run $at/clip.mp4 -c configs/offline.conf --recognize.false_match_rate 1e-5 -o $at/annotated.mp4 --json $at/faces.jsonl --tracks $at/tracks.txt --gallery $gallery --no-window
echo "the annotated video: $PWD/$at/annotated.mp4"
echo "a line for each frame: $PWD/$at/faces.jsonl"
if [ "$2" = --window ]; then $program run $at/clip.mp4 --window --recognize.false_match_rate 1e-5 --gallery $gallery; fi
