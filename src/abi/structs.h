/*
 * Structures of the Linux arm64 system-call interface (include/uapi and
 * arch/arm64/include/uapi of Linux 6.18), by the kernel's own layout, which is
 * not always the C library's. Little-endian, LP64, natural alignment; sizes
 * are asserted at the end. Pointers inside are uint64_t guest addresses.
 */
#ifndef ABI_STRUCTS_H
#define ABI_STRUCTS_H

#include <stdint.h>

/* ---- time ---- */

struct linux_timespec {
    int64_t tv_sec;
    int64_t tv_nsec;
};

struct linux_timeval {
    int64_t tv_sec;
    int64_t tv_usec;
};

struct linux_timezone {
    int32_t tz_minuteswest;
    int32_t tz_dsttime;
};

struct linux_itimerval {
    struct linux_timeval it_interval;
    struct linux_timeval it_value;
};

struct linux_itimerspec {
    struct linux_timespec it_interval;
    struct linux_timespec it_value;
};

struct linux_timex {
    uint32_t modes, pad0;
    int64_t offset, freq, maxerror, esterror;
    int32_t status, pad1;
    int64_t constant, precision, tolerance;
    struct linux_timeval time;
    int64_t tick, ppsfreq, jitter;
    int32_t shift, pad2;
    int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
    int32_t tai, pad3[11];
};

struct linux_tms {
    int64_t tms_utime, tms_stime, tms_cutime, tms_cstime;
};

/* ---- signals ---- */

/* Bit n-1 stands for signal n; 64 signals. */
typedef uint64_t linux_sigset;
#define LINUX_SIGMASK(sig) (1ull << ((sig)-1))

struct linux_siginfo {
    int32_t si_signo;
    int32_t si_errno;
    int32_t si_code;
    int32_t pad;
    union {
        uint8_t raw[112];
        struct {
            int32_t pid;
            uint32_t uid;
            uint64_t value; /* rt signals and sigqueue */
        } rt;
        struct {
            int32_t tid;
            int32_t overrun;
            uint64_t value;
            int32_t private_;
        } timer;
        struct {
            int32_t pid;
            uint32_t uid;
            int32_t status;
            int32_t pad;
            int64_t utime, stime;
        } chld;
        struct {
            uint64_t addr;
            int16_t addr_lsb;      /* BUS_MCEERR_* */
            uint64_t lower, upper; /* SEGV_BNDERR */
        } fault;
        struct {
            int64_t band;
            int32_t fd;
        } poll;
        struct {
            uint64_t call_addr;
            int32_t syscall;
            uint32_t arch;
        } sys;
    };
};

/* The kernel's layout for rt_sigaction, not the C library's. */
struct linux_sigaction {
    uint64_t handler; /* LINUX_SIG_DFL, LINUX_SIG_IGN or an address */
    uint64_t flags;
    uint64_t restorer;
    linux_sigset mask;
};

struct linux_stack {
    uint64_t ss_sp;
    int32_t ss_flags;
    int32_t pad;
    uint64_t ss_size;
};

struct linux_sigevent {
    uint64_t value;
    int32_t signo;
    int32_t notify;
    int32_t tid;
    int32_t pad[11];
};

/* The sixth argument of pselect6 and io_pgetevents points at one. */
struct linux_sigset_arg {
    uint64_t set;
    uint64_t size;
};

struct linux_signalfd_siginfo {
    uint8_t raw[128];
};

/* ---- processes ---- */

struct linux_clone_args {
    uint64_t flags;
    uint64_t pidfd;
    uint64_t child_tid;
    uint64_t parent_tid;
    uint64_t exit_signal;
    uint64_t stack;
    uint64_t stack_size;
    uint64_t tls;
    uint64_t set_tid;
    uint64_t set_tid_size;
    uint64_t cgroup;
};
#define LINUX_CLONE_ARGS_SIZE_VER0 64

struct linux_rlimit {
    uint64_t rlim_cur;
    uint64_t rlim_max;
};

struct linux_rusage {
    struct linux_timeval ru_utime, ru_stime;
    int64_t ru_field[14];
};

struct linux_robust_list_head {
    uint64_t list;
    int64_t futex_offset;
    uint64_t list_op_pending;
};

