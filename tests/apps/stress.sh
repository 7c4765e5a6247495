#!/bin/bash
# test: all needs=debug timeout=1200 alone
# stress-ng's stressors with --verify, some seconds each: no failure, no hang, no runtime that dies.
. "$TOP/tests/apps/lib.sh"
failed=''
for s in cpu vm fork vfork clone futex sigq signal sigsegv sigfpe mmap mremap madvise mprotect pipe poll epoll timer timerfd itimer \
    inotify sock sockpair udp sem sem-sysv shm shm-sysv msg mq aio eventfd switch mutex pthread procfs dentry dir rename link symlink \
    fstat getrandom malloc memfd mincore msync null open seek splice tee vm-splice wait exec fault brk stack nanosleep yield; do
    timeout -s KILL 90 "${RUNNER[@]}" /usr/bin/stress-ng --temp-path "$PWD" --"$s" 2 --timeout 3 --verify --metrics-brief --vm-bytes 64M --oom-avoid \
        >"$s.log" 2>&1 || failed+=" $s($?)"
done
[ -z "$failed" ] || {
    for s in $failed; do
        echo "--- $s"
        tail -8 "${s%%(*}.log"
    done
    die "$failed"
}
