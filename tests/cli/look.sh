#!/bin/bash
# test: timeout=60 engines=once
# Ways to look at the translator: --dump by symbol and address, --jit-stats, --perf-map and --jitdump.
. "$TOP/tests/cli/lib.sh"
[ "${ENGINE:-default}" != interp ] || { echo "for the translator"; exit 77; }
build p <<'EOT2'
#include <stdio.h>
#include <unistd.h>
#include <sys/wait.h>
__attribute__((noinline)) long collatz(long n) { long k = 0; for (; n != 1; k++) n = n & 1 ? 3 * n + 1 : n / 2; return k; }
__attribute__((noinline)) unsigned sums(unsigned a) { for (int i = 0; i < 100; i++) __asm__ volatile("eor %w0, %w0, %w0, ror #7" : "+r"(a)); return a; }
int main(int argc, char **argv)
{
    long n = 0;
    for (long i = 1; i < 3000; i++) n += collatz(i);
    if (argc > 1 && fork() == 0) { for (long i = 1; i < 300; i++) n += sums(i); _exit(0); }
    if (argc > 1) wait(NULL);
    printf("%d %ld\n", getpid(), n);
}
EOT2
elver() { "${ELVER[@]}" --log "$PWD/log" "$@"; }

rm -f log && elver --dump=collatz ./p >out
contains log 'region [0-9a-f]+\.\.[0-9a-f]+, collatz \[p\]: [0-9]+ instructions, [0-9]+ blocks'
contains log ' x0=rdi .*sp=rbp v0-v7=xmm0-xmm7'
contains log 'block .*a loop: looks at cpu->poll'
contains log '[0-9a-f]{8}  cmp x0, #1 +\[subs_imm, NZCV live'
contains log '        [0-9a-f]+  cmp rdi, 1'
lacks log 'sums'
pc=$(sed -n 's/.*region \([0-9a-f]*\)\.\..*/\1/p' log | head -1)
rm -f log && elver --dump="0x$pc" ./p >out
contains log "region $pc"
rm -f log && elver --dump=p:collatz ./p >out
contains log "region $pc"
rm -f log && elver --dump=q:collatz ./p >out
[ ! -e log ] || lacks log region

rm -f log && elver --jit-stats ./p >out
contains log '[0-9]+ regions of [0-9]+ instructions, [0-9]+ links, 0 regions dropped, 0 times emptied'
contains log 'bytes of host code, [1-9]\.[0-9]+ for a byte'
contains log '[0-9.]+ ms translating'

# The child has files of its own, with what the parent had translated.
elver --perf-map --jitdump ./p child >out
pid=$(cut -d' ' -f1 out)
contains "/tmp/perf-$pid.map" '^[0-9a-f]+ [0-9a-f]+ collatz \[p\]$'
lacks "/tmp/perf-$pid.map" sums
python3 - "$pid" <<'EOT2'
import glob, os, struct, sys
def load(path):
    data, found = open(path, "rb").read(), {}
    magic, version, head, machine, _, pid, _, _ = struct.unpack_from("<6I2Q", data)
    assert (magic, version, head, machine) == (0x4a695444, 1, 40, 62), "header"
    assert path == f"/tmp/jit-{pid}.dump", "process"
    at, indexes = head, []
    while at < len(data):
        kind, size, _, owner, tid, vma, code, length, index = struct.unpack_from("<2IQ2I4Q", data, at)
        assert kind == 0 and owner == pid and tid and vma == code, "record"
        name = data[at + 56 : data.index(b"\0", at + 56)].decode()
        assert size == 56 + len(name) + 1 + length, "size"
        found[name] = data[at + size - length : at + size]
        indexes.append(index)
        at += size
    assert at == len(data) and len(set(indexes)) == len(indexes), "end"
    return found
parent = int(sys.argv[1])
here = load(f"/tmp/jit-{parent}.dump")
assert "collatz [p]" in here and "sums [p]" not in here, sorted(here)
assert here["collatz [p]"].find(bytes.fromhex("4883ff01")) >= 0, "no cmp rdi, 1 in the code"
children = [p for p in glob.glob("/tmp/jit-*.dump") if parent < int(p[9:-5]) <= parent + 64]
assert any({"collatz [p]", "sums [p]"} <= set(load(p)) for p in children), [sorted(load(p)) for p in children]
for p in [f"/tmp/jit-{parent}.dump", f"/tmp/perf-{parent}.map"] + children + [
        p.replace("jit-", "perf-").replace(".dump", ".map") for p in children]:
    os.remove(p)
EOT2
if command -v perf >/dev/null && perf record -k mono -o data "${ELVER[@]}" --jitdump ./p >out 2>err; then
    perf inject --jit -i data -o injected
    perf report -i injected --stdio 2>/dev/null >report
    contains report 'collatz \[p\]'
    rm -f "/tmp/jit-$(cut -d' ' -f1 out).dump"
fi