struct linux_futex_waitv {
    uint64_t val;
    uint64_t uaddr;
    uint32_t flags;
    uint32_t reserved;
};

struct linux_utsname {
    char sysname[65];
    char nodename[65];
    char release[65];
    char version[65];
    char machine[65];
    char domainname[65];
};

struct linux_sysinfo {
    int64_t uptime;
    uint64_t loads[3];
    uint64_t totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    uint16_t procs;
    uint16_t pad;
    uint64_t totalhigh, freehigh;
    uint32_t mem_unit;
};

struct linux_sched_param {
    int32_t sched_priority;
};

struct linux_cap_header {
    uint32_t version;
    int32_t pid;
};

struct linux_cap_data {
    uint32_t effective, permitted, inheritable;
};

struct linux_prctl_mm_map {
    uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
    uint64_t arg_start, arg_end, env_start, env_end;
    uint64_t auxv;
    uint32_t auxv_size;
    uint32_t exe_fd;
};

struct linux_auxv {
    uint64_t type;
    uint64_t value;
};

struct linux_sock_filter {
    uint16_t code;
    uint8_t jt, jf;
    uint32_t k;
};

struct linux_sock_fprog {
    uint16_t len;
    uint64_t filter;
};

struct linux_seccomp_data {
    int32_t nr;
    uint32_t arch;
    uint64_t instruction_pointer;
    uint64_t args[6];
};

/* ---- files ---- */

struct linux_stat {
    uint64_t st_dev;
    uint64_t st_ino;
    uint32_t st_mode;
    uint32_t st_nlink;
    uint32_t st_uid;
    uint32_t st_gid;
    uint64_t st_rdev;
    uint64_t pad1;
    int64_t st_size;
    int32_t st_blksize;
    int32_t pad2;
    int64_t st_blocks;
    int64_t st_atime;
    uint64_t st_atime_nsec;
    int64_t st_mtime;
    uint64_t st_mtime_nsec;
    int64_t st_ctime;
    uint64_t st_ctime_nsec;
    uint32_t unused4;
    uint32_t unused5;
};

struct linux_statx_timestamp {
    int64_t tv_sec;
    uint32_t tv_nsec;
    int32_t reserved;
};

struct linux_statx {
    uint32_t stx_mask, stx_blksize;
    uint64_t stx_attributes;
    uint32_t stx_nlink, stx_uid, stx_gid;
    uint16_t stx_mode, pad0;
    uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
    struct linux_statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
    uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
    uint64_t stx_mnt_id;
    uint32_t stx_dio_mem_align, stx_dio_offset_align;
    uint64_t spare[12];
};

struct linux_statfs {
    int64_t f_type, f_bsize;
    uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen, f_frsize, f_flags, f_spare[4];
};

/* A directory entry of getdents64; d_name follows at once. */
struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off;
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[];
};
#define LINUX_DIRENT64_NAME 19 /* offset of d_name */

struct linux_flock {
    int16_t l_type, l_whence;
    int64_t l_start, l_len;
    int32_t l_pid;
};

struct linux_f_owner_ex {
    int32_t type;
    int32_t pid;
};

struct linux_open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};

struct linux_iovec {
    uint64_t base;
    uint64_t len;
};

struct linux_pollfd {
    int32_t fd;
    int16_t events;
    int16_t revents;
};

/* 16 bytes here; x86-64 packs it to 12. */
struct linux_epoll_event {
    uint32_t events;
    uint32_t pad;
    uint64_t data;
};

struct linux_file_handle {
    uint32_t handle_bytes;
    int32_t handle_type;
    uint8_t f_handle[];
};

/* ---- sockets ---- */

struct linux_msghdr {
    uint64_t name;
    int32_t namelen;
    int32_t pad0;
    uint64_t iov;
    uint64_t iovlen;
    uint64_t control;
    uint64_t controllen;
    uint32_t flags;
    uint32_t pad1;
};

struct linux_mmsghdr {
    struct linux_msghdr hdr;
    uint32_t len;
    uint32_t pad;
};

struct linux_cmsghdr {
    uint64_t len;
    int32_t level;
    int32_t type;
};

/* ---- System V and POSIX ipc ---- */

