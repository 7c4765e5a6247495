#!/bin/bash
# test: engines=once needs=base,debug timeout=300
# The commands of README.md and docs/usage.md are run as they stand there. A block of four blanks is a script; a line
# that starts with "$ " is followed by what it prints. What builds, fetches or installs is tried by other tests.
. "$TOP/tests/cli/lib.sh"
ln -s "$TOP/build" build
mkdir bin && ln -s "$BUILD/elver" bin/elver
export PATH=$PWD/bin:$PATH
unset ELVER_LOG
build program <<<'#include <stdio.h>
int main(int argc, char **argv) { puts(argc > 1 ? argv[1] : "no argument"); return 0; }'
tried=0
for doc in "$TOP/README.md" "$TOP/docs/usage.md"; do
    want='' command=''
    try() {
        [ -n "$command" ] || return 0
        got=$(bash -c "$command" 2>&1 </dev/null) || die "$doc: '$command' failed: $got"
        [ -z "$want" ] || [ "$got" = "${want%$'\n'}" ] || die "$doc: '$command' printed '$got' and not '${want%$'\n'}'"
        tried=$((tried + 1))
        command='' want=''
    }
    while IFS= read -r line; do
        case $line in
        '    $ '*) try && command=${line#'    $ '} ;;
        '    make'* | '    git '* | '    tools/'* | '    sudo '* | '    elver /usr/bin/bash' | '    export '*) try ;;
        '    elver '*) try && command=${line#'    '} ;;
        '    '*) [ -z "$command" ] || want+=${line#'    '}$'\n' ;;
        *) try ;;
        esac
    done <"$doc"
    try
done
[ $tried -ge 8 ] || die "only $tried commands were found"
