#!/bin/bash
# test: all engines=once timeout=1800
# A minimal Debian arm64 root from nothing: every maintainer script runs under elver in a chroot, ldconfig's and
# dpkg's too; then apt installs one more package from the mirror. Needs root, in a mount namespace of its own.
set -eu

if [ "${1:-}" != inside ]; then
    [ "$(id -u)" = 0 ] || { echo "a chroot with device nodes needs root"; exit 77; }
    command -v debootstrap >/dev/null || { echo "debootstrap is missing"; exit 77; }
    exec unshare --mount "$0" inside
fi

die() {
    echo "FAILED: $*"
    exit 1
}

root=$PWD/root
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
guest() {
    chroot "$root" /elver "$@"
}

export DEBIAN_FRONTEND=noninteractive
unset TMPDIR ELVER_LOG
debootstrap --foreign --arch=arm64 --variant=minbase trixie "$root" "$mirror" >first.log 2>&1 || {
    tail -5 first.log
    die "debootstrap's first stage"
}
cp "${ELVER%% *}" "$root/elver"
guest /debootstrap/debootstrap --second-stage >second.log 2>&1 || {
    tail -20 second.log
    die "the second stage"
}
bad=$(guest /usr/bin/dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | grep -v '^ii ' || true)
[ -z "$bad" ] || die "not configured: $bad"
[ -s "$root/etc/ld.so.cache" ] || die "ldconfig made no cache"
guest /bin/bash -c 'ldconfig -p | grep -q libc.so.6' || die "the cache does not name the C library"

cp /etc/resolv.conf "$root/etc/"
guest /bin/sh -c 'apt-get -q update && apt-get -q install -y --no-install-recommends hello' >apt.log 2>&1 || {
    tail -20 apt.log
    die "apt-get install"
}
[ "$(guest /usr/bin/hello)" = "Hello, world!" ] || die "hello"
