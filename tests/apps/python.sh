#!/bin/bash
# test: quick needs=base,openssl timeout=600
# Python and the modules that ask most of a system.
. "$TOP/tests/apps/lib.sh"

cat >system.py <<'EOT'
import os, platform, signal, subprocess, sys, tempfile, threading, time, mmap, json, hashlib, zlib, decimal, ctypes
assert platform.machine() == "aarch64", platform.machine()
assert sys.executable.endswith("/usr/bin/python3") or sys.executable.endswith("/usr/bin/python3.13"), sys.executable
assert os.readlink("/proc/self/exe").endswith("/usr/bin/python3.13"), os.readlink("/proc/self/exe")

# subprocess: pipes, status, signals, errors of exec reported to the parent
assert subprocess.run(["cat"], input=b"through a pipe", capture_output=True).stdout == b"through a pipe"
assert subprocess.run(["sh", "-c", "exit 3"]).returncode == 3
assert subprocess.run(["sh", "-c", "kill -9 $$"]).returncode == -signal.SIGKILL
try:
    subprocess.run(["/nonexistent/program"])
    raise SystemExit("exec of nothing succeeded")
except FileNotFoundError:
    pass
pid = os.posix_spawnp("sh", ["sh", "-c", "exit 4"], os.environ)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4
try:
    os.posix_spawn("/nonexistent", ["x"], {})
    raise SystemExit("posix_spawn of nothing succeeded")
except FileNotFoundError:
    pass
p = subprocess.Popen(["sleep", "60"], start_new_session=True)
p.terminate()
assert p.wait() == -signal.SIGTERM

# threads
total, lock = 0, threading.Lock()
def work(n):
    global total
    for _ in range(n):
        with lock:
            total += 1
threads = [threading.Thread(target=work, args=(500,)) for _ in range(16)]
[t.start() for t in threads]; [t.join() for t in threads]
assert total == 8000
event = threading.Event()
threading.Timer(0.05, event.set).start()
assert event.wait(20)

# signals
got = []
signal.signal(signal.SIGALRM, lambda s, f: got.append(s))
signal.setitimer(signal.ITIMER_REAL, 0.05)
signal.pause()
assert got == [signal.SIGALRM]
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.kill(os.getpid(), signal.SIGUSR1)
assert signal.sigwait([signal.SIGUSR1]) == signal.SIGUSR1

# fork, shared memory
m = mmap.mmap(-1, 4096)
if os.fork() == 0:
    m[0:5] = b"child"
    os._exit(0)
os.wait()
assert m[0:5] == b"child"
with tempfile.NamedTemporaryFile() as f:
    f.write(b"x" * 10000); f.flush()
    with mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as mm:
        assert mm[9999:] == b"x"
assert hashlib.sha256(b"elver").hexdigest().startswith("") and zlib.crc32(b"elver") == zlib.crc32(b"elver")
assert ctypes.CDLL(None).getpid() == os.getpid()
assert decimal.Decimal(2).sqrt() == decimal.Decimal("1.414213562373095048801688724")
assert 2.0 ** 0.5 == 1.4142135623730951 and float("1e-310") > 0
print("system ok")
EOT
expect 'system ok' guest python3 system.py

cat >multi.py <<'EOT'
import multiprocessing as mp, os
def square(n): return n * n
def child(q, v):
    with v.get_lock():
        v.value += 1
    q.put(os.getpid())
if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        ctx = mp.get_context(method)
        with ctx.Pool(2) as pool:
            assert pool.map(square, range(20)) == [n * n for n in range(20)]
        q, v = ctx.Queue(), ctx.Value("i", 0)
        ps = [ctx.Process(target=child, args=(q, v)) for _ in range(3)]
        [p.start() for p in ps]
        pids = {q.get() for _ in ps}
        [p.join() for p in ps]
        assert v.value == 3 and pids == {p.pid for p in ps} and all(p.exitcode == 0 for p in ps), method
    from multiprocessing import shared_memory
    s = shared_memory.SharedMemory(create=True, size=100)
    s.buf[0] = 7
    s.close(); s.unlink()
    print("multi ok")
EOT
expect 'multi ok' guest python3 multi.py

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2>/dev/null || die "cannot make a certificate"
cat >net.py <<'EOT'
import asyncio, concurrent.futures, socket, sqlite3, ssl, threading, urllib.request, http.server, os, selectors
# asyncio: server, clients, subprocess, executor
async def main():
    async def echo(r, w):
        w.write(await r.readline()); await w.drain(); w.close()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async def client(n):
        r, w = await asyncio.open_connection("127.0.0.1", port)
        w.write(b"%d\n" % n)
        line = await r.readline(); w.close()
        return int(line)
    assert await asyncio.gather(*(client(n) for n in range(30))) == list(range(30))
    p = await asyncio.create_subprocess_exec("sh", "-c", "echo sub; exit 6", stdout=asyncio.subprocess.PIPE)
    out, _ = await p.communicate()
    assert (out, p.returncode) == (b"sub\n", 6)
    loop = asyncio.get_running_loop()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        assert await loop.run_in_executor(pool, sum, range(100)) == 4950
    server.close()
asyncio.run(main())

# ssl over a socket pair of threads, then https
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); ctx.load_cert_chain("cert.pem", "key.pem")
httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
httpd.socket = ctx.wrap_socket(httpd.socket, server_side=True)
threading.Thread(target=httpd.serve_forever, daemon=True).start()
client = ssl.create_default_context(cafile="cert.pem")
with urllib.request.urlopen(f"https://localhost:{httpd.server_port}/cert.pem", context=client) as r:
    assert r.read() == open("cert.pem", "rb").read()
httpd.shutdown()

# sqlite3, on disk, from two connections
a, b = sqlite3.connect("db", isolation_level=None), sqlite3.connect("db", isolation_level=None)
a.execute("pragma journal_mode=wal"); a.execute("create table t (n integer primary key, s text)")
a.executemany("insert into t values (?, ?)", ((n, str(n)) for n in range(1000)))
assert b.execute("select sum(n), count(s) from t").fetchone() == (499500, 1000)

# descriptors over a unix socket
x, y = socket.socketpair()
r, w = os.pipe()
socket.send_fds(x, [b"fd"], [r])
_, fds, _, _ = socket.recv_fds(y, 10, 1)
os.write(w, b"passed")
assert os.read(fds[0], 10) == b"passed"
print("net ok")
EOT
http_proxy='' https_proxy='' expect 'net ok' guest python3 net.py 
