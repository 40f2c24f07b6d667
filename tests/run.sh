#!/bin/sh
# Runs the test programs of a build folder, or one: tests/run.sh build/release [test_name].
# Shows what failed; the last line is "N passed, N failed[, N skipped]" over all tests of all programs.
# Scripts tests/test_*.sh count as one test each; they skip with status 77.
folder=${1:?usage: tests/run.sh FOLDER [test_name]}
only=$2
unset OPENBLAS_CORETYPE # kernels below what the processor can do are a word on stderr, where tests want none
here=$(dirname "$0")
passed=0 failed=0 skipped=0 bad=""

count() { # pattern, file
    grep -ao "$1" "$2" | wc -l
}

report() { # name, passed, failed, skipped, seconds, log
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    if [ "$3" -gt 0 ]; then
        bad="$bad $1"
        tail -n 60 "$6" | sed 's/^/    /'
        printf 'FAILED  '
    else
        grep -a '^skipped: ' "$6" | sed 's/^/    /'
        printf 'ok      '
    fi
    printf '%-28s %3d passed, %d failed, %d skipped (%d s)\n' "$1" "$2" "$3" "$4" "$5"
}

run_program() { # path
    name=$(basename "$1") log=$1.log start=$(date +%s)
    timeout -k 5 300 "$1" >"$log" 2>&1 </dev/null
    status=$?
    good=$(count '\[       OK \]' "$log")
    left=$(count '\[  SKIPPED \] [a-z_][A-Za-z0-9_]*' "$log")
    begun=$(count '\[ RUN      \]' "$log")
    # Each skipped test is named twice (as it runs and in the list at the end); what began and did not end well failed.
    left=$((left / 2))
    wrong=$((begun - good - left))
    [ "$wrong" -lt 0 ] && wrong=0
    if [ "$status" -ne 0 ] && [ "$wrong" -eq 0 ]; then wrong=1; fi
    if [ "$status" -eq 0 ] && [ "$begun" -eq 0 ]; then status=1 wrong=1; fi
    [ "$status" -ge 124 ] && echo "    $name ended with status $status"
    report "$name" "$good" "$wrong" "$left" $(($(date +%s) - start)) "$log"
}

run_script() { # path
    name=$(basename "$1" .sh) log=$folder/tests/$name.log start=$(date +%s)
    timeout -k 5 300 sh "$1" "$folder" >"$log" 2>&1 </dev/null
    case $? in
        0) report "$name" 1 0 0 $(($(date +%s) - start)) "$log" ;;
        77) report "$name" 0 0 1 $(($(date +%s) - start)) "$log" ;;
        *) report "$name" 0 1 0 $(($(date +%s) - start)) "$log" ;;
    esac
}

for program in "$folder"/tests/test_*; do
    name=$(basename "$program")
    source=$here/$name.c # a program whose source is gone is a leftover
    [ -f "$source" ] && [ -x "$program" ] || continue
    if [ -n "$only" ] && [ "$name" != "$only" ]; then continue; fi
    run_program "$program"
done
for script in "$here"/test_*.sh; do
    [ -f "$script" ] || continue
    if [ -n "$only" ] && [ "$(basename "$script" .sh)" != "$only" ]; then continue; fi
    run_script "$script"
done

[ -n "$bad" ] && echo "failing:$bad"
if [ $((passed + failed + skipped)) -eq 0 ]; then
    echo "no test named ${only:-test_*} in $folder/tests"
    failed=1
fi
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
