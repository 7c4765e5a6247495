/*
 * Files: open flags whose bits differ between arm64 and x86-64, struct stat,
 * fcntl, descriptors, links, directories. test: quick
 */
#include "sys/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

static char dir[64];

static void write_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int fl(int fd)
{
    return (int)RAW(SYS_fcntl, fd, F_GETFL);
}

TEST(a_scratch_directory)
{
    strcpy(dir, "/tmp/files.XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    CHECK_EQ(chdir(dir), 0);
}

/* The kernel's own numbers, not the C library's. */
TEST(open_flags_are_arm64s)
{
    enum { DIRECTORY = 040000, NOFOLLOW = 0100000, DIRECT = 0200000, LARGEFILE = 0400000 };
    write_file("f", "hello");
    CHECK_EQ(symlink("f", "l"), 0);
    CHECK_EQ(RAW(SYS_openat, AT_FDCWD, "f", DIRECTORY), -ENOTDIR);
    CHECK_EQ(RAW(SYS_openat, AT_FDCWD, "l", NOFOLLOW), -ELOOP);
    int fd = (int)RAW(SYS_openat, AT_FDCWD, ".", DIRECTORY | NOFOLLOW);
    CHECK(fd >= 0);
    CHECK_EQ(fl(fd), DIRECTORY | NOFOLLOW | LARGEFILE);
    close(fd);
    fd = (int)RAW(SYS_openat, AT_FDCWD, "f", O_RDWR);
    CHECK_EQ(fl(fd), O_RDWR | LARGEFILE);
    close(fd);
    fd = (int)RAW(SYS_openat, AT_FDCWD, "l", O_PATH | NOFOLLOW);
    CHECK(fd >= 0);
    CHECK_EQ(fl(fd), O_PATH | NOFOLLOW);
    close(fd);
}

TEST(setfl_changes_only_what_it_may)
{
    int fd = open("f", O_RDWR);
    CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_NOATIME), 0);
    CHECK_EQ(fl(fd) & (O_APPEND | O_NONBLOCK | O_NOATIME), O_APPEND | O_NONBLOCK | O_NOATIME);
    CHECK_EQ(fcntl(fd, F_SETFL, O_DIRECTORY | O_NOFOLLOW | O_CREAT), 0);
    CHECK_EQ(fl(fd), O_RDWR | 0400000);
    close(fd);
}

TEST(pipe_in_packet_mode)
{
    int p[2];
    char buf[8];
    CHECK_EQ(pipe2(p, O_DIRECT | O_CLOEXEC), 0);
    CHECK_EQ(fl(p[1]) & O_DIRECT, 0200000);
    CHECK_EQ(write(p[1], "ab", 2), 2);
    CHECK_EQ(write(p[1], "cd", 2), 2);
    CHECK_EQ(read(p[0], buf, 8), 2);
    CHECK_EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
    close(p[0]);
    close(p[1]);
    CHECK_ERR(pipe2(p, O_DIRECTORY), EINVAL);
}

TEST(openat2_has_the_same_flags)
{
    struct open_how how = {.flags = O_DIRECTORY};
    struct {
        struct open_how how;
        uint64_t more;
    } longer = {{.flags = O_RDONLY}, 0};
    CHECK_EQ(RAW(SYS_openat2, AT_FDCWD, "f", &how, sizeof(how)), -ENOTDIR);
    how.flags = O_NOFOLLOW;
    CHECK_EQ(RAW(SYS_openat2, AT_FDCWD, "l", &how, sizeof(how)), -ELOOP);
    how = (struct open_how){.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};
    CHECK_EQ(RAW(SYS_openat2, AT_FDCWD, "../x", &how, sizeof(how)), -EXDEV);
    CHECK_EQ(RAW(SYS_openat2, AT_FDCWD, "f", &how, 8), -EINVAL);
    longer.more = 1;
    CHECK_EQ(RAW(SYS_openat2, AT_FDCWD, "f", &longer, sizeof(longer)), -E2BIG);
    longer.more = 0;
    int fd = (int)RAW(SYS_openat2, AT_FDCWD, "f", &longer, sizeof(longer));
    CHECK(fd >= 0);
    close(fd);
}

