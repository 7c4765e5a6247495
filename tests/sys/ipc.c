/*
 * System V ipc (struct semid_ds differs between arm64 and x86-64), POSIX
 * message queues, keys. test: quick
 */
#include "sys/test.h"

#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

TEST(semaphores)
{
    int id = semget(IPC_PRIVATE, 3, 0600 | IPC_CREAT);
    if (id < 0 && errno == ENOSYS)
        SKIP("no System V ipc");
    struct semid_ds ds;
    unsigned short values[3] = {4, 5, 6};
    time_t before = time(NULL) - 2;
    CHECK_EQ(semctl(id, 0, SETALL, (union semun){.array = values}), 0);
    CHECK_EQ(semctl(id, 1, GETVAL), 5);
    CHECK_EQ(semctl(id, 1, SETVAL, (union semun){.val = 9}), 0);
    memset(values, 0, sizeof(values));
    CHECK_EQ(semctl(id, 0, GETALL, (union semun){.array = values}), 0);
    CHECK_EQ(values[1], 9);
    struct sembuf op[2] = {{0, -4, 0}, {2, 1, 0}};
    CHECK_EQ(semop(id, op, 2), 0);
    CHECK_EQ(semctl(id, 0, GETPID), getpid());
    memset(&ds, 0xff, sizeof(ds));
    CHECK_EQ(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}), 0);
    CHECK_EQ(ds.sem_nsems, 3);
    CHECK_EQ(ds.sem_perm.mode & 0777, 0600);
    CHECK_EQ(ds.sem_perm.cuid, geteuid());
    CHECK(ds.sem_otime >= before && ds.sem_otime <= time(NULL) + 1);
    CHECK(ds.sem_ctime >= before && ds.sem_ctime <= time(NULL) + 1);
    ds.sem_perm.mode = 0640;
    CHECK_EQ(semctl(id, 0, IPC_SET, (union semun){.buf = &ds}), 0);
    CHECK_EQ(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}), 0);
    CHECK_EQ(ds.sem_perm.mode & 0777, 0640);
    struct timespec t = {0, 10000000};
    op[0] = (struct sembuf){0, -1, 0};
    CHECK_ERR(semtimedop(id, op, 1, &t), EAGAIN);
    CHECK_EQ(RAW(SYS_semctl, id, 0, IPC_STAT, 16), -EFAULT);
    CHECK_EQ(RAW(SYS_semctl, id, 0, GETALL, 1ul << 60), -EFAULT);
    CHECK_EQ(RAW(SYS_semop, id, 1ul << 60, 1), -EFAULT);
    CHECK_EQ(semctl(id, 0, IPC_RMID), 0);
    CHECK_ERR(semctl(id, 0, GETVAL), EINVAL);
}

TEST(messages)
{
    struct {
        long type;
        char text[8];
    } m = {3, "three"}, got = {0};
    struct msqid_ds ds;
    int id = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);
    if (id < 0 && errno == ENOSYS)
        SKIP("no System V ipc");
    CHECK_EQ(msgsnd(id, &m, 6, 0), 0);
    m.type = 1;
    CHECK_EQ(msgsnd(id, &m, 2, 0), 0);
    CHECK_EQ(msgctl(id, IPC_STAT, &ds), 0);
    CHECK_EQ(ds.msg_qnum, 2);
    CHECK_EQ(ds.msg_lspid, getpid());
    CHECK_EQ(msgrcv(id, &got, 8, 1, 0), 2);
    CHECK_EQ(msgrcv(id, &got, 8, 0, IPC_NOWAIT), 6);
    CHECK_EQ(got.type, 3);
    CHECK(!strcmp(got.text, "three"));
    CHECK_ERR(msgrcv(id, &got, 8, 0, IPC_NOWAIT), ENOMSG);
    CHECK_EQ(msgctl(id, IPC_RMID, NULL), 0);
}

TEST(shared_memory)
{
    struct shmid_ds ds;
    int id = shmget(IPC_PRIVATE, 10000, 0600 | IPC_CREAT);
    if (id < 0 && errno == ENOSYS)
        SKIP("no System V ipc");
    char *p = shmat(id, NULL, 0);
    CHECK(p != (void *)-1);
    strcpy(p, "shared");
    CHECK_EQ(shmctl(id, IPC_STAT, &ds), 0);
    CHECK_EQ(ds.shm_segsz, 10000);
    CHECK_EQ(ds.shm_nattch, 1);
    CHECK_EQ(IN_CHILD((strcpy(p, "child"), 0)), 0);
    CHECK(!strcmp(p, "child"));
    CHECK_EQ(shmctl(id, IPC_RMID, NULL), 0);
    CHECK_EQ(shmdt(p), 0);
    CHECK_ERR(shmdt(p), EINVAL);
}

static volatile int told;
static void on_message(int sig, siginfo_t *info, void *uc)
{
    told = info->si_code == SI_MESGQ ? info->si_value.sival_int : -1;
}

TEST(message_queues)
{
    struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = 16}, got;
    char name[32], buf[16];
    unsigned prio;
    snprintf(name, sizeof(name), "/elver-test-%d", getpid());
    mqd_t q = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr);
    if (q == (mqd_t)-1 && errno == ENOSYS)
        SKIP("no message queues");
    CHECK(q >= 0);
    CHECK_EQ(mq_send(q, "low", 4, 1), 0);
    CHECK_EQ(mq_send(q, "high", 5, 9), 0);
    CHECK_EQ(mq_receive(q, buf, 16, &prio), 5);
    CHECK_EQ(prio, 9);
    CHECK_EQ(mq_getattr(q, &got), 0);
    CHECK_EQ(got.mq_curmsgs, 1);
    CHECK_EQ(got.mq_msgsize, 16);
    CHECK_EQ(mq_receive(q, buf, 16, &prio), 4);
    CHECK_ERR(mq_receive(q, buf, 16, &prio), EAGAIN);
    struct sigaction sa = {.sa_sigaction = on_message, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &sa, NULL);
    struct sigevent ev = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 41};
    CHECK_EQ(mq_notify(q, &ev), 0);
    CHECK_EQ(mq_send(q, "x", 1, 0), 0);
    CHECK_EQ(told, 41);
    CHECK_EQ(mq_unlink(name), 0);
    mq_close(q);
}

TEST(keys)
{
    char buf[16];
    long key = RAW(SYS_add_key, "user", "elver:test", "payload", 7, -2 /* process keyring */);
    if (key == -ENOSYS)
        SKIP("no keys");
    CHECK(key > 0);
    CHECK_EQ(RAW(SYS_keyctl, 11 /* READ */, key, buf, 16, 0), 7);
    CHECK_EQ(memcmp(buf, "payload", 7), 0);
    CHECK_EQ(RAW(SYS_keyctl, 11, key, 1ul << 60, 16, 0), -EFAULT);
    CHECK_EQ(RAW(SYS_keyctl, 3 /* REVOKE */, key), 0);
}

TEST_MAIN()
