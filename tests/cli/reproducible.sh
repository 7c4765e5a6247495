#!/bin/bash
# test: engines=once all timeout=600
# The same bytes from another folder, and a build by clang that works.
. "$TOP/tests/cli/lib.sh"
unset BUILD SAN MAKEFLAGS # of the make that runs the tests
mkdir a b
for d in a b; do
    (cd "$TOP" && git ls-files -z --cached --others --exclude-standard Makefile src tools | xargs -0 cp --parents -t "$OLDPWD/$d")
    make -s -C $d -j2 >/dev/null
done
cmp a/build/elver b/build/elver || die "two folders, two programs"
! grep -q "$PWD" a/build/elver || die "the program names the folder it was built in"
make -s -C b -j2 CC=clang BUILD=clang >/dev/null
expect_like '^elver' b/clang/elver --version
