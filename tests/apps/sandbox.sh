#!/bin/bash
# test: all needs=base timeout=120
# Namespaces that the guest makes for itself: users, host names, processes, and a chroot within them.
. "$TOP/tests/apps/lib.sh"
unshare -r true 2>/dev/null || { echo "no user namespaces here"; exit 77; }
expect 0 guest unshare -r id -u
expect elver-inside guest unshare -ru bash -c 'hostname elver-inside; uname -n'
expect 1 guest unshare -rpf bash -c 'echo $$'
mkdir -p root/bin
cp "$DEBIAN/usr/bin/busybox" root/bin/
mkdir -p root/lib/aarch64-linux-gnu
cp "$DEBIAN"/lib/ld-linux-aarch64.so.1 root/lib/
cp "$DEBIAN"/lib/aarch64-linux-gnu/lib{c.so.6,resolv.so.2,m.so.6} root/lib/aarch64-linux-gnu/ 2>/dev/null || true
expect 'bin lib' guest unshare -r chroot "$PWD/root" /bin/busybox sh -c 'echo $(/bin/busybox ls /)'
