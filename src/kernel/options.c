/*
 * Options: see options.h. Everything is read through rows of options.def, so
 * that --help, the environment, the configuration files and what exec hands
 * over cannot disagree. Options end at the first word that is none, or at
 * `--`: the program's own arguments are never looked at.
 */
#include "kernel/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/flags.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "base/log.h"
#include "host/host.h"

#define CONFIG_MAX (1 << 20)
#define PATH_BYTES 4096
#define NAME_BYTES 64

enum option_kind { STRING, SWITCH, NUMBER, LIST };

static const struct option_row {
    char letter;
    const char *name, *argument;
    enum option_kind kind;
    bool carried;
    const char *help;
} rows[OPTION_COUNT] = {
#define OPTION(id, letter, name, argument, kind, carried, help) \
    {letter, name, argument, kind, carried, help},
#include "kernel/options.def"
#undef OPTION
};

static const struct {
    const char *name;
    unsigned bits;
} trace_words[] = {
    {"sys", TRACE_SYS},   {"sig", TRACE_SIG},
    {"mm", TRACE_MM},     {"exec", TRACE_EXEC},
    {"insn", TRACE_INSN}, {"all", TRACE_SYS | TRACE_SIG | TRACE_MM | TRACE_EXEC},
};

static bool parse_trace(struct options *o, const char *text)
{
    o->trace = 0;
    while (*text) {
        size_t len = strcspn(text, ",");
        unsigned bits = 0;

        for (size_t i = 0; i < ARRAY_LEN(trace_words); i++)
            if (strlen(trace_words[i].name) == len && memcmp(trace_words[i].name, text, len) == 0)
                bits = trace_words[i].bits;
        if (len && !bits)
            return false;
        o->trace |= bits;
        text += len + (text[len] == ',');
    }
    return true;
}

static bool parse_switch(const char *text, bool *on)
{
    static const char *const yes[] = {"", "1", "yes", "on", "true"};
    static const char *const no[] = {"0", "no", "off", "false"};

    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        if (strcmp(text, yes[i]) == 0)
            return *on = true;
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        if (strcmp(text, no[i]) == 0)
            return !(*on = false);
    return false;
}

static bool parse_number(const char *text, uint64_t *value)
{
    char *end;

    *value = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && *value <= 1u << 30;
}

/* The value of one option; the last that is set wins. */
static bool set_value(struct options *o, struct launch *l, unsigned id, const char *text)
{
    uint64_t number = 0;
    bool on = false;

    if ((rows[id].kind == SWITCH && !parse_switch(text, &on)) ||
        (rows[id].kind == NUMBER && !parse_number(text, &number)))
        return false;
    o->text[id] = text;
    switch ((enum option_id)id) {
    case OPTION_SYSROOT: o->sysroot = *text ? text : NULL; return true;
    case OPTION_SYSROOT_ONLY: o->sysroot_only = on; return true;
    case OPTION_CPU: o->cpu = text; return true;
    case OPTION_ENGINE: o->engine = text; return true;
    case OPTION_JIT_CACHE: o->engine_options.cache_bytes = number << 20; return true;
    case OPTION_JIT_STATS: o->engine_options.stats = on; return true;
    case OPTION_JIT_DEBUG: o->engine_options.debug = text; return true;
    case OPTION_HOST_CPU: o->engine_options.host_cpu = text; return true;
    case OPTION_LOCKSTEP: o->engine_options.lockstep = on; return true;
    case OPTION_DUMP: o->engine_options.dump = *text ? text : NULL; return true;
    case OPTION_JITDUMP: o->engine_options.jitdump = on; return true;
    case OPTION_PERF_MAP: o->engine_options.perf_map = on; return true;
    case OPTION_TRACE: return parse_trace(o, text);
    case OPTION_TRACE_FILE: o->trace_file = *text ? text : NULL; return true;
    case OPTION_LOG: o->log_file = *text ? text : NULL; return true;
    case OPTION_VERBOSE: o->verbose = on; return true;
    case OPTION_ARGV0: l->argv0 = text; return true;
    case OPTION_WORKDIR: l->workdir = text; return true;
    case OPTION_CLEAR_ENV: l->clear_env = on; return true;
    case OPTION_SET_ENV:
    case OPTION_UNSET_ENV:
        if (*text == '\0' || *text == '=' ||
            (strchr(text, '=') != NULL) != (id == OPTION_SET_ENV) || l->edits == LAUNCH_EDITS)
            return false;
        l->edit[l->edits++] = text;
        return true;
    case OPTION_COUNT: break;
    }
    return false;
}

bool options_carry(struct options *o, unsigned id, const char *text)
{
    return id < OPTION_COUNT && rows[id].carried && set_value(o, NULL, id, text);
}

bool options_carried(unsigned id)
{
    return rows[id].carried;
}

