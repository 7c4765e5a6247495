#!/bin/sh
# The 648 facts of tests/sys/mm_matrix.c, as Debian's arm64 kernel gives them. To record them again:
#   tools/real-kernel.sh record mm_matrix | sed -n 's/^mm_matrix = /= /p' | LC_ALL=C sort
# test: timeout=120 quick
set -eu
$ELVER "$BUILD/tests/sys/mm_matrix" >out
grep '^= ' out | LC_ALL=C sort >facts
diff "$TOP/tests/golden/mm_matrix.txt" facts >differences || {
    head -20 differences
    exit 1
}
[ "$(wc -l <facts)" -eq 648 ]
