#!/usr/bin/env python3
# The command line: what is elver's and what the program's, precedence, the environment, launch errors.
# test: timeout=60 engines=once
import os, re, signal, subprocess, sys

ELVER, TOP = os.environ["ELVER"].split(), os.environ["TOP"]
failures = 0

PROGRAM = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv)
{
    char cwd[4096];
    if (argc > 2 && !strcmp(argv[1], "exit"))
        return atoi(argv[2]);
    if (argc > 2 && !strcmp(argv[1], "kill"))
        return kill(getpid(), atoi(argv[2]));
    if (argc > 1 && !strcmp(argv[1], "env"))
        for (char **e = environ; *e; e++)
            puts(*e);
    else if (argc > 1 && !strcmp(argv[1], "cwd"))
        puts(getcwd(cwd, sizeof cwd));
    else
        for (int i = 0; i < argc; i++)
            printf("[%s]", argv[i]);
    return 0;
}
"""


def run(*words, env=None, **kw):
    clean = {"PATH": os.environ["PATH"], "HOME": os.getcwd()}
    clean.update(env or {})
    return subprocess.run([*ELVER, *words], capture_output=True, text=True, env=clean, timeout=30, **kw)


def check(what, got, want):
    global failures
    if got != want:
        failures += 1
        print(f"{what}: {got!r}, not {want!r}")


def says(what, result, status, pattern):
    check(what, result.returncode, status)
    if not re.fullmatch(r"elver: .*" + pattern + r".*\n", result.stderr):
        check(what + ": stderr", result.stderr, pattern)


with open("p.c", "w") as f:
    f.write(PROGRAM)
subprocess.run(["aarch64-linux-gnu-gcc", "-static", "-o", "p", "p.c"], check=True)
subprocess.run(["aarch64-linux-gnu-gcc", "-o", "dynamic", "p.c"], check=True)

# whose arguments
check("own options", run("./p", "-x", "--help", "--", "-L").stdout, "[./p][-x][--help][--][-L]")
check("--", run("--", "./p", "--").stdout, "[./p][--]")
check("no slash", run("p", "a").stdout, "[p][a]")
check("empty argument", run("./p", "").stdout, "[./p][]")
check("-0", run("-0", "other", "./p").stdout, "[other]")
check("-0 joined", run("-0other", "./p").stdout, "[other]")
check("--argv0=", run("--argv0=", "./p").stdout, "[]")

# statuses
for status in (0, 1, 42, 125, 126, 127, 255):
    r = run("./p", "exit", str(status))
    check(f"exit {status}", (r.returncode, r.stdout, r.stderr), (status, "", ""))
for sig in (signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1, signal.SIGSEGV, signal.SIGPIPE, 40):
    r = run("./p", "kill", str(int(sig)))
    check(f"killed by {sig}", (r.returncode, r.stderr), (-sig, ""))

# the environment
check("env", run("./p", "env", env={"A": "1"}).stdout.split("\n").count("A=1"), 1)
check("-E", sorted(run("--clear-env", "-E", "X=1", "-E", "Y=a=b", "./p", "env").stdout.split()), ["X=1", "Y=a=b"])
check("-E replaces", run("-E", "A=2", "./p", "env", env={"A": "1"}).stdout.count("A="), 1)
check("-U", "A=1" in run("-U", "A", "./p", "env", env={"A": "1", "AB": "2"}).stdout, False)
check("-U leaves others", "AB=2" in run("-U", "A", "./p", "env", env={"A": "1", "AB": "2"}).stdout, True)
check("ELVER_SET_ENV", "Q=7" in run("./p", "env", env={"ELVER_SET_ENV": "Q=7"}).stdout, True)

# the directory
os.makedirs("dir/tree/inner", exist_ok=True)
check("--workdir", run("--workdir", "dir", "../p", "cwd").stdout, os.getcwd() + "/dir\n")
check("--workdir in the sysroot", run("-L", "dir/tree", "--workdir", "/inner", os.getcwd() + "/p", "cwd").stdout, "/inner\n")

# precedence: command line, environment, user's file, each over the next
def argv0(*words, **env):
    return run(*words, "./p", env=env).stdout


os.makedirs(".config/elver", exist_ok=True)
with open(".config/elver/config", "w") as f:
    f.write("# a comment\n\n  argv0 = file  \nverbose\n")
check("file", argv0(), "[file]")
check("environment", argv0(ELVER_ARGV0="env"), "[env]")
check("command line", argv0("-0", "line", ELVER_ARGV0="env"), "[line]")
os.makedirs("xdg/elver", exist_ok=True)
with open("xdg/elver/config", "w") as f:
    f.write("argv0=xdg\n")
check("XDG_CONFIG_HOME", argv0(XDG_CONFIG_HOME=os.path.abspath("xdg")), "[xdg]")
with open("xdg/elver/config", "w") as f:
    f.write("\nnonsense=1\n")
says("bad file", run("./p", env={"XDG_CONFIG_HOME": os.path.abspath("xdg")}), 126, r"config:2: .*'nonsense'")
os.unlink(".config/elver/config")

# launch errors
says("no program", run(), 126, "which program")
says("not there", run("./nothing"), 127, "nothing: there is no such program")
says("not in PATH", run("no-such-program-anywhere"), 127, "no such program")
open("plain", "w").close()
says("not executable", run("./plain"), 126, "not permitted")
says("a directory", run("./dir"), 126, "not permitted")
with open("garbage", "w") as f:
    f.write("garbage")
os.chmod("garbage", 0o755)
says("garbage", run("./garbage"), 126, "not an executable file")
if not os.path.exists("/lib/ld-linux-aarch64.so.1"):
    says("interpreter", run("./dynamic"), 126, r"needs /lib/ld-linux-aarch64\.so\.1.*--sysroot.*apt-get install")
says("sysroot", run("-L", "/no/such/dir", "./p"), 126, "--sysroot .*No such file")
says("sysroot-only", run("--sysroot-only", "./p"), 126, "needs --sysroot")
says("option", run("--no-such-option", "./p"), 126, "no option '--no-such-option'")
says("letter", run("-z", "./p"), 126, "no option '-z'")
says("value", run("--jit-cache", "many", "./p"), 126, "'many' does not suit --jit-cache MIB")
says("missing value", run("-L"), 126, "'-L' wants DIR")
says("-E", run("-E", "novalue", "./p"), 126, "does not suit --set-env")
says("engine", run("--engine", "steam", "./p"), 126, "no engine 'steam'")
says("cpu", run("--cpu", "z80", "./p"), 126, "no processor 'z80'")
says("trace", run("--trace", "sys,all,nothing", "./p"), 126, "does not suit --trace")
says("variable", run("./p", env={"ELVER_JIT_CACHE": "x"}), 126, "ELVER_JIT_CACHE=x")

# a script, and a program of this machine
with open("script", "w") as f:
    f.write("#!./p extra\n")
os.chmod("script", 0o755)
check("script", run("./script", "a").stdout, "[./p][extra][./script][a]")
check("this machine's", run("/bin/echo", "native").stdout, "native\n")

# help, version, manual
r = run("--help")
check("--help", (r.returncode, r.stderr), (0, ""))
check("--version", bool(re.fullmatch(r"elver \d+\.\d+\.\d+\n", run("--version").stdout)), True)
check("--cpu help", "default" in run("--cpu", "help").stdout, True)
manual = open(os.path.join(TOP, "docs/elver.1")).read().replace("\\-", "-")
options = re.findall(r"--([a-z0-9-]+)", r.stdout.split("usage:")[1])
check("options in --help", len(set(options)) > 15, True)
for option in set(options):
    check(f"--{option} in the manual", f"--{option}" in manual, True)

# doctor
r = run("doctor", "./p")
check("doctor", (r.returncode, "nothing is missing" in r.stdout), (0, True))
if not os.path.exists("/lib/ld-linux-aarch64.so.1"):
    r = run("doctor", "./dynamic")
    check("doctor's advice", (r.returncode, "--sysroot" in r.stdout), (1, True))

# the log and the trace go where they are told, and nowhere else
r = run("--trace", "sys", "-o", "trace.%p", "./p")
check("trace", (r.stdout, r.stderr), ("[./p]", ""))
traces = [n for n in os.listdir(".") if n.startswith("trace.")]
check("trace file", len(traces) == 1 and "exit_group(0)" in open(traces[0]).read(), True)

print("failures:", failures)
sys.exit(failures != 0)