static unsigned find_name(const char *name, size_t len)
{
    unsigned id;

    for (id = 0; id < OPTION_COUNT; id++)
        if (strlen(rows[id].name) == len && memcmp(rows[id].name, name, len) == 0)
            break;
    return id;
}

/* "ELVER_SYSROOT_ONLY" for "sysroot-only". */
static void environment_name(char *buf, unsigned id)
{
    const char *p = rows[id].name;

    buf += sprintf(buf, "ELVER_");
    for (; *p; p++)
        *buf++ = *p == '-' ? '_' : *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p;
    *buf = '\0';
}

static const char *environment_get(char **envp, const char *name)
{
    size_t len = strlen(name);

    for (; *envp; envp++)
        if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
            return *envp + len + 1;
    return NULL;
}

/* ---- configuration files: key=value lines, `#` begins a comment line ---- */

static char *read_config(const char *path)
{
    long fd = host_syscall(LINUX_SYS_openat, LINUX_AT_FDCWD, (uintptr_t)path,
                           LINUX_O_RDONLY | LINUX_O_CLOEXEC, 0, 0, 0);
    char *text = NULL;
    size_t used = 0;

    if (fd < 0)
        return NULL;
    for (size_t cap = 4096; cap <= CONFIG_MAX; cap *= 2) {
        char *more = mem_realloc(text, cap);
        long n = 1;

        if (!more)
            break;
        text = more;
        while (used < cap - 1 && n > 0) {
            n = host_syscall(LINUX_SYS_read, fd, (uintptr_t)text + used, cap - 1 - used, 0, 0, 0);
            used += n > 0 ? n : 0;
        }
        if (n <= 0)
            break;
    }
    host_syscall(LINUX_SYS_close, fd, 0, 0, 0, 0, 0);
    if (text)
        text[used] = '\0';
    return text;
}

static char *trim(char *s)
{
    size_t len;

    s += strspn(s, " \t\r");
    for (len = strlen(s); len && strchr(" \t\r", s[len - 1]); len--)
        s[len - 1] = '\0';
    return s;
}

static bool parse_config(struct options *o, struct launch *l, const char *path)
{
    char *text = read_config(path), *next = text;

    for (unsigned line = 1; next && *next; line++) {
        char *key = next, *value;
        unsigned id;

        next += strcspn(next, "\n");
        if (*next)
            *next++ = '\0';
        key = trim(key);
        if (*key == '\0' || *key == '#')
            continue;
        value = key + strcspn(key, "=");
        if (*value)
            *value++ = '\0';
        key = trim(key);
        value = trim(value);
        id = find_name(key, strlen(key));
        if (id == OPTION_COUNT || !set_value(o, l, id, value)) {
            log_launch_error(id == OPTION_COUNT
                                 ? "%s:%u: there is no option '%s' (see elver --help)"
                                 : "%s:%u: this value does not suit '%s'",
                             path, line, key);
            return false;
        }
    }
    return true;
}

static bool parse_configs(struct options *o, struct launch *l, char **envp)
{
    const char *base = environment_get(envp, "XDG_CONFIG_HOME"),
               *home = environment_get(envp, "HOME");
    char path[PATH_BYTES];
    int n = 0;

    if (!parse_config(o, l, "/etc/elver.conf"))
        return false;
    if (base && *base == '/')
        n = snprintf(path, sizeof(path), "%s/elver/config", base);
    else if (home && *home == '/')
        n = snprintf(path, sizeof(path), "%s/.config/elver/config", home);
    return n <= 0 || n >= (int)sizeof(path) || parse_config(o, l, path);
}

static bool parse_environment(struct options *o, struct launch *l, char **envp)
{
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        char name[NAME_BYTES];
        const char *value;

        environment_name(name, id);
        value = environment_get(envp, name);
        if (value && !set_value(o, l, id, value)) {
            log_launch_error("%s=%s: this value does not suit the option (see elver --help)", name,
                             value);
            return false;
        }
    }
    return true;
}

/* ---- the command line ---- */

/* One word of ours at *argv; moves *argv to the last word used. False: said why. */
static bool parse_word(struct options *o, struct launch *l, char ***argv)
{
    char *word = **argv, *value = NULL;
    unsigned id = OPTION_COUNT;

    if (word[1] == '-') {
        size_t len = strcspn(word + 2, "=");

        id = find_name(word + 2, len);
        value = word[2 + len] ? word + 2 + len + 1 : NULL;
    } else {
        for (id = 0; id < OPTION_COUNT && rows[id].letter != word[1]; id++)
            ;
        value = word[2] ? word + 2 : NULL;
    }
    if (id == OPTION_COUNT || (rows[id].kind == SWITCH && word[1] != '-' && value)) {
        log_launch_error("there is no option '%s' (elver --help lists them; `--` ends elver's own)",
                         word);
        return false;
    }
    if (!value && rows[id].kind != SWITCH) {
        value = *++*argv;
        if (!value) {
            log_launch_error("'%s' wants %s", word, rows[id].argument);
            return false;
        }
    }
    if (id == OPTION_CPU && strcmp(value, "help") == 0)
        l->command = LAUNCH_CPU_HELP;
    if (!set_value(o, l, id, value ? value : "")) {
        log_launch_error("'%s' does not suit --%s%s%s", value ? value : "", rows[id].name,
                         rows[id].argument ? " " : "", rows[id].argument ? rows[id].argument : "");
        return false;
    }
    return true;
}

