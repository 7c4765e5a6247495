#!/bin/bash
# test: needs=base timeout=120
# busybox' applets, all of which are one program.
. "$TOP/tests/apps/lib.sh"
b() { guest busybox "$@"; }
[ "$(b --list | wc -l)" -gt 200 ] || die "too few applets"
seq 1 500 >n
expect "$(sha1sum n)" b sha1sum n
expect 125250 b awk '{ s += $1 } END { print s }' n
expect "$(sort -rn n | head -3)" b sh -c 'sort -rn n | head -3'
b gzip -c n >n.gz && zcat n.gz | cmp - n
b tar cf t.tar n && tar xOf t.tar n | cmp - n
expect 616263 b sh -c 'printf abc | busybox xxd -p'
expect 3 b expr 1 + 2
expect 'elver' b sed -n 's/^x//p' <<<xelver
b dd if=/dev/urandom of=r bs=4k count=8 2>/dev/null && [ "$(stat -c %s r)" = 32768 ]
expect "$(md5sum r)" b md5sum r
b find . -name 'n*' | b grep -q n.gz
# By two links to what is no file: /dev/stdout, /proc/self/fd/1, a pipe.
expect piped b sh -c 'echo piped >/dev/stdout'
port=$(free_port)
mkdir www && echo 'from busybox' >www/index.html
b httpd -f -p 127.0.0.1:"$port" -h www &
wait_for b wget -q -O /dev/null "http://127.0.0.1:$port/"
expect 'from busybox' b wget -q -O - http://127.0.0.1:"$port"/
kill %1
