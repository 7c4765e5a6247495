#!/bin/bash
# test: all needs=debug timeout=1800 alone engines=once
# stress-ng's stressors with --verify, some seconds each: no failure, no hang, no runtime that dies.
. "$TOP/tests/apps/lib.sh"
failed=''
for s in cpu vm vm-rw vm-segv vma fork forkheavy vfork spawn daemon zombie clone pthread mutex futex peterson sem sem-sysv switch yield \
    context sigq signal signest sigsegv sigbus sigfpe sigill sigtrap sigabrt sigchld sigfd sigio sigpending sigpipe sigrt sigsuspend \
    bad-altstack mmap mmapfixed mmapmany mmapaddr mmaptorture mremap madvise mprotect munmap mincore mlock msync brk stack stackmmap \
    shm shm-sysv memfd remap userfaultfd pidfd kill pipe poll epoll eventfd msg mq aio aiol timer timerfd itimer alarm nanosleep cpu-sched \
    inotify fanotify sock sockpair sockmany sockfd sockabuse udp procfs dentry dir rename link symlink chdir getdent fstat statmount \
    seek splice tee vm-splice sendfile copy-file null open dup close fcntl lockf flock lease locka getrandom malloc wait exec fault \
    seccomp landlock unshare rseq membarrier prctl personality rlimit sysbadaddr sysinval vdso fp vecmath icache; do
    timeout -s KILL 90 "${RUNNER[@]}" /usr/bin/stress-ng --temp-path "$PWD" --"$s" 2 --timeout 2 --verify --vm-bytes 64M --oom-avoid \
        >"$s.log" 2>&1 || failed+=" $s($?)"
done
[ -z "$failed" ] || {
    for s in $failed; do
        echo "--- $s"
        tail -8 "${s%%(*}.log"
    done
    die "$failed"
}
