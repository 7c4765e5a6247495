# What the scripts of this folder share: sourced first.
# shellcheck shell=bash
set -eu -o pipefail
. "$TOP/tests/apps/lib.sh"

# The command line alone, without a sysroot.
# shellcheck disable=SC2206 # ELVER is a list of words
ELVER=($ELVER)
elver() { "${ELVER[@]}" "$@"; }

# build NAME <<source: a static arm64 program ./NAME.
build() { aarch64-linux-gnu-gcc -std=gnu11 -O1 -g -fno-omit-frame-pointer -static -pthread -w -x c -o "$1" -; }

# status WANT COMMAND...: it ends with that status; its output is in ./out and ./err.
status() {
    local want=$1 got=0
    shift
    "$@" >out 2>err || got=$?
    [ "$got" = "$want" ] || die "$* ended with $got and not $want: $(cat out err)"
}

# A file contains a line that matches.
contains() { grep -Eq -- "$2" "$1" || die "$1 has no line like '$2': $(head -50 "$1")"; }
lacks() { ! grep -Eq -- "$2" "$1" || die "$1 has a line like '$2': $(head -50 "$1")"; }