TEST(stat_shows_what_was_made)
{
    struct stat st, byfd;
    write_file("s", "12345");
    CHECK_EQ(chmod("s", 0640), 0);
    CHECK_EQ(link("s", "s2"), 0);
    struct timespec times[2] = {{1000000001, 123456789}, {1000000002, 987654321}};
    CHECK_EQ(utimensat(AT_FDCWD, "s", times, 0), 0);
    CHECK_EQ(stat("s", &st), 0);
    CHECK_EQ(st.st_mode, S_IFREG | 0640);
    CHECK_EQ(st.st_nlink, 2);
    CHECK_EQ(st.st_size, 5);
    CHECK_EQ(st.st_uid, getuid());
    CHECK_EQ(st.st_atim.tv_sec, 1000000001);
    CHECK_EQ(st.st_atim.tv_nsec, 123456789);
    CHECK_EQ(st.st_mtim.tv_sec, 1000000002);
    CHECK_EQ(st.st_mtim.tv_nsec, 987654321);
    CHECK(st.st_blksize > 0 && st.st_ino > 0);
    int fd = open("s", O_RDONLY);
    CHECK_EQ(fstat(fd, &byfd), 0);
    CHECK_EQ(memcmp(&st, &byfd, sizeof(st)), 0);
    close(fd);
    CHECK_EQ(lstat("l", &st), 0);
    CHECK(S_ISLNK(st.st_mode));
    CHECK_EQ(st.st_size, 1);
    CHECK_EQ(stat("/dev/null", &st), 0);
    CHECK_EQ(st.st_rdev, makedev(1, 3));
    CHECK_EQ(RAW(SYS_newfstatat, AT_FDCWD, "s", 8, 0), -EFAULT);
    CHECK_EQ(RAW(SYS_newfstatat, AT_FDCWD, "none", 8, 0), -ENOENT);
    CHECK_EQ(RAW(SYS_fstat, -1, 8), -EBADF);
}

TEST(statx_agrees_with_stat)
{
    struct statx stx;
    struct stat st;
    CHECK_EQ(statx(AT_FDCWD, "s", 0, STATX_BASIC_STATS, &stx), 0);
    CHECK_EQ(stat("s", &st), 0);
    CHECK_EQ(stx.stx_ino, st.st_ino);
    CHECK_EQ(stx.stx_size, st.st_size);
    CHECK_EQ(stx.stx_mode, st.st_mode);
    CHECK_EQ(makedev(stx.stx_dev_major, stx.stx_dev_minor), st.st_dev);
}

TEST(statfs_is_filled)
{
    struct statfs fs;
    CHECK_EQ(statfs("/proc", &fs), 0);
    CHECK_EQ(fs.f_type, 0x9fa0);
    CHECK_EQ(fs.f_namelen, 255);
}

TEST(descriptors)
{
    int fd = open("f", O_RDONLY), other;
    CHECK_EQ(dup2(fd, 200), 200);
    CHECK_EQ(dup3(fd, 201, O_CLOEXEC), 201);
    CHECK_EQ(fcntl(201, F_GETFD), FD_CLOEXEC);
    CHECK_ERR(dup3(fd, fd, 0), EINVAL);
    CHECK_ERR(dup3(-1, 5, 0), EBADF);
    other = fcntl(fd, F_DUPFD_CLOEXEC, 300);
    CHECK_EQ(other, 300);
    close(other);
    CHECK_EQ(RAW(SYS_close_range, 200, 201, 0), 0);
    CHECK_ERR(fcntl(200, F_GETFD), EBADF);
    CHECK_EQ(RAW(SYS_close_range, 5, 4, 0), -EINVAL);
    CHECK_EQ(RAW(SYS_close_range, 5, 6, 8), -EINVAL);
    close(fd);
    CHECK_ERR(close(fd), EBADF);
}

