#!/bin/sh
# The translator's forced modes: regions of one instruction, no links between regions, a cache that is emptied all the
# time, a cache mapped twice, a processor without AVX-512, GFNI and SHA. In each, random instructions and blocks against the
# interpreter's functions, then code that changes, and threads and forks.
# test: engines=once timeout=300
set -e
for mode in --jit-debug=one-insn --jit-debug=no-link --jit-debug=tiny --jit-debug=dual --host-cpu=avx2; do
    echo "$mode"
    elver="$BUILD/elver --engine=jit $mode"
    "$BUILD/tests/unit/insn_random" -n 4 -b 1500 -x "$elver --cpu=max"
    $elver "$BUILD/tests/insn/changed_code" >out || { cat out; exit 1; }
    $elver "$BUILD/tests/sys/fork" >out || { cat out; exit 1; }
done
