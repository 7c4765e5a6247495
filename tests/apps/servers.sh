#!/bin/bash
# test: needs=servers,base timeout=240
# redis under redis-benchmark, and nginx serving curl, over loopback.
. "$TOP/tests/apps/lib.sh"
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT

port=$(free_port)
guest redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly yes --dir "$PWD" --daemonize no >redis.log 2>&1 &
cli() { guest redis-cli -p "$port" "$@"; }
wait_for cli ping
expect OK cli set key value
expect value cli get key
expect 3 cli eval 'return redis.call("incrby", KEYS[1], 3)' 1 counter
guest redis-benchmark -p "$port" -q -n 2000 -c 20 -t set,get,lpush,incr >bench 2>&1 || die "redis-benchmark: $(cat bench)"
[ "$(tr '\r' '\n' <bench | grep -c 'requests per second')" -ge 4 ] || die "redis-benchmark: $(cat bench)"
cli bgrewriteaof >/dev/null
sleep 0.3
cli shutdown nosave >/dev/null 2>&1 || true
wait %1 || die "redis ended with $?: $(tail -5 redis.log)"

port=$(free_port)
mkdir -p www logs tmp
seq 1 100000 >www/big
echo 'from nginx' >www/index.html
cat >nginx.conf <<EOT
worker_processes 2;
pid $PWD/nginx.pid;
error_log $PWD/logs/error.log;
daemon off;
$([ "$(id -u)" = 0 ] && echo "user root;")
events { worker_connections 64; }
http {
    access_log $PWD/logs/access.log;
    client_body_temp_path $PWD/tmp; proxy_temp_path $PWD/tmp; fastcgi_temp_path $PWD/tmp; uwsgi_temp_path $PWD/tmp; scgi_temp_path $PWD/tmp;
    gzip on; gzip_types *; sendfile on;
    server { listen 127.0.0.1:$port; root $PWD/www; }
}
EOT
guest nginx -e logs/error.log -p "$PWD" -c "$PWD/nginx.conf" &
fetch() { guest curl -sS --noproxy '*' --max-time 20 "$@"; }
wait_for fetch "http://127.0.0.1:$port/"
expect 'from nginx' fetch "http://127.0.0.1:$port/"
fetch "http://127.0.0.1:$port/big" | cmp - www/big || die "sendfile"
fetch --compressed "http://127.0.0.1:$port/big" | cmp - www/big || die "gzip"
expect 404 fetch -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/none"
for i in $(seq 8); do fetch -o "out.$i" "http://127.0.0.1:$port/big" & pids="${pids:-} $!"; done
# shellcheck disable=SC2086 # process ids
wait $pids
for i in $(seq 8); do cmp "out.$i" www/big || die "parallel fetch $i"; done
guest nginx -e logs/error.log -p "$PWD" -c "$PWD/nginx.conf" -s quit
wait %?nginx || die "nginx ended with $?"
