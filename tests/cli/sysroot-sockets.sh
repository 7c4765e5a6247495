#!/bin/bash
# Sockets named by a path inside the sysroot: bound, found and told by the guest's name; found too where the
# host's path is longer than a socket's name may be. test: quick
set -eu
short=$TMPDIR/short long=$TMPDIR/$(printf 'long-%.0s' {1..30})
mkdir -p "$short/only-here" "$long/only-here"
export SOCKETS_DIR=/only-here
$ELVER --sysroot="$short" "$BUILD/tests/sys/sockets" named_unix_sockets bound_and_found_by_path
$ELVER --sysroot="$long" "$BUILD/tests/sys/sockets" bound_and_found_by_path
[ -z "$(find "$short/only-here" "$long/only-here" -mindepth 1)" ] || { echo "a socket was not removed"; exit 1; }
[ ! -e /only-here ] || { echo "something was made outside of the sysroot"; exit 1; }
