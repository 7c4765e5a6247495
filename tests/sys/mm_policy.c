/*
 * What belongs to an address space beside its mappings: the registrations of
 * membarrier(2), and PR_SET_MDWE, which refuses memory that becomes executable
 * after it was written. Both differ in what fork and exec make of them.
 */
#include "sys/test.h"

#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#endif
enum { REFUSE_EXEC_GAIN = 1, NO_INHERIT = 2, PAGE = 4096, GET_REGISTRATIONS = 1 << 9 };

#define BARRIER(command, flags) RAW(SYS_membarrier, command, flags, 0)

TEST(membarrier_wants_a_registration)
{
    CHECK_EQ(BARRIER(GET_REGISTRATIONS, 0), 0);
    CHECK_EQ(BARRIER(GET_REGISTRATIONS, 1), -EINVAL);
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0), -EPERM);
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 1), -EINVAL);
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0), -EPERM);
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 1), -EINVAL);
    CHECK_EQ(BARRIER(1 << 20, 0), -EINVAL);
    CHECK(BARRIER(MEMBARRIER_CMD_QUERY, 0) & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

/* A process of its own, so that what it registers is its own. */
static int registers(void)
{
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0), 0);
    CHECK_EQ(BARRIER(GET_REGISTRATIONS, 0), 0x40 | 0x10);
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0), 0);
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0), -EPERM);
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0), 0);
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0), 0);
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0), 0);
    CHECK_EQ(BARRIER(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0), 0);
    CHECK_EQ(BARRIER(GET_REGISTRATIONS, 0), 0x40 | 0x10 | 4);
    int inherited = IN_CHILD(BARRIER(GET_REGISTRATIONS, 0) == (0x40 | 0x10 | 4) ? 0 : 1);
    CHECK_EQ(inherited, 0);
    return test_failed != 0;
}

TEST(membarrier_registrations_belong_to_the_space)
{
    CHECK_EQ(IN_CHILD(registers()), 0);
    CHECK_EQ(BARRIER(GET_REGISTRATIONS, 0), 0);
}

static void *pages(int prot)
{
    return mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int denies(void)
{
    char *data = pages(PROT_READ | PROT_WRITE), *code = pages(PROT_READ | PROT_EXEC);

    CHECK_EQ(prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0l, 0l, 0l), 0);
    CHECK_EQ(prctl(PR_GET_MDWE, 0l, 0l, 0l, 0l), REFUSE_EXEC_GAIN);
    CHECK_ERR(prctl(PR_SET_MDWE, 0l, 0l, 0l, 0l), EPERM);
    CHECK_EQ(prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0l, 0l, 0l), 0);
    errno = 0;
    CHECK(pages(PROT_READ | PROT_WRITE | PROT_EXEC) == MAP_FAILED && errno == EACCES);
    CHECK_ERR(mprotect(data, PAGE, PROT_READ | PROT_EXEC), EACCES);
    CHECK_EQ(mprotect(code, PAGE, PROT_READ), 0);
    CHECK_ERR(mprotect(code, PAGE, PROT_READ | PROT_EXEC), EACCES);
    CHECK(pages(PROT_READ | PROT_EXEC) != MAP_FAILED);
    int child = IN_CHILD(prctl(PR_GET_MDWE, 0l, 0l, 0l, 0l) == REFUSE_EXEC_GAIN ? 0 : 1);
    CHECK_EQ(child, 0);
    return test_failed != 0;
}

TEST(mdwe_refuses_what_becomes_executable)
{
    CHECK_EQ(prctl(PR_GET_MDWE, 0l, 0l, 0l, 0l), 0);
    CHECK_ERR(prctl(PR_SET_MDWE, NO_INHERIT, 0l, 0l, 0l), EINVAL);
    CHECK_ERR(prctl(PR_SET_MDWE, 4l, 0l, 0l, 0l), EINVAL);
    CHECK_ERR(prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 1l, 0l, 0l), EINVAL);
    CHECK_EQ(IN_CHILD(denies()), 0);
}

/* In a program that was executed under it, all still runs. */
static int over_exec(int how)
{
    char *argv[] = {"mm_policy", "mdwe_is_said_by_exec", how & NO_INHERIT ? "0" : "1", NULL};

    if (prctl(PR_SET_MDWE, how, 0l, 0l, 0l))
        return 2;
    if (how & NO_INHERIT) {
        int forked = IN_CHILD(prctl(PR_GET_MDWE, 0l, 0l, 0l, 0l) == 0 ? 0 : 1);
        if (forked)
            return 3;
    }
    execv("/proc/self/exe", argv);
    return 4;
}

static int told; /* by the program's argument: what PR_GET_MDWE shall give, -1 nothing */

TEST(mdwe_is_said_by_exec)
{
    if (told >= 0)
        CHECK_EQ(prctl(PR_GET_MDWE, 0l, 0l, 0l, 0l), told);
    else
        CHECK_EQ(prctl(PR_GET_MDWE, 0l, 0l, 0l, 0l), 0);
}

TEST(mdwe_over_exec)
{
    CHECK_EQ(IN_CHILD(over_exec(REFUSE_EXEC_GAIN)), 0);
    CHECK_EQ(IN_CHILD(over_exec(REFUSE_EXEC_GAIN | NO_INHERIT)), 0);
}

int main(int argc, char **argv)
{
    told = argc == 3 ? atoi(argv[2]) : -1;
    return test_main(argc == 3 ? 2 : argc, argv);
}
