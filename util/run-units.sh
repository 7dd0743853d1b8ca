#!/usr/bin/env bash
#
# Runs unit test programs one after the other, all of them whatever happens:
#
#   util/run-units.sh <program>...      HC_UNDER: a command to run each under

set -u

failed=
count=0

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

for program in "$@"; do
    echo "== ${program#build/}"

    # words on purpose
    # shellcheck disable=SC2086
    ${HC_UNDER:-} "$program" || failed="$failed $program"
    count=$((count + 1))
done

if [ -n "$failed" ]; then
    echo "FAILED:$failed" >&2
    exit 1
fi

echo "unit tests: $count programs, all passed"
