/*
 * execve(2) and execveat(2): the kernel room does all of it, path included
 * (the path is resolved there, so that scripts and their interpreters go the same way).
 */
#include "kernel/exec.h"
#include "sys/sys.h"

long sys_execve(gva path, gva argv, gva envp)
{
    return exec_guest(current, LINUX_AT_FDCWD, path, argv, envp, 0);
}

long sys_execveat(int dirfd, gva path, gva argv, gva envp, uint32_t flags)
{
    return exec_guest(current, dirfd, path, argv, envp, flags);
}
