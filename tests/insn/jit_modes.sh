#!/bin/sh
# The translator's forced modes: regions of one instruction, no links between regions, a cache that is emptied all the
# time, a cache mapped twice, a leave at every poll, a processor without AVX-512, everything compared with the
# interpreter. In each, random instructions and blocks against the interpreter's functions, then code that changes,
# signals, threads and forks; and real programs where they were fetched. jit_modes_long.sh does all of tests/.
# test: engines=once timeout=400
set -e
for mode in --jit-debug=one-insn --jit-debug=no-link --jit-debug=tiny --jit-debug=dual --jit-debug=poll-storm \
    --host-cpu=avx2 --lockstep; do
    echo "$mode"
    elver="$BUILD/elver --engine=jit $mode"
    "$BUILD/tests/unit/insn_random" -n 4 -b 1500 -x "$elver --cpu=max"
    # Lockstep takes stores back: a program whose threads write code and run it is not for it (docs/translator.md).
    changing=insn/changed_code
    [ "$mode" != --lockstep ] || changing=
    for program in $changing insn/flags_returned sys/fork sys/signal sys/signal_fault sys/thread; do
        $elver "$BUILD/tests/$program" >out 2>&1 || { echo "$program:"; cat out; exit 1; }
    done
    [ -x "$DEBIAN/usr/bin/bash" ] || continue
    # shellcheck disable=SC2016 # for the guest's shell
    [ "$($elver -L "$DEBIAN" /usr/bin/bash -c 'for i in 1 2 3; do n=$((n + i)); done; echo $n | /usr/bin/cat' 2>err)" = 6 ]
    $elver -L "$DEBIAN" /usr/bin/ls -l "$DEBIAN" >list 2>err
    [ "$(wc -l <list)" = "$($BUILD/elver -L "$DEBIAN" /usr/bin/ls -l "$DEBIAN" | wc -l)" ]
done

# That they were compared, and not left out.
"$BUILD/elver" --lockstep --jit-stats --log log "$BUILD/tests/insn/flags_returned"
compared=$(sed -n 's/.*lockstep: \([0-9]*\) runs of regions compared.*/\1/p' log | tail -1)
[ "${compared:-0}" -gt 500 ] || { cat log; exit 1; }
