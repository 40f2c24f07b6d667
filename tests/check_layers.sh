#!/bin/sh
# Who may include whom, which file is the door of which library, and how long a file may be. Names each offence.
cd "$(dirname "$0")/.." || exit 1
bad=0
say() { echo "$1"; bad=1; }

allow() { # folder, folders it may include, single headers beside them
    for f in $(find "$1" -name '*.[ch]'); do
        for inc in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$f"); do
            case " $3 " in *" $inc "*) continue ;; esac
            case " $1 $2 " in *" ${inc%%/*} "*) ;; *) say "$f: $1/ may not include $inc" ;; esac
            case $inc in
                */*) ;;
                *) say "$f: \"$inc\": write the folder in every include" ;;
            esac
            case $inc in
                "$1"/internal.h) ;;
                */internal.h) say "$f: $inc is for its own folder" ;;
            esac
        done
    done
}
allow base       ""
allow nets       "base"
allow capture    "base"
allow detector   "base nets"
allow recognizer "base nets"
allow tracker    "base nets"
allow pipeline   "base nets capture detector recognizer tracker" "train/train.h"
allow train      "base nets capture detector recognizer tracker"

door() { # pattern, the only files (shell patterns) it may appear in, what it is
    for f in $(grep -lrE "$1" --include='*.[ch]' base nets capture detector recognizer tracker pipeline train); do
        found=no
        for may in $2; do
            case $f in $may) found=yes ;; esac
        done
        [ $found = yes ] || say "$f: $3 belongs in $2"
    done
}
set -f # the patterns below are for `case`, not for the shell
door '#include <(libav|libsw)' 'capture/media*.[ch] pipeline/sink_video*.[ch]' 'libav'
door '#include <SDL' 'pipeline/sink_window*.[ch]' 'SDL'
door '#include <(cairo|pango)' 'pipeline/draw*.[ch] train/plot.[ch]' 'Cairo'
door '#include <sqlite3' 'recognizer/gallery*.[ch]' 'SQLite'
door '#include <cu(blas|da)' 'nets/gpu/*.[ch]' 'CUDA'
door '#include <cblas' 'nets/gemm.c' 'BLAS'
door '\b(malloc|calloc|realloc|strdup|strndup|posix_memalign|aligned_alloc)\(' 'base/memory.c' 'taking memory'
door '\b(exit|abort)\(' 'base/check.h pipeline/main.c' 'ending the program'
door '\bs?rand\(' 'nothing' 'rand'
door '\b(strcpy|strcat|sprintf|vsprintf|gets|system|popen)\(' 'nothing' 'an unsafe call'
set +f

for f in $(find base nets capture detector recognizer tracker pipeline train tests -name '*.[ch]' -o -name '*.sh'); do
    n=$(wc -l <"$f")
    [ "$n" -le 400 ] || say "$f: $n lines, at most 400"
    case $f in
        *.[ch])
            head -n 1 "$f" | grep -q '^/\* SPDX-License-Identifier: MIT' || say "$f: the first line names no licence"
            ;;
    esac
done
[ $bad = 0 ] && echo "layers, doors and sizes are in order"
exit $bad