struct linux_ipc_perm {
    int32_t key;
    uint32_t uid, gid, cuid, cgid;
    uint32_t mode;
    uint16_t seq, pad;
    uint64_t unused[2];
};

struct linux_semid_ds {
    struct linux_ipc_perm sem_perm;
    int64_t sem_otime, sem_ctime;
    uint64_t sem_nsems;
    uint64_t unused[2];
};

struct linux_shmid_ds {
    struct linux_ipc_perm shm_perm;
    uint64_t shm_segsz;
    int64_t shm_atime, shm_dtime, shm_ctime;
    int32_t shm_cpid, shm_lpid;
    uint64_t shm_nattch;
    uint64_t unused[2];
};

struct linux_msqid_ds {
    struct linux_ipc_perm msg_perm;
    int64_t msg_stime, msg_rtime, msg_ctime;
    uint64_t msg_cbytes, msg_qnum, msg_qbytes;
    int32_t msg_lspid, msg_lrpid;
    uint64_t unused[2];
};

struct linux_mq_attr {
    int64_t mq_flags, mq_maxmsg, mq_msgsize, mq_curmsgs, reserved[4];
};

/* ---- asynchronous i/o ---- */

struct linux_iocb {
    uint64_t aio_data;
    uint32_t aio_key;
    int32_t aio_rw_flags;
    uint16_t aio_lio_opcode;
    int16_t aio_reqprio;
    uint32_t aio_fildes;
    uint64_t aio_buf;
    uint64_t aio_nbytes;
    int64_t aio_offset;
    uint64_t reserved2;
    uint32_t aio_flags;
    uint32_t aio_resfd;
};

struct linux_io_event {
    uint64_t data, obj;
    int64_t res, res2;
};

struct linux_io_sqring_offsets {
    uint32_t head, tail, ring_mask, ring_entries, flags, dropped, array, resv1;
    uint64_t user_addr;
};

struct linux_io_cqring_offsets {
    uint32_t head, tail, ring_mask, ring_entries, overflow, cqes, flags, resv1;
    uint64_t user_addr;
};

struct linux_io_uring_params {
    uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, resv[3];
    struct linux_io_sqring_offsets sq_off;
    struct linux_io_cqring_offsets cq_off;
};

/* One request; fields by the names of their commonest use. */
struct linux_io_uring_sqe {
    uint8_t opcode, flags;
    uint16_t ioprio;
    int32_t fd;
    uint64_t off; /* also a second address */
    uint64_t addr;
    uint32_t len;
    uint32_t op_flags;
    uint64_t user_data;
    uint16_t buf_index, personality;
    int32_t file_index;
    uint64_t addr3, pad;
};

struct linux_io_uring_getevents_arg {
    uint64_t sigmask;
    uint32_t sigmask_sz, min_wait_usec;
    uint64_t ts;
};

#define LINUX_SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
LINUX_SIZE(linux_timex, 208);
LINUX_SIZE(linux_siginfo, 128);
LINUX_SIZE(linux_sigaction, 32);
LINUX_SIZE(linux_stack, 24);
LINUX_SIZE(linux_sigevent, 64);
LINUX_SIZE(linux_clone_args, 88);
LINUX_SIZE(linux_rusage, 144);
LINUX_SIZE(linux_utsname, 390);
LINUX_SIZE(linux_sysinfo, 112);
LINUX_SIZE(linux_prctl_mm_map, 104);
LINUX_SIZE(linux_stat, 128);
LINUX_SIZE(linux_statx, 256);
LINUX_SIZE(linux_statfs, 120);
LINUX_SIZE(linux_flock, 32);
LINUX_SIZE(linux_epoll_event, 16);
LINUX_SIZE(linux_msghdr, 56);
LINUX_SIZE(linux_mmsghdr, 64);
LINUX_SIZE(linux_ipc_perm, 48);
LINUX_SIZE(linux_semid_ds, 88);
LINUX_SIZE(linux_shmid_ds, 112);
LINUX_SIZE(linux_msqid_ds, 120);
LINUX_SIZE(linux_iocb, 64);
LINUX_SIZE(linux_io_uring_params, 120);
LINUX_SIZE(linux_io_uring_sqe, 64);
LINUX_SIZE(linux_io_uring_getevents_arg, 24);
#undef LINUX_SIZE

#endif