/* What is not the guest's does not exist: what answers and what is listed are the same, and nothing sits high up. */
TEST(no_descriptor_but_what_was_opened)
{
    int answers = 0, high = 0, listed = 0;
    for (int fd = 3; fd < 4096; fd++) {
        struct stat st;
        if (fcntl(fd, F_GETFD) >= 0 || fstat(fd, &st) == 0) {
            answers++;
            high += fd >= 256;
        }
    }
    DIR *d = opendir("/proc/self/fd");
    for (struct dirent *e; (e = readdir(d));)
        listed += e->d_name[0] != '.' && atoi(e->d_name) > 2 && atoi(e->d_name) != dirfd(d);
    closedir(d);
    CHECK_EQ(high, 0);
    CHECK_EQ(listed, answers);
}

/* dup2 onto every number works, and a program that closes all lives on. */
TEST(every_number_is_the_guests)
{
    int status = IN_CHILD(({
        int bad = 0, fd = open("/dev/null", O_RDONLY);
        for (int to = 3; to < 1100 && to < (int)sysconf(_SC_OPEN_MAX); to++)
            bad += dup2(fd, to) != to;
        bad += close_range(3, ~0u, 0) != 0;
        bad += open("/dev/null", O_RDONLY) != 3;
        struct stat st;
        bad += stat("/proc/self/exe", &st) != 0;
        bad != 0;
    }));
    CHECK_EQ(status, 0);
}

TEST(locks)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3};
    int fd = open("f", O_RDWR);
    CHECK_EQ(fcntl(fd, F_SETLK, &lock), 0);
    int status = IN_CHILD(({
        struct flock ask = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
        int other = open("f", O_RDWR), bad = fcntl(other, F_GETLK, &ask) != 0;
        bad + (ask.l_type != F_WRLCK) * 2 + (ask.l_pid != getppid()) * 4 +
            (ask.l_start != 2 || ask.l_len != 3) * 8;
    }));
    CHECK_EQ(status, 0);
    struct flock ofd = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int second = open("f", O_RDWR);
    CHECK_ERR(fcntl(second, F_OFD_SETLK, &ofd), EAGAIN);
    CHECK_EQ(flock(second, LOCK_EX | LOCK_NB), 0);
    CHECK_ERR(flock(fd, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    CHECK_EQ(RAW(SYS_fcntl, fd, F_GETLK, 1ul << 60), -EFAULT);
    close(second);
    close(fd);
}

TEST(owner_of_a_descriptor)
{
    int p[2];
    struct f_owner_ex owner = {F_OWNER_PID, getpid()};
    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(fcntl(p[0], F_SETOWN_EX, &owner), 0);
    CHECK_EQ(fcntl(p[0], F_GETOWN), getpid());
    CHECK_EQ(fcntl(p[0], F_SETPIPE_SZ, 65536 * 2), 65536 * 2);
    CHECK_EQ(fcntl(p[0], F_GETPIPE_SZ), 65536 * 2);
    close(p[0]);
    close(p[1]);
}

TEST(names_and_links)
{
    char buf[PATH_MAX];
    CHECK_EQ(readlink("l", buf, sizeof(buf)), 1);
    CHECK_EQ(buf[0], 'f');
    CHECK_ERR(readlink("f", buf, sizeof(buf)), EINVAL);
    CHECK_EQ(RAW(SYS_readlinkat, AT_FDCWD, "l", buf, 0), -EINVAL);
    CHECK_EQ(RAW(SYS_readlinkat, AT_FDCWD, "l", 8, 4), -EFAULT);
    CHECK(getcwd(buf, sizeof(buf)) && !strcmp(buf, dir));
    CHECK_EQ(RAW(SYS_getcwd, buf, 3), -ERANGE);
    CHECK_EQ(RAW(SYS_getcwd, 8, 4096), -EFAULT);
    CHECK_EQ(mkdir("d", 0755), 0);
    CHECK_EQ(rename("s2", "d/s3"), 0);
    CHECK_EQ(RAW(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "d/s3", RENAME_NOREPLACE), -EEXIST);
    CHECK_EQ(linkat(AT_FDCWD, "l", AT_FDCWD, "d/hard", AT_SYMLINK_FOLLOW), 0);
    struct stat a, b;
    CHECK_EQ(stat("f", &a), 0);
    CHECK_EQ(lstat("d/hard", &b), 0);
    CHECK_EQ(a.st_ino, b.st_ino);
    CHECK_ERR(rmdir("d"), ENOTEMPTY);
    CHECK_EQ(unlink("d/hard"), 0);
    CHECK_EQ(unlink("d/s3"), 0);
    CHECK_EQ(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR), 0);
    CHECK_EQ(mkfifo("p", 0600), 0);
    CHECK_EQ(stat("p", &a), 0);
    CHECK(S_ISFIFO(a.st_mode));
    CHECK_ERR(access("nowhere", F_OK), ENOENT);
    CHECK_EQ(access("f", R_OK | W_OK), 0);
    CHECK_EQ(faccessat(AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW), 0);
    CHECK_EQ(truncate("f", 3), 0);
    CHECK_EQ(stat("f", &a), 0);
    CHECK_EQ(a.st_size, 3);
    CHECK_ERR(open("", O_RDONLY), ENOENT);
    CHECK_EQ(RAW(SYS_openat, AT_FDCWD, 1ul << 62, O_RDONLY), -EFAULT);
    memset(buf, 'x', sizeof(buf));
    buf[sizeof(buf) - 1] = 0;
    CHECK_ERR(open(buf, O_RDONLY), ENAMETOOLONG);
}

