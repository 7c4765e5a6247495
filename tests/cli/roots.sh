#!/bin/bash
# Other roots: elver inside a chroot without /proc, and a guest that sees one directory and nothing else; exec,
# scripts and creation of files in each.
# test: timeout=60 engines=once
set -eu

fail() {
    echo "FAILED: $*"
    exit 1
}

# same WHAT GOT WANT
same() {
    [ "$2" = "$3" ] || fail "$1: '$2', not '$3'"
}

# Executes what follows "exec", and prints its arguments otherwise.
cat >p.c <<'EOT'
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char cwd[4096];
    if (argc > 2 && !strcmp(argv[1], "exec"))
        return execv(argv[2], argv + 2) ? perror(argv[2]), 1 : 0;
    if (argc > 2 && !strcmp(argv[1], "touch"))
        return !fopen(argv[2], "w");
    printf("%s:", getcwd(cwd, sizeof cwd));
    for (int i = 0; i < argc; i++)
        printf("[%s]", argv[i]);
    puts("");
}
EOT
mkdir -p root/bin root/sub root/only
aarch64-linux-gnu-gcc -static -o root/bin/p p.c
printf '#!/bin/p shebang\n' >root/script
chmod +x root/script
here=$PWD

# the guest's root is a directory, and the host does not exist
only() {
    $ELVER --sysroot-only -L root "$@"
}
same "only, start" "$(only p a)" "/:[p][a]"
same "only, from inside" "$(cd root/sub && $ELVER --sysroot-only -L .. p)" "/sub:[p]"
same "only, exec" "$(only p exec /bin/p x)" "/:[/bin/p][x]"
same "only, script" "$(only p exec /script x)" "/:[/bin/p][shebang][/script][x]"
same "only, dots" "$(only p exec /../../bin/p)" "/:[/../../bin/p]"
only p exec /bin/true 2>/dev/null && fail "a program of the host was found"
only p touch /sub/new
[ -e root/sub/new ] || fail "a new file is not in the root"

# DIR over the host
over() {
    $ELVER -L root "$@"
}
same "over, start" "$(over p a)" "$here:[p][a]"
same "over, the host's" "$(over p exec /bin/echo host)" "host"
over p touch /only/new
[ -e root/only/new ] || fail "a new file is not where its directory is"
over p touch "$here/beside"
[ -e beside ] || fail "a new file is not on the host"

# a chroot without /proc: as root, or as one in a namespace
cp "${ELVER%% *}" root/elver
if [ "$(id -u)" = 0 ]; then
    in_root=(chroot root)
elif unshare -r true 2>/dev/null; then
    in_root=(unshare -r chroot root)
else
    exit 0
fi
same "chroot, start" "$("${in_root[@]}" /elver /bin/p a)" "/:[/bin/p][a]"
same "chroot, exec" "$("${in_root[@]}" /elver /bin/p exec /bin/p exec /script b)" "/:[/bin/p][shebang][/script][b]"
