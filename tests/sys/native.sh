#!/bin/bash
# Every system call with every argument spoilt, and every command of those that have commands (tests/sys/calls.c,
# commands.c): the same programs built for this machine and run without elver get the same results, for the kernel
# below is the same. What differs is named here.
# test: timeout=300 alone
set -eu
SYS=$TOP/tests/sys
# The rows that the two architectures, or their processors, answer differently:
#   munmap, get_mempolicy   arm64 takes a tag out of the address
#   madvise, mbind          what lies behind the range differs
#   pkey_*                  x86-64 has keys, and says EINVAL where a processor has none
#   sigaltstack             whether a stack of no size is a change depends on who started the program
#   rseq                    not served: a section in translated code cannot be aborted
left_out='munmap|get_mempolicy|madvise|mbind|pkey_mprotect|pkey_alloc|pkey_free|sigaltstack|rseq|map_shadow_stack'

mkdir here there
for program in calls commands; do
    cc -std=gnu11 -D_GNU_SOURCE -O1 -static -I"$TOP/tests" -I"$TOP/src" -o $program.native "$SYS/$program.c"
    (cd here && ../$program.native >../$program.here) &
    (cd there && $ELVER "$BUILD/tests/sys/$program" >../$program.there)
    wait
done

# A word a line, with its row in front.
words() {
    awk -v left_out="^($left_out)\$" '$1 == "#" && $2 !~ left_out { for (i = 3; i <= NF; i++) print $2, $i }' "$@"
}
words calls.here commands.here >here.words
words calls.there commands.there >there.words
[ "$(wc -l <here.words)" -gt 10000 ] || { echo "few calls were made"; exit 1; }
diff here.words there.words