static bool parse_command_line(struct options *o, struct launch *l, char **argv)
{
    for (argv++; *argv && (*argv)[0] == '-' && (*argv)[1]; argv++) {
        if (strcmp(*argv, "--") == 0) {
            argv++;
            l->argv = argv;
            return true;
        }
        if (strcmp(*argv, "--help") == 0 || strcmp(*argv, "-h") == 0)
            l->command = LAUNCH_HELP;
        else if (strcmp(*argv, "--version") == 0)
            l->command = LAUNCH_VERSION;
        else if (!parse_word(o, l, &argv))
            return false;
    }
    l->argv = argv;
    if (l->command == LAUNCH_RUN && *argv && strcmp(*argv, "doctor") == 0) {
        l->command = LAUNCH_DOCTOR;
        l->argv++;
    }
    return true;
}

/* A path that must still mean the same after the guest's chdir. */
static bool make_absolute(const char **path)
{
    char cwd[PATH_BYTES], *absolute;
    size_t bytes;

    if (!*path || **path == '/')
        return true;
    if (host_syscall(LINUX_SYS_getcwd, (uintptr_t)cwd, sizeof(cwd), 0, 0, 0, 0) < 0)
        return false;
    bytes = strlen(cwd) + 1 + strlen(*path) + 1;
    absolute = mem_alloc(bytes);
    if (!absolute)
        return false;
    snprintf(absolute, bytes, "%s/%s", cwd, *path);
    *path = absolute;
    return true;
}

/* Words that were asked for and sent nowhere belong on the terminal that asked. */
static void find_log(struct options *o)
{
    bool asked = (o->trace && !o->trace_file) || o->engine_options.stats ||
                 o->engine_options.dump || o->engine_options.lockstep || o->verbose;

    if (!o->log_file && asked)
        o->log_file = "2";
}

static bool finish_paths(struct options *o)
{
    find_log(o);
    bool fd_log = o->log_file && strspn(o->log_file, "0123456789") == strlen(o->log_file);

    if (!make_absolute(&o->sysroot) || !make_absolute(&o->trace_file) ||
        (!fd_log && !make_absolute(&o->log_file))) {
        log_launch_error("the current directory has no name, so relative paths cannot be kept");
        return false;
    }
    o->text[OPTION_SYSROOT] = o->sysroot;
    o->text[OPTION_TRACE_FILE] = o->trace_file;
    o->text[OPTION_LOG] = o->log_file;
    if (o->sysroot_only && !o->sysroot) {
        log_launch_error("--sysroot-only needs --sysroot DIR");
        return false;
    }
    return true;
}

bool options_parse(struct options *o, struct launch *l, char **argv, char **envp)
{
    memset(o, 0, sizeof(*o));
    memset(l, 0, sizeof(*l));
    return parse_configs(o, l, envp) && parse_environment(o, l, envp) &&
           parse_command_line(o, l, argv) && finish_paths(o);
}

void options_help(int fd)
{
    static const char usage[] =
        "elver runs Linux arm64 programs on this machine.\n"
        "\n"
        "usage: elver [options] program [arguments...]\n"
        "       elver doctor [program]    what this machine can do, and what a program needs\n"
        "\n"
        "Options come before the program; all that follows it is the program's own.\n"
        "A program without a slash is looked for here and then in PATH.\n"
        "\n";
    static const char more[] =
        "      --help                  this text\n"
        "      --version               the version\n"
        "\n"
        "Each option is also an environment variable (--jit-cache: ELVER_JIT_CACHE) and\n"
        "a line of ~/.config/elver/config or /etc/elver.conf (jit-cache=64). The command\n"
        "line wins over the environment, the environment over the files.\n"
        "The exit status is the program's; 126 and 127 are elver's: could not be run, not found.\n";
    char text[8192];
    size_t used = 0;

    used += snprintf(text, sizeof(text), "%s", usage);
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        char left[NAME_BYTES], letter[8] = "    ";

        if (rows[id].letter)
            snprintf(letter, sizeof(letter), "-%c, ", rows[id].letter);
        snprintf(left, sizeof(left), "  %s--%s%s%s", letter, rows[id].name,
                 rows[id].argument ? " " : "", rows[id].argument ? rows[id].argument : "");
        used += snprintf(text + used, sizeof(text) - used, "%-29s %s\n", left, rows[id].help);
    }
    used += snprintf(text + used, sizeof(text) - used, "%s", more);
    host_syscall(LINUX_SYS_write, fd, (uintptr_t)text, used, 0, 0, 0);
}
