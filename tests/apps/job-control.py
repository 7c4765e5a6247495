#!/usr/bin/env python3
# test: quick needs=base timeout=90
"""An interactive bash on a pty: prompt, Ctrl-C, Ctrl-Z, jobs, bg, fg, Ctrl-D, window size, terminal signals."""
import fcntl, os, pty, re, select, struct, sys, termios, time

command = os.environ["ELVER"].split() + ["--sysroot", os.environ["DEBIAN"], "/usr/bin/bash", "--norc", "--noprofile", "-i"]
os.environ.update(TERM="dumb", HISTFILE="")
os.environ.pop("ELVER_LOG", None)
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

seen = b""


def until(pattern, seconds=20):
    """Reads until the pattern has come, and takes off what was read up to its end."""
    global seen
    end = time.monotonic() + seconds
    while True:
        match = re.search(pattern, seen)
        if match:
            seen = seen[match.end():]
            return match
        if time.monotonic() > end or not select.select([fd], [], [], max(0.0, end - time.monotonic()))[0]:
            sys.exit(f"no {pattern!r} in {seen!r}")
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if not data:
            sys.exit(f"terminal closed while waiting for {pattern!r}, after {seen!r}")
        seen += data


def send(keys):
    os.write(fd, keys)


def line(text):
    send(text + b"\n")


PROMPT = rb"READY> "
until(rb"[$#] ")
line(b"PS1='REA''DY> '")
until(PROMPT)
line(b"echo $((6*7))-$(uname -m)")
until(rb"42-aarch64")
until(PROMPT)
line(b"sleep 100")
time.sleep(0.7)
send(b"\x03")
until(PROMPT)
line(b"echo status $?")
until(rb"status 130")
until(PROMPT)
line(b"sleep 101")
time.sleep(0.7)
send(b"\x1a")
until(rb"Stopped\s+sleep 101")
until(PROMPT)
line(b"jobs -l")
until(rb"\[1\]\+\s+\d+ Stopped")
until(PROMPT)
line(b"bg")
until(rb"\[1\]\+ sleep 101 &")
until(PROMPT)
line(b"fg")
until(rb"sleep 101\r?\n")
time.sleep(0.5)
send(b"\x03")
until(PROMPT)
line(b"jobs; echo none-left")
until(rb"\nnone-left")
until(PROMPT)
# A pipeline is one job in one process group: both ends die by one Ctrl-C.
line(b"sleep 102 | cat")
time.sleep(0.7)
send(b"\x03")
until(PROMPT)
line(b"echo ${PIPESTATUS[*]}")
until(rb"130 130")
until(PROMPT)
line(b"trap 'echo resized $(stty size)' WINCH; true")
until(PROMPT)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
line(b"sleep 0.3; true")
until(rb"resized 33 77")
line(b"stty -a | head -1")
until(rb"rows 33; columns 77")
until(PROMPT)
line(b"cat")
time.sleep(0.7)
line(b"typed")
until(rb"typed\r\n.*typed\r\n")
send(b"\x04")
until(PROMPT)
line(b"python3 -c 'import signal,time\nsignal.signal(signal.SIGINT, lambda *a: (print(\"caught\", flush=True), exit(5)))\nprint(\"up\", flush=True)\ntime.sleep(50)'")
until(rb"\nup")
send(b"\x03")
until(rb"caught")
until(PROMPT)
line(b"echo status $?")
until(rb"status 5")
until(PROMPT)
line(b"exit 9")
deadline = time.monotonic() + 10
while time.monotonic() < deadline:
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        if os.waitstatus_to_exitcode(status) != 9:
            sys.exit(f"exit status {status:#x}")
        sys.exit(0)
    if select.select([fd], [], [], 0.05)[0]:
        try:
            os.read(fd, 65536)
        except OSError:
            pass
sys.exit("the shell did not end")
