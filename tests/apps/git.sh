#!/bin/bash
# test: needs=tools,base timeout=180
# git: init, commits, branches, merge, log, clone over a path, gc, fsck.
. "$TOP/tests/apps/lib.sh"
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
g() { guest git -C repo "$@"; }
guest git init -q -b main repo
seq 1 200 >repo/numbers
g add numbers
g commit -q -m first
g checkout -q -b side
sed -i 's/^100$/hundred/' repo/numbers
g commit -q -a -m side
g checkout -q main
echo tail >>repo/numbers
g commit -q -a -m main
g merge -q -m merged side
expect $'first\nmain\nmerged\nside' sort <<<"$(g log --format=%s)"
grep -q hundred repo/numbers || die "merge lost a change"
guest git clone -q repo clone
expect "$(git -C repo rev-parse HEAD)" guest git -C clone rev-parse HEAD
g gc -q
g fsck --full --strict 2>&1 | grep -v '^dangling' || true
git -C repo fsck --full 2>/dev/null || die "the machine's own git finds the repository broken"
expect "$(git -C repo log --stat)" guest git -C repo log --stat
expect "" guest git -C clone status --porcelain
