#!/bin/bash
# test: needs=rust,toolchain timeout=400
# rustc compiles; threads, channels, a panic that is caught and a child process run.
. "$TOP/tests/apps/lib.sh"
cat >t.rs <<'EOT'
use std::{collections::BTreeMap, process::Command, sync::mpsc, thread};
fn main() {
    let (tx, rx) = mpsc::channel();
    for i in 0..8u64 { let tx = tx.clone(); thread::spawn(move || tx.send((i, (1..=i).product::<u64>())).unwrap()); }
    drop(tx);
    let m: BTreeMap<_, _> = rx.iter().collect();
    let caught = std::panic::catch_unwind(|| { let v: Vec<i32> = vec![]; v[0] }).is_err();
    let out = Command::new("echo").arg("child").output().unwrap();
    let missing = Command::new("/nonexistent").spawn().unwrap_err().kind();
    println!("{} {} {} {:?} {}", m[&7], caught, String::from_utf8_lossy(&out.stdout).trim(), missing, std::env::consts::ARCH);
}
EOT
guest rustc -O -C linker=/usr/bin/gcc -o t t.rs
expect '5040 true child NotFound aarch64' guest "$PWD/t" 2>/dev/null
