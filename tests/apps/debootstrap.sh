#!/bin/bash
# test: all engines=once timeout=1500
# A minimal Debian arm64 root made by its own maintainer scripts: debootstrap's first stage on this machine, the second
# in a chroot under elver; then apt-get installs one more package from the mirror inside. Needs root or user namespaces.
. "$TOP/tests/apps/lib.sh"
command -v debootstrap >/dev/null || { echo "debootstrap is not installed"; exit 77; }
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
cat >inside.sh <<'EOT'
set -eu
root=$PWD/root
debootstrap --arch=arm64 --foreign --variant=minbase trixie "$root" "$MIRROR" >first.log 2>&1 || { tail -20 first.log; exit 1; }
# elver is one static file: inside the chroot it is all that is needed. Its own programs are arm64, so each is started by
# the one before it.
install -m755 "${ELVER%% *}" "$root/elver"
mkdir -p "$root/proc" "$root/sys" "$root/dev"
mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
options=${ELVER#"${ELVER%% *}"}
in_root() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive ELVER_LOG=/elver.log chroot "$root" /elver $options "$@"; }
in_root /bin/sh /debootstrap/debootstrap --second-stage || { tail -30 "$root/debootstrap/debootstrap.log" "$root/elver.log"; exit 1; }
[ ! -e "$root/debootstrap" ] || { echo "the second stage did not end"; exit 1; }
[ -s "$root/etc/ld.so.cache" ] || { echo "ldconfig did not run"; exit 1; }
in_root /usr/bin/dpkg --audit
in_root /usr/bin/apt-get -o APT::Sandbox::User=root -qq update
in_root /usr/bin/apt-get -o APT::Sandbox::User=root -qq install -y --no-install-recommends hello
[ "$(in_root /usr/bin/hello)" = "Hello, world!" ] || exit 1
echo complete
EOT
export MIRROR ELVER
if [ "$(id -u)" = 0 ]; then space=(unshare -m); else space=(unshare -rm --map-auto); fi
"${space[@]}" bash inside.sh >out 2>&1 || { tail -40 out; die "inside"; }
[ "$(tail -1 out)" = complete ] || die "$(tail -5 out)"
