#!/bin/bash
# test: quick needs=base timeout=120
# The shells: bash, dash and busybox sh, with pipes, substitutions, traps, here-documents, arrays, background jobs.
. "$TOP/tests/apps/lib.sh"

cat >portable.sh <<'EOT'
set -eu
n=0
for i in 1 2 3 4 5; do n=$((n + i)); done
echo "sum $n"
echo "sub $(echo inner | tr a-z A-Z)"
printf '%s\n' c a b | sort | tr '\n' ' '
echo
(exit 7) || echo "status $?"
trap 'echo "trapped"' USR1
kill -USR1 $$
sh -c 'kill -TERM $$' || echo "term $?"
sleep 0.1 & wait $!
echo "waited $?"
cat <<X
here $n
X
x=$(for w in $(seq 20); do (echo $w) & done; wait)
echo "children $(echo "$x" | wc -l)"
uname -m
EOT
want='sum 15
sub INNER
a b c 
status 7
trapped
term 143
waited 0
here 15
children 20
aarch64'
expect "$want" guest bash portable.sh
expect "$want" guest dash portable.sh
expect "$want" guest busybox sh portable.sh

cat >bash.sh <<'EOT'
declare -A m=([one]=1 [two]=2)
a=(x y z)
echo "${m[two]} ${#a[@]} ${a[-1]}"
[[ "elver-42" =~ ([a-z]+)-([0-9]+) ]] && echo "${BASH_REMATCH[2]}"
mapfile -t lines < <(printf '1\n2\n3\n')
echo "${#lines[@]}"
echo "$((2 ** 40)) ${BASH##*/}"
coproc { while read -r l; do echo "co:$l"; done; }
echo hi >&"${COPROC[1]}"
read -r answer <&"${COPROC[0]}"
echo "$answer"
exec 5<>/dev/null
ls /proc/self/fd | head -3 | tr '\n' ' '
echo
ulimit -n 64 && ulimit -n
echo "${PIPESTATUS[*]}"
time true
EOT
expect '2 3 z
42
3
1099511627776 bash
co:hi
0 1 2 
64
0' guest bash -c 'TIMEFORMAT=; . ./bash.sh 2>/dev/null'
# Exit status and death by a signal are the guest's own.
status=0
guest bash -c 'exit 42' || status=$?
[ $status = 42 ] || die "exit 42 gave $status"
status=0
guest bash -c 'kill -SEGV $$' 2>/dev/null || status=$?
[ $status = 139 ] || die "death by SIGSEGV gave $status"
expect_like '^bash|^GNU bash' guest bash --version
