#!/bin/sh
# All of tests/sys and some programs in each of the translator's forced modes (jit_modes.sh).
# test: all engines=once timeout=3600 needs=base
for mode in --jit-debug=one-insn --jit-debug=no-link --jit-debug=tiny --jit-debug=dual --jit-debug=poll-storm \
    --host-cpu=avx2 --lockstep; do
    echo "$mode"
    # What is named is not said to be quick enough for a mode that costs a hundred times the time.
    ELVER="$BUILD/elver --engine=jit $mode" "$TOP/tools/run-tests" --engines default sys/ insn/changed insn/litmus \
        apps/coreutils apps/shells apps/languages >out 2>&1 || { grep -v '^passed' out; failed=1; }
done
exit "${failed:-0}"
