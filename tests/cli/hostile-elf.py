#!/usr/bin/env python3
# Damaged programs, executed from the command line and by a guest: each ends in an error or in a signal
# that a program of arm64 may die of, and elver itself never breaks. Rounds: $1.
# test: timeout=120 engines=once
import os, random, re, shutil, signal, subprocess, sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 600
ELVER, BUILD, TOP = os.environ["ELVER"].split(), os.environ["BUILD"], os.environ["TOP"]
OURS = re.compile(rb"bug:|runtime|elver: .*(crash|broke)")
# What a wild program may end with: its own status, elver's two, or a signal.
SIGNALS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP, signal.SIGKILL, signal.SIGSYS}

SOURCE = r"""
    .globl _start
_start: mov x0, #0
    mov x8, #93
    svc #0
    .data
    .quad 1
    .bss
    .skip 70000
"""

# What executes the damaged file as a guest does: the result of execve is the exit status.
EXECUTOR = r"""
    .globl _start
_start: ldr x0, [sp, #16]
    add x1, sp, #16
    mov x2, #0
    mov x8, #221
    svc #0
    neg x0, x0
    mov x8, #93
    svc #0
"""


def assemble(name, text, *flags):
    with open(name + ".S", "w") as f:
        f.write(text)
    subprocess.run(["aarch64-linux-gnu-gcc", "-nostdlib", *flags, "-o", name, name + ".S"], check=True)


def damage(image, rng):
    b = bytearray(image)
    # Headers alone: what a program does with damaged code is the interpreter's tests' business.
    end = 64 + 56 * int.from_bytes(b[56:58], "little")
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(4, end)
        kind = rng.randrange(4)
        if kind == 0:
            b[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            at = at // 8 * 8
            b[at:at + 8] = rng.choice([0, 1, 0xfff, 0x1000, 1 << 32, (1 << 46) - 4096, 1 << 46, 1 << 47, 1 << 63,
                                       (1 << 64) - 4096, (1 << 64) - 1]).to_bytes(8, "little")
        elif kind == 2:
            b[at] = rng.randrange(256)
        elif rng.random() < 0.2:
            del b[rng.randrange(1, len(b)):]
            break
    # Never another machine's program: the host kernel would execute arm64 code as its own.
    if len(b) > 20 and b[18:20] != b"\xb7\x00":
        b[18:20] = b"\xb7\x00"
    return bytes(b)


def main():
    assemble("static", SOURCE, "-static")
    assemble("pie", SOURCE, "-static-pie")
    assemble("executor", EXECUTOR, "-static")
    images = [open(n, "rb").read() for n in ("static", "pie")]
    for name in ("static", "pie"):
        assert subprocess.run([*ELVER, "./" + name]).returncode == 0, name
    rng = random.Random(46)
    seen = {}
    for n in range(ROUNDS):
        image = damage(rng.choice(images), rng)
        with open("damaged", "wb") as f:
            f.write(image)
        os.chmod("damaged", 0o755)
        command = [*ELVER, "./damaged"] if n % 2 else [*ELVER, "./executor", "./damaged"]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
        code = run.returncode
        seen[code] = seen.get(code, 0) + 1
        bad = OURS.search(run.stderr) or (code < 0 and -code not in SIGNALS) or run.stdout
        # 126 needs its sentence; a guest's execve has none.
        bad = bad or (code in (126, 127) and n % 2 and not run.stderr.startswith(b"elver: "))
        if bad:
            shutil.copy("damaged", os.path.join(BUILD, "hostile-elf"))
            sys.exit(f"round {n}: status {code}, {run.stdout!r} {run.stderr!r}; the file is {BUILD}/hostile-elf")
    print("how they ended:", dict(sorted(seen.items())))
    # Both outcomes happened: some were refused, some ran.
    assert seen.get(0, 0) > ROUNDS / 50 and seen.get(126, 0) > ROUNDS / 50, seen


main()
