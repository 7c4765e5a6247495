#!/bin/bash
# test: timeout=60
# Exit statuses, deaths by signal, 126 and 127 with a sentence, and nothing else ever on stderr.
. "$TOP/tests/cli/lib.sh"
build p <<'EOT'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv)
{
    if (argc == 3 && argv[1][0] == 'e') exit(atoi(argv[2]));
    if (argc == 3 && argv[1][0] == 's') { kill(getpid(), atoi(argv[2])); pause(); }
    for (int i = 0; i < argc; i++) printf("%s\n", argv[i]);
    if (argc == 2 && argv[1][0] == 'E') for (char **e = environ; *e; e++) printf("%s\n", *e);
    if (argc == 2 && argv[1][0] == 'd') { char d[4096]; printf("%s\n", getcwd(d, sizeof d)); }
    return 0;
}
EOT
for code in 0 1 42 125 126 127 255; do status $code elver ./p exit $code; [ ! -s err ] || die "words on stderr: $(cat err)"; done
for sig in 1 2 3 6 9 11 13 14 15 34 64; do
    status $((128 + sig)) elver ./p signal $sig
    lacks err '^elver'
done
status 127 elver ./none
contains err '^elver: .*none'
status 126 elver /tmp
echo 'not a program' >text && chmod +x text
printf '\x7fELF\x02\x01\x01' >short && chmod +x short
status 126 elver ./short
contains err '^elver: '
cp p noexec && chmod -x noexec
status 126 elver ./noexec
contains err '^elver: .*noexec'
status 126 elver
contains err '^elver: which program'
# The program's arguments are never ours.
status 0 elver ./p --help --version -L x --
[ "$(cat out)" = $'./p\n--help\n--version\n-L\nx\n--' ] || die "arguments: $(cat out)"
status 0 elver -- ./p a
[ "$(cat out)" = $'./p\na' ] || die "--: $(cat out)"
status 0 elver -0 other ./p
[ "$(cat out)" = other ] || die "-0: $(cat out)"
# Environment: the guest's is the caller's own, unless asked otherwise.
status 0 env -i A=1 B=2 "${ELVER[@]}" -E C=3 -U A ./p E
[ "$(sed 1,2d out | LC_ALL=C sort)" = $'B=2\nC=3' ] || die "environment: $(cat out)"
status 0 env -i A=1 "${ELVER[@]}" --clear-env -E ONLY=this ./p E
[ "$(sed 1,2d out)" = ONLY=this ] || die "--clear-env: $(cat out)"
mkdir -p deep/down
status 0 elver --workdir deep/down "$PWD/p" d
[ "$(tail -1 out)" = "$PWD/deep/down" ] || die "--workdir: $(cat out)"
# Wrong options are said to be wrong, and nothing runs.
for bad in --no-such-option --engine=none --cpu=none --jit-cache=many; do
    code=0
    elver $bad ./p >out 2>err || code=$?
    [ $code -ne 0 ] && [ ! -s out ] && grep -q '^elver: ' err || die "$bad: status $code, $(cat out err)"
done
status 0 elver --version
contains out '^elver [0-9]'
status 0 elver --help
contains out 'sysroot'
status 0 elver --cpu help
contains out 'neoverse-n1'
