#!/bin/bash
# test: needs=base timeout=60
# Options from ELVER_* and the config file, and their order; the sysroot of the environment reaches the children.
. "$TOP/tests/cli/lib.sh"
export XDG_CONFIG_HOME=$PWD/config
ELVER_SYSROOT=$DEBIAN expect aarch64 elver /usr/bin/uname -m
ELVER_SYSROOT=$DEBIAN expect aarch64 elver /usr/bin/bash -c 'uname -m'
ELVER_SYSROOT=/nonexistent expect aarch64 elver --sysroot "$DEBIAN" /usr/bin/bash -c '/bin/sh -c "uname -m"'
mkdir -p config/elver
printf '# comment\nsysroot=%s\n' "$DEBIAN" >config/elver/config
expect aarch64 elver /usr/bin/uname -m
expect aarch64 elver -L "$DEBIAN" /usr/bin/uname -m
# With --sysroot-only the machine's own files do not exist.
echo secret >here
status 1 elver --sysroot-only --sysroot "$DEBIAN" /usr/bin/cat "$PWD/here"
lacks out secret
expect secret elver --sysroot "$DEBIAN" /usr/bin/cat "$PWD/here"
# The processor that is asked for is the one that is seen.
expect_like 'CPU part.*0xd0c' elver --cpu neoverse-n1 --sysroot "$DEBIAN" /usr/bin/cat /proc/cpuinfo
expect_like 'Neoverse-N1' elver --cpu neoverse-n1 --sysroot "$DEBIAN" /usr/bin/lscpu
# What the host would be slow at is not announced, unless a processor that has it was asked for.
ELVER_SYSROOT=$DEBIAN expect_like 'pmull crc32' elver --engine=jit --host-cpu=avx2 /usr/bin/cat /proc/cpuinfo
ELVER_SYSROOT=$DEBIAN expect_like 'sha1 sha2' elver --host-cpu=avx2 --cpu=v8.0 /usr/bin/cat /proc/cpuinfo
