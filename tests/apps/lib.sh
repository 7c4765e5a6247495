# What the scripts of this folder share: sourced first. Guest programs are those of $DEBIAN (tools/debian-arm64.sh);
# run them by "guest PROGRAM ARGS", where a name without slash is looked up in its /usr/bin and /usr/sbin.
# shellcheck shell=bash
set -eu -o pipefail

# The stand-in RUNNER (tools/run-tests sets ELVER) is one command line.
# shellcheck disable=SC2206 # ELVER is a list of words
RUNNER=($ELVER --sysroot "$DEBIAN")

guest() {
    local program=$1
    shift
    case $program in
    /*) ;;
    *) if [ -e "$DEBIAN/usr/bin/$program" ] || [ -L "$DEBIAN/usr/bin/$program" ]; then
        program=/usr/bin/$program
    else
        program=/usr/sbin/$program
    fi ;;
    esac
    "${RUNNER[@]}" "$program" "$@"
}

die() {
    echo "FAILED: $*"
    exit 1
}

# expect WANT COMMAND...: the command succeeds and prints exactly WANT.
expect() {
    local want=$1 got
    shift
    got=$("$@") || die "exit status $? of: $*"
    [ "$got" = "$want" ] || die "$* printed '$got' and not '$want'"
}

# expect_like REGEX COMMAND...: the command succeeds and a line of its output matches.
expect_like() {
    local want=$1 got
    shift
    got=$("$@") || die "exit status $? of: $*"
    grep -Eq -- "$want" <<<"$got" || die "$* printed '$got', nothing like '$want'"
}

# wait_for COMMAND...: until it succeeds, for 30 s at most.
wait_for() {
    for _ in $(seq 300); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    die "never came true: $*"
}

# A TCP port of loopback that nobody uses now.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
