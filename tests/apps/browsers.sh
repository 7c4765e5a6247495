#!/bin/bash
# test: all needs=browsers timeout=600
# Browsers without a screen: processes that share memory and descriptors, V8 and SpiderMonkey; Chromium's sandbox of
# namespaces and seccomp where the user is not root (as root Chromium refuses it).
. "$TOP/tests/apps/lib.sh"
export HOME=$PWD/home TMPDIR=$PWD
mkdir home profile
cat >page.html <<'X'
<html><body><h1 id="h">no</h1><canvas id="c"></canvas><script>
let w = new Worker(URL.createObjectURL(new Blob(["onmessage = e => postMessage(e.data.map(x => x * x))"])));
document.getElementById("h").textContent = "squares " + [1, 2, 3].map(x => x * x).join(",");
document.getElementById("c").getContext("2d").fillRect(0, 0, 10, 10);
</script></body></html>
X
sandbox=()
[ "$(id -u)" != 0 ] || sandbox=(--no-sandbox)
expect_like '<h1 id="h">squares 1,4,9</h1>' guest /usr/bin/chromium-headless-shell "${sandbox[@]}" --disable-gpu --dump-dom "file://$PWD/page.html" 2>chromium.log
guest /usr/lib/firefox-esr/firefox-esr --headless --no-remote --profile "$PWD/profile" --screenshot "$PWD/page.png" "file://$PWD/page.html" >firefox.log 2>&1 || die "firefox: $(tail -3 firefox.log)"
[ "$(head -c 4 page.png | od -An -tx1 | tr -d ' ')" = 89504e47 ] || die "no picture: $(tail -3 firefox.log)"
