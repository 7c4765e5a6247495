#!/bin/bash
# test: engines=once needs=base timeout=60
# tools/binfmt in a user namespace with a binfmt_misc of its own (Linux 6.7): arm64 programs start by their names alone.
. "$TOP/tests/cli/lib.sh"
build p <<<'#include <stdio.h>
int main(int argc, char **argv) { printf("%d %s %s\n", argc, argv[0], argv[1]); return 5; }'
cat >inside.sh <<'EOT'
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc || exit 77
"$TOP/tools/binfmt" register "$BUILD/elver" >registered || exit 1
grep -q "^enabled" registered || exit 1
(exec -a zero ./p one) >out
echo $? >>out
"$TOP/tools/binfmt" unregister
EOT
status=0
unshare -rmpf --mount-proc bash inside.sh 2>err || status=$?
if [ $status = 77 ] || grep -q 'unshare' err; then
    echo "no binfmt_misc in a user namespace here: $(head -1 err)"
    exit 77
fi
[ $status = 0 ] || die "inside ended with $status: $(cat err)"
expect $'2 zero one\n5' cat out
