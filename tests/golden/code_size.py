#!/usr/bin/env python3
"""Golden code size: how many x86-64 instructions each sequence of code_size.s becomes, against code_size.txt, for
both tables of host registers, so that every change of generated code shows in review. `code_size.py --write` writes
the file anew (BUILD=build by default; the column avx512 needs a processor with all that the translator uses).

test: timeout=60 engines=once
"""
import collections, os, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
GOLDEN = os.path.join(HERE, "code_size.txt")
NEWER = {"avx512vl", "avx512bw", "avx512dq", "gfni", "avx512_vnni", "avx512_bitalg", "sha_ni"}

# Calls every function with pointers in the registers that sequences take as such.
CALL = "adrp x1, buffer\n mov x2, x1\n mov x3, x1\n mov x4, x1\n mov x5, #3\n mov x0, #0\n bl {}\n"


def sequences():
    with open(os.path.join(HERE, "code_size.s")) as f:
        return re.findall(r"^\s+seq (\w+)", f.read(), re.M)


def build(directory, names):
    path = os.path.join(directory, "sequences.s")
    with open(os.path.join(HERE, "code_size.s")) as f, open(path, "w") as out:
        out.write(f.read() + "\n.text\n.p2align 12\n.global _start\n_start:\n" + "".join(map(CALL.format, names)) +
                  "mov x0, #0\nmov x8, #93\nsvc #0\n")
    program = os.path.join(directory, "sequences")
    subprocess.run(["aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-o", program, path], check=True)
    return program


def symbols(program):
    out = subprocess.run(["aarch64-linux-gnu-nm", "-S", program], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return {row[3]: (int(row[0], 16), int(row[1], 16)) for row in rows if len(row) == 4}


def count(program, host):
    """Host instructions by the address of the guest's instruction, off the hot path left out."""
    log = program + "." + host
    subprocess.run([os.path.join(BUILD, "elver"), "--engine=jit", "--jit-debug=eager", f"--host-cpu={host}", f"--log={log}",
                    "--dump=sequences:", program], check=True)
    found, at = collections.Counter(), None
    with open(log) as f:
        for line in f:
            guest = re.match(r"elver:     ([0-9a-f]+)  [0-9a-f]{8}  ", line)
            if guest:
                at = int(guest[1], 16)
                found[at] = 0
            elif re.match(r"elver:         [0-9a-f]+  ", line):
                if at is not None:
                    found[at] += not line.rstrip().endswith("  nop")
            else:
                at = None
    return found


def table(program, names, host):
    by_address, place = count(program, host), symbols(program)
    sizes = {}
    for name in names:
        start, size = place[name]
        inside = [by_address.get(pc) for pc in range(start, start + size - 4, 4)]  # without RET
        if None in inside:
            sys.exit(f"{name}: not translated")
        sizes[name] = sum(inside)
    return sizes


def main():
    names = sequences()
    with open("/proc/cpuinfo") as f:
        flags = set(re.search(r"^flags\s*:(.*)", f.read(), re.M)[1].split())
    hosts = ["avx2"] + (["avx512"] if NEWER <= flags else [])
    with tempfile.TemporaryDirectory() as directory:
        program = build(directory, names)
        now = {host: table(program, names, host) for host in hosts}
    if "--write" in sys.argv:
        if len(hosts) < 2:
            sys.exit("this processor cannot show the column avx512")
        with open(GOLDEN, "w") as f:
            f.write("# x86-64 instructions for each sequence of code_size.s; written by code_size.py --write\n")
            f.write("# sequence           avx2  avx512\n")
            f.writelines(f"{name:20} {now['avx2'][name]:4} {now['avx512'][name]:7}\n" for name in names)
        return
    with open(GOLDEN) as f:
        rows = [line.split() for line in f if not line.startswith("#")]
    golden = {"avx2": {row[0]: int(row[1]) for row in rows}, "avx512": {row[0]: int(row[2]) for row in rows}}
    bad = 0
    for host in hosts:
        for name in sorted(set(names) | set(golden[host])):
            old, new = golden[host].get(name), now[host].get(name)
            if old != new:
                bad += 1
                print(f"{host}: {name}: {new} instructions, {old} in code_size.txt")
    if bad:
        print("if that is meant: tests/golden/code_size.py --write")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