TEST(listing)
{
    char buf[1024];
    int seen = 0, fd = open(".", O_RDONLY | O_DIRECTORY);
    long n;
    while ((n = RAW(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
        for (long at = 0; at < n;) {
            struct dirent64 *e = (void *)(buf + at);
            seen += !strcmp(e->d_name, "f") || !strcmp(e->d_name, "l") || !strcmp(e->d_name, ".");
            at += e->d_reclen;
        }
    }
    CHECK_EQ(n, 0);
    CHECK_EQ(seen, 3);
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    CHECK_EQ(RAW(SYS_getdents64, fd, buf, 4), -EINVAL);
    CHECK_EQ(RAW(SYS_getdents64, fd, 8, 1024), -EFAULT);
    close(fd);
    fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    CHECK(RAW(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
    CHECK_EQ(RAW(SYS_getdents64, fd, buf, sizeof(buf)), 0);
    close(fd);
}

TEST(moving_bytes_in_the_kernel)
{
    char buf[16] = "";
    int p[2], from = open("s", O_RDONLY), to = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
    off_t at = 1;
    CHECK_EQ(sendfile(to, from, &at, 3), 3);
    CHECK_EQ(at, 4);
    CHECK_EQ(pread(to, buf, 16, 0), 3);
    CHECK_EQ(memcmp(buf, "234", 3), 0);
    at = 0;
    CHECK_EQ(copy_file_range(from, &at, to, NULL, 5, 0), 5);
    CHECK_EQ(pipe(p), 0);
    at = 2;
    CHECK_EQ(splice(from, &at, p[1], NULL, 3, 0), 3);
    CHECK_EQ(read(p[0], buf, 16), 3);
    CHECK_EQ(memcmp(buf, "345", 3), 0);
    CHECK_EQ(posix_fallocate(to, 0, 100), 0);
    CHECK_EQ(lseek(to, 0, SEEK_END), 100);
    CHECK_EQ(posix_fadvise(to, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
    CHECK_EQ(fsync(to), 0);
    close(p[0]);
    close(p[1]);
    close(from);
    close(to);
}

TEST(attributes)
{
    char buf[32];
    if (setxattr("f", "user.k", "value", 5, 0) < 0 && errno == EOPNOTSUPP)
        SKIP("no user attributes here");
    CHECK_EQ(getxattr("f", "user.k", buf, sizeof(buf)), 5);
    CHECK_ERR(getxattr("f", "user.k", buf, 2), ERANGE);
    CHECK_EQ(listxattr("f", buf, sizeof(buf)), 7);
    CHECK_ERR(setxattr("f", "user.k", "x", 1, XATTR_CREATE), EEXIST);
    CHECK_EQ(removexattr("f", "user.k"), 0);
    CHECK_ERR(getxattr("f", "user.k", buf, sizeof(buf)), ENODATA);
}

TEST(z_away_with_the_scratch_directory)
{
    static const char *const names[] = {"f", "l", "s", "p", "copy"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
        unlink(names[i]);
    CHECK_EQ(chdir("/"), 0);
    CHECK_EQ(rmdir(dir), 0);
}

TEST_MAIN()
