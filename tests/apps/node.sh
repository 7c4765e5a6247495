#!/bin/bash
# test: needs=node timeout=300
# Node.js: V8's code, worker_threads, child_process, http, npm.
. "$TOP/tests/apps/lib.sh"
cat >t.js <<'EOT'
const { Worker, isMainThread, parentPort, workerData } = require("worker_threads");
if (!isMainThread) {
    let s = 0;
    for (let i = 0; i < 300000; i++) s = (s + i * workerData) % 1000003;
    parentPort.postMessage(s);
} else {
    const assert = require("assert"), cp = require("child_process"), http = require("http"), crypto = require("crypto"), fs = require("fs"), zlib = require("zlib");
    assert.strictEqual(process.arch, "arm64");
    assert.strictEqual(cp.execSync("echo child").toString(), "child\n");
    assert.strictEqual(cp.spawnSync("sh", ["-c", "exit 4"]).status, 4);
    assert.strictEqual(cp.spawnSync("/nonexistent").error.code, "ENOENT");
    const work = n => new Promise((res, rej) => new Worker(__filename, { workerData: n }).on("message", res).on("error", rej));
    const serve = () => new Promise(res => {
        const s = http.createServer((q, r) => r.end("path " + q.url)).listen(0, "127.0.0.1", () =>
            http.get({ port: s.address().port, path: "/x" }, r => { let b = ""; r.on("data", d => b += d).on("end", () => { s.close(); res(b); }); }));
    });
    (async () => {
        const out = await Promise.all([work(1), work(2), work(3), serve()]);
        const a = Array.from({ length: 50000 }, (_, i) => (i * 7919) % 50021).sort((x, y) => x - y);
        const w = zlib.gunzipSync(zlib.gzipSync(Buffer.alloc(100000, "elver"))).length;
        fs.writeFileSync("f", "x".repeat(1000));
        const f = await fs.promises.stat("f");
        console.log(out.join(" "), a[25000] > 0, w, f.size, crypto.createHash("sha256").update("elver").digest("hex").length, (2n ** 100n).toString(), "a1b22".replace(/\d+/g, "#"));
        const fork = cp.fork(__filename + ".child.js");
        fork.on("message", m => { console.log(m); }).on("exit", c => process.exit(c));
    })();
}
EOT
echo 'process.send("from the fork"); process.exitCode = 7;' >t.js.child.js
status=0
guest node t.js >out || status=$?
[ $status = 7 ] || die "exit status $status: $(cat out)"
expect_like '^[0-9]+ [0-9]+ [0-9]+ path /x true 100000 1000 64 1267650600228229401496703205376 a#b#$' cat out
expect_like 'from the fork' cat out
expect 'wasm 42' guest node -e 'const b=new Uint8Array([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,5,1,1,109,0,0,10,9,1,7,0,32,0,32,1,108,11]);WebAssembly.instantiate(b).then(m=>console.log("wasm",m.instance.exports.m(6,7)))'
expect_like '^[0-9]+\.[0-9]+' guest npm --version
