#!/bin/bash
# test: needs=tools timeout=240
# Compressors to and fro and against the machine's own, openssl, sqlite3, jq, bc.
. "$TOP/tests/apps/lib.sh"
{
    seq 1 40000
    head -c 200000 /dev/urandom
} >data
sum=$(sha256sum <data)
for c in gzip bzip2 xz 'xz -T2 -6' zstd 'zstd -T2 -9' 'zstd --ultra -20'; do
    # shellcheck disable=SC2086 # a command with its options
    guest $c -q -c data >packed || die "$c"
    # shellcheck disable=SC2086
    [ "$(guest ${c%% *} -d -c <packed | sha256sum)" = "$sum" ] || die "$c -d"
done
guest gzip -c data | gunzip -c | cmp - data || die "gzip beside the machine's gunzip"
guest 7z a -bd a.7z data >/dev/null || die "7z a"
mkdir x && guest 7z x -bd -ox a.7z >/dev/null && cmp x/data data || die "7z x"

expect "SHA2-256(data)= ${sum%% *}" guest openssl dgst -sha256 data
for cipher in aes-256-cbc aes-128-ctr chacha20; do
    guest openssl enc -$cipher -pbkdf2 -pass pass:x -in data -out enc
    guest openssl enc -d -$cipher -pbkdf2 -pass pass:x -in enc | cmp - data || die "$cipher"
done
guest openssl genpkey -quiet -algorithm ed25519 -out ed.pem 2>/dev/null || guest openssl genpkey -algorithm ed25519 -out ed.pem
guest openssl pkey -in ed.pem -pubout -out ed.pub
guest openssl pkeyutl -sign -inkey ed.pem -rawin -in data -out sig
expect_like 'Verified Successfully' guest openssl pkeyutl -verify -pubin -inkey ed.pub -rawin -in data -sigfile sig
guest openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 3 -subj /CN=elver 2>/dev/null
expect 'c.pem: OK' guest openssl verify -CAfile c.pem c.pem

cat >q.sql <<'EOT'
create table t (id integer primary key, v real, s text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) insert into t select i, i * 0.5, 'row ' || i from n;
create index ix on t (s);
begin; delete from t where id % 2; rollback;
select count(*), sum(v), max(s) from t;
select json_extract('{"a":[1,2,{"b":7}]}', '$.a[2].b'), printf('%.3f', avg(v)) from t where s like 'row 1%';
pragma integrity_check;
EOT
expect '20000|100005000.0|row 9999
7|6818.000
ok' guest sqlite3 test.db -bail -init /dev/null '.read q.sql'
expect '[1,4,9]' guest jq -c 'map(. * .)' <<<'[1,2,3]'
expect 3.14159265358979323846264338324 guest bc -l <<<'scale=29; 4*a(1)'
