#!/bin/sh
# Installs what building, testing and the demonstration need on Debian: the one list of packages.
# `tests/install_packages.sh --list` prints it. Does nothing when everything is there.
packages="
build-essential pkg-config
libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libavdevice-dev libopenblas-dev
libsdl2-dev libcairo2-dev libpango1.0-dev libsqlite3-dev libjansson-dev libxxhash-dev libcmocka-dev
ffmpeg xvfb xauth xdotool imagemagick fonts-dejavu-core fonts-noto-color-emoji fonts-noto-cjk
visp-images-data python-matplotlib-data python3-skimage facedetect
"
if [ "$1" = --list ]; then
    for p in $packages; do echo "$p"; done
    exit 0
fi
command -v dpkg-query >/dev/null || exit 0 # another system: its user knows
missing=
for p in $packages; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "not root and no sudo; please install:$missing" >&2; exit 1; }
    root="sudo"
fi
echo "installing:$missing"
$root apt-get update -q
DEBIAN_FRONTEND=noninteractive $root ${root:+env DEBIAN_FRONTEND=noninteractive} \
    apt-get install -y -q --no-install-recommends $missing
