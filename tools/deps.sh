#!/bin/bash
# Installs the Debian packages that a target needs and that are missing, saying which; where it may not
# (no root, no sudo without a password) it prints the command that somebody else may run, and fails.
#
# usage: tools/deps.sh [build|test|lint|fuzz|bench|real|all]...
set -eu

packages_of() {
    case $1 in
    build) echo gcc make libc6-dev libcapstone-dev binutils-aarch64-linux-gnu ;;
    test) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross libcmocka-dev python3 debian-archive-keyring \
        ca-certificates util-linux qemu-user git openssl gdb-multiarch ;;
    lint) echo clang clang-format clang-tidy shellcheck python3 git libcmocka-dev libcapstone-dev ;;
    fuzz) echo clang libclang-rt-14-dev ;;
    bench) echo qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross python3 ;;
    real) echo qemu-system-arm cpio python3 ;;
    all) for s in build test lint fuzz real; do packages_of $s; done; echo qemu-user debootstrap ;;
    *) echo "deps: no such set: $1" >&2; exit 2 ;;
    esac
}

[ $# -gt 0 ] || set -- build
missing=()
for set_name in "$@"; do
    for package in $(packages_of "$set_name"); do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || missing+=("$package")
    done
done
[ ${#missing[@]} -gt 0 ] || exit 0

command=(apt-get install -y --no-install-recommends "${missing[@]}")
if ! command -v apt-get >/dev/null; then
    echo "deps: this is no Debian machine; please install what these packages hold: ${missing[*]}" >&2
    exit 1
elif [ "$(id -u)" = 0 ]; then
    as_root=()
elif sudo -n true 2>/dev/null; then
    as_root=(sudo)
else
    echo "deps: packages are missing and I may not install them. Please run:" >&2
    echo "    sudo ${command[*]}" >&2
    exit 1
fi

echo "deps: ${as_root[*]} ${command[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -qq update </dev/null
"${as_root[@]}" "${command[@]}" -qq </dev/null >/dev/null
