#!/bin/bash
# test: timeout=60
# The crash report: complete, in the log alone, and its last line runs the program again.
. "$TOP/tests/cli/lib.sh"
build p <<'EOT'
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
static __attribute__((noinline)) int inner(int *p) { return *p + 1; }
__attribute__((noinline)) int outer(int *p) { return inner(p) + 2; }
int main(int argc, char **argv)
{
    getppid();
    switch (argv[1][0]) {
    case 'n': return outer((int *)8);
    case 'w': { int *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); *p = 1; return 0; }
    case 'u': __asm__ volatile(".word 0x00000001"); return 0;
    case 'b': __asm__ volatile("brk #7"); return 0;
    case 'j': ((void (*)(void))0x1230)(); return 0;
    }
    return 0;
}
EOT
unset ELVER_LOG
crash() { status "$1" elver --log "$PWD/log" ./p "$2"; }
rm -f log && crash 139 null
contains log 'killed by SIGSEGV .*si_code=SEGV_MAPERR, si_addr=0x8'
contains log '=> 0x[0-9a-f]+  b9400000  ldr w0, \[x0\]'
contains log '#0 0x[0-9a-f]+ in inner\+0 \(.*/p\+'
contains log '#1 0x[0-9a-f]+ in main\+'
contains log 'x0  0000000000000008'
contains log 'getppid\(\) = [0-9]+'
lacks err 'elver'
command=$(tail -1 log)
options=("${ELVER[@]:1}")
[ "$command" = "  elver${options[*]:+ ${options[*]}} -0 './p' '$PWD/p' 'null'" ] || die "to run it again: $command"
rm -f log && crash 139 write
contains log 'SEGV_ACCERR'
contains log 'mapping 0x[0-9a-f]+-0x[0-9a-f]+ r--, may become rwx, private'
rm -f log && crash 132 undefined
contains log 'SIGILL: instruction 00000001 is undefined'
rm -f log && crash 133 brk
contains log 'SIGTRAP: BRK #7'
rm -f log && crash 139 jump
contains log 'pc 0x1230 \(not mapped\)'
# Without a log nothing is written anywhere.
status 139 elver ./p null
lacks err 'elver|inner'
