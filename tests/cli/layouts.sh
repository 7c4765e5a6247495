#!/bin/bash
# Guest tests where the host lays memory out in other ways, has little of something, or nothing: each is a real
# kernel's own situation, so each test passes there as everywhere.
# test: timeout=300
. "$TOP/tests/cli/lib.sh"
tests=(mm_calls mm_space mm_shared mm_random exec fork thread signal_fault vectors)

# Where it happens; what is run begins with "under".
run() {
    local where=$1 name
    shift
    for name in "${tests[@]}"; do
        "$@" "${ELVER[@]}" "$BUILD/tests/sys/$name" >log 2>&1 </dev/null || die "$where: $name: $(tail -20 log)"
        lacks log '^FAIL'
    done
}

limited() {
    ulimit "$1" "$2"
    shift 2
    "$@"
}

run 'no randomisation' setarch -R
run 'legacy layout' setarch -L
run 'legacy layout, no randomisation' setarch -L -R
run 'a stack of 3 GiB' limited -Ss $((3 << 20))
run 'a stack without limit' limited -Ss unlimited
# Without those that reserve more.
tests=(exec fork signal signal_fault vectors)
run 'an address space of 2 GiB' limited -Sv $((2 << 20))

bits=/proc/sys/vm/mmap_rnd_bits
if [ -w $bits ]; then
    before=$(cat $bits)
    trap 'echo $before >$bits' EXIT
    for most in 33 32 31 30 28; do
        echo $most 2>/dev/null >$bits && break
    done
    run "$most random bits" env
    echo "$before" >$bits
    trap - EXIT
fi

# Without standard descriptors the program gets the numbers 0 to 2 itself, and nothing of ours is written there.
build p <<'EOT'
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "closed")) {
        if (open("/dev/null", O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2 || dup(0) != 3) return 3;
        for (int fd = 0; fd < 4; fd++) close(fd);
        return argc > 3 ? execv(argv[0], (char *[]){argv[0], "closed", "again", 0}) : 42;
    }
    if (argc > 2 && !strcmp(argv[1], "exec")) execv(argv[2], argv + 2);
    int fd = 2;
    while (fd >= 0 && dup(fd) >= 0) fd++;
    return argc > 1 ? 41 : 40;
}
EOT
code=0
elver ./p closed once more <&- >&- 2>&- || code=$?
[ $code = 42 ] || die "stdio closed: $code"

# Few descriptors: the runtime keeps the most that it needs for itself, exec finds room, the guest runs out of its own.
for most in 64 20 14; do
    status 40 limited -n $most elver ./p
    status 41 limited -n $most elver ./p exec "$PWD/p" exec "$PWD/p" x
done

# What mounts need: root, or one in a namespace.
if [ "$(id -u)" = 0 ]; then
    apart=(unshare -m)
elif unshare -rm true 2>/dev/null; then
    apart=(unshare -rm)
else
    exit 0
fi
mkdir -p small
cat >disk.sh <<'EOT'
set -eu
mount -t tmpfs -o size=4m none small
cp p small/p
cd small
if [ "$1" = full ]; then
    dd if=/dev/zero of=fill bs=4k 2>/dev/null || true
else
    mount -o remount,ro .
fi
shift
code=0
TMPDIR=$PWD ELVER_LOG=$PWD/log "$@" ./p exec ./p exec ./p x || code=$?
exit $code
EOT
status 41 "${apart[@]}" bash disk.sh full "${ELVER[@]}"
[ ! -s err ] || die "a full disk: $(cat err)"
ELVER_LOG='' status 41 "${apart[@]}" bash disk.sh read-only env -u ELVER_LOG "${ELVER[@]}"
[ ! -s err ] || die "a read-only disk: $(cat err)"
