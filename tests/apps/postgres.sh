#!/bin/bash
# test: needs=servers timeout=300
# PostgreSQL as an ordinary user: initdb, server, createdb, psql, a crash and its recovery.
. "$TOP/tests/apps/lib.sh"
bin=$(cd "$DEBIAN" && echo usr/lib/postgresql/*/bin)
[ -x "$DEBIAN/$bin/postgres" ] || die "no postgres in $DEBIAN"
if [ "$(id -u)" = 0 ]; then
    # The server refuses to run as root.
    chown -R nobody . && chmod 755 .
    as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$PWD" ELVER_LOG="$PWD/log")
else
    as_user=()
fi
pg() {
    local program=$1
    shift
    "${as_user[@]}" "${RUNNER[@]}" "/$bin/$program" "$@"
}
trap 'pg pg_ctl -D "$PWD/db" -m immediate stop >/dev/null 2>&1 || true' EXIT
pg initdb -D "$PWD/db" -U tester --no-sync -E UTF8 --locale=C >initdb.log 2>&1 || die "initdb: $(tail -5 initdb.log)"
port=$(free_port)
start() { pg pg_ctl -D "$PWD/db" -w -t 100 -l "$PWD/server.log" -o "-p $port -k $PWD -c fsync=off" start >/dev/null || die "start: $(tail -5 server.log)"; }
start
pg createdb -h "$PWD" -p "$port" -U tester shop
sql() { pg psql -h 127.0.0.1 -p "$port" -U tester -d shop -XAtqc "$1"; }
sql 'create table item (id serial primary key, name text unique, price numeric(10,2))'
sql "insert into item (name, price) select 'item ' || i, i * 1.25 from generate_series(1, 5000) i"
expect '5000|15628125.00' sql 'select count(*), sum(price) from item'
expect 'item 4999' sql "select name from item where name ~ '^item 4+9' order by price desc limit 1"
for _ in 1 2 3 4; do sql "update item set price = price + 1 where id <= 100" & done
wait
expect '400.00' sql 'select sum(price) - 5050 * 1.25 from item where id <= 100'
pg pg_ctl -D "$PWD/db" -m immediate stop >/dev/null
start
expect 5000 sql 'select count(*) from item'
pg pg_ctl -D "$PWD/db" -m fast -w stop >/dev/null
trap - EXIT
