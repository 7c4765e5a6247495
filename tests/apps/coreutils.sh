#!/bin/bash
# test: quick needs=base timeout=180
# coreutils and its neighbours on real files.
. "$TOP/tests/apps/lib.sh"

mkdir -p tree/a/b tree/c
seq 1 1000 >tree/a/numbers
head -c 100000 /dev/urandom >tree/a/b/random
ln -s a/numbers tree/link
expect "$(sha256sum tree/a/b/random)" guest sha256sum tree/a/b/random
expect "$(md5sum <tree/a/numbers)" guest md5sum <tree/a/numbers
expect "$(cksum tree/a/b/random)" guest cksum tree/a/b/random
expect "$(b2sum tree/a/b/random)" guest b2sum tree/a/b/random
expect "$(base64 tree/a/b/random)" guest base64 tree/a/b/random
expect "$(wc tree/a/numbers)" guest wc tree/a/numbers
expect "$(LC_ALL=C sort -r tree/a/numbers | head -5)" guest bash -c 'sort -r tree/a/numbers | head -5'
expect "$(find tree | LC_ALL=C sort)" guest bash -c 'find tree | LC_ALL=C sort'
expect 500500 guest gawk '{ s += $1 } END { print s }' tree/a/numbers
expect 500500 guest mawk '{ s += $1 } END { print s }' tree/a/numbers
expect 271 guest grep -c 1 <<<"$(seq 1 999)"
expect "a-b-c" guest sed 's/ /-/g' <<<"a b c"
expect "1 10 100" guest bash -c 'seq 1 200 | grep -E "^10*$" | xargs echo'
expect "2 3 5 7 11 13" guest bash -c 'factor $(seq 2 13) | awk "NF == 2 { print \$2 }" | paste -sd" "'
expect 'a/numbers' guest readlink tree/link
expect "$PWD/tree/a/numbers" guest realpath tree/link
expect 'regular file 100000' guest stat -c '%F %s' tree/a/b/random
guest cp -a tree copy
guest diff -r tree copy || die "copy differs"
guest mv copy/a moved && guest rm -r copy moved tree/c
[ ! -e copy ] && [ ! -e tree/c ] || die "rm left something"
guest tar czf t.tgz tree
expect_like '^tree/a/b/random$' tar tzf t.tgz
guest dd if=/dev/zero of=zeros bs=64k count=16 status=none
[ "$(stat -c %s zeros)" = 1048576 ] || die "dd"
guest touch -d '2020-02-02 02:02:02 UTC' stamp
[ "$(stat -c %Y stamp)" = 1580608922 ] || die "touch"
expect '2020-02-02' guest date -u -d @1580608922 +%F
guest ls -la --color=never tree >/dev/null
guest df . >/dev/null
expect "$(id -u)" guest id -u
expect "$(nproc)" guest nproc
expect aarch64 guest uname -m
guest timeout 0.2 sleep 10 && die "timeout"
expect 'x y' guest env -i A='x y' printenv A
guest split -n 4 -d tree/a/b/random part. && cat part.0? | cmp - tree/a/b/random || die "split"
expect_like ' bash$' guest bash -c 'ps -o comm= -p $$ | sed "s/^/ /"'
expect_like 'Architecture: +aarch64' guest lscpu
echo "$(guest ls /usr/bin | wc -l) programs"
