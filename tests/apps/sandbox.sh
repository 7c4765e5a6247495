#!/bin/bash
# test: all needs=base,debug timeout=120
# Namespaces that the guest makes for itself: users, host names, processes, mounts, networks, a chroot within
# them, and bubblewrap, which puts all of it together.
. "$TOP/tests/apps/lib.sh"
unshare -r true 2>/dev/null || { echo "no user namespaces here"; exit 77; }
expect 0 guest unshare -r id -u
expect elver-inside guest unshare -ru bash -c 'hostname elver-inside; uname -n'
expect 1 guest unshare -rpf bash -c 'echo $$'
expect_like '^root +1 ' guest unshare -rmpf --mount-proc /usr/bin/ps aux
expect lo guest unshare -rn sed -n 's/^ *\(lo\):.*/\1/p' /proc/net/dev
expect 'in the sandbox' guest bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --unshare-all \
    /usr/bin/bash -c 'touch /tmp/x && ! touch /usr/x 2>/dev/null && echo "in the sandbox"'
[ "$(hostname)" != elver-inside ] || die "the name of the machine itself was changed"
mkdir -p root/bin
cp "$DEBIAN/usr/bin/busybox" root/bin/
mkdir -p root/lib/aarch64-linux-gnu
cp "$DEBIAN"/lib/ld-linux-aarch64.so.1 root/lib/
cp "$DEBIAN"/lib/aarch64-linux-gnu/lib{c.so.6,resolv.so.2,m.so.6} root/lib/aarch64-linux-gnu/ 2>/dev/null || true
expect 'bin lib' guest unshare -r chroot "$PWD/root" /bin/busybox sh -c 'echo $(/bin/busybox ls /)'
