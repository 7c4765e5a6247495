#!/bin/bash
# Runs static arm64 programs on a real kernel: Debian's stock arm64 cloud kernel under qemu-system-aarch64, with
# an initramfs of busybox and the programs. The guest tests' expectations are recorded this way.
#
# usage: tools/real-kernel.sh run [-f FILE]... PROGRAM [ARG]...   its output, its exit status; FILE is put beside it
#        tools/real-kernel.sh record [TEST]...                    runs tests/sys/TEST (default: all), prints
#                                                                 NAME STATUS and the facts (lines "= ...")
#        tools/real-kernel.sh compare [TEST]...                   and the same under elver on each engine: what
#                                                                 differs and is not named in
#                                                                 tests/real-differences.txt fails
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
ENGINES=${ENGINES:-default interp}
work=$(mktemp -d "${TMPDIR:-/tmp}/real-kernel.XXXXXX")
trap 'rm -rf "$work"' EXIT
mark=@@elver@@

# The kernel and busybox are kept beside the other Debian files.
prepare() {
    local cache=build/kernel deb
    if [ ! -e $cache/ready ]; then
        mkdir -p $cache
        deb=$(tools/debian-arm64.sh --kernel)
        dpkg-deb --fsys-tarfile "$deb" | tar -x -O --wildcards './boot/vmlinuz-*' >$cache/vmlinuz
        deb=$(tools/debian-arm64.sh --deb busybox-static)
        dpkg-deb --fsys-tarfile "$deb" | tar -x -O ./usr/bin/busybox >$cache/busybox
        touch $cache/ready
    fi
    kernel=$cache/vmlinuz
    root=$work/root
    mkdir -p "$root"/{bin,sbin,usr/bin,proc,sys,dev,tmp,etc,root,tests,run,var/tmp,home}
    install -m755 $cache/busybox "$root/bin/busybox"
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
    cat >"$root/init" <<'EOT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin HOME=/root TMPDIR=/tmp LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm /dev/mqueue /sys/fs/cgroup
mount -t devpts -o ptmxmode=666 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ln -s /proc/self/fd /dev/fd
ip link set lo up
hostname elver
stty -F /dev/console -opost 2>/dev/null
cd /tmp
sh /jobs
poweroff -f
EOT
    chmod 755 "$root/init"
    : >"$root/jobs"
}

# The CPU lacks what elver's guests never see (SVE and SME frames); pauth-impdef is only the cheap PAC algorithm.
# Seconds are qemu's: a hung kernel ends as a failure.
boot() {
    (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$work/initramfs"
    timeout "$1" qemu-system-aarch64 -M virt,gic-version=3 -cpu max,sve=off,sme=off,pauth-impdef=on \
        -accel tcg,thread=multi -smp 2 -m 3072 -nodefaults -no-reboot -display none -serial stdio \
        -kernel $kernel -initrd "$work/initramfs" \
        -append "console=ttyAMA0 quiet loglevel=1 panic=-1 rdinit=/init" </dev/null | tr -d '\r'
}

# quote WORD...: for a line of the shell inside.
quote() { [ $# -eq 0 ] || printf '%q ' "$@"; }

run_one() {
    prepare
    while [ "${1:-}" = -f ]; do
        mkdir -p "$root/files"
        cp "$2" "$root/files/"
        shift 2
    done
    local name=${1##*/}
    install -m755 "$1" "$root/tests/$name"
    shift
    {
        echo "cp -a /files/. /tmp/ 2>/dev/null"
        echo "echo $mark start"
        echo "/tests/$name $(quote "$@")"
        echo "status=\$?; echo; echo $mark \$status"
    } >"$root/jobs"
    boot "${TIMEOUT:-300}" >"$work/out" || true
    sed -n "/^$mark start\$/,\$p" "$work/out" | sed -e 1d -e "/^$mark [0-9]*\$/,\$d" | sed -e '$ { /^$/d }'
    local status
    status=$(sed -n "s/^$mark \([0-9]*\)\$/\1/p" "$work/out" | tail -1)
    if [ -z "$status" ]; then
        tail -20 "$work/out" >&2
        echo "real-kernel: the kernel ended before the program did" >&2
        exit 125
    fi
    exit "$status"
}

# words_of TEST KEY: a value from its "test:" line (see tools/run-tests).
words_of() { sed -n "1,15s/.*\btest: .*\b$2=\([^ ]*\).*/\1/p" "tests/sys/$1.c" | head -1; }

list_tests() {
    if [ $# -gt 0 ]; then
        printf '%s\n' "$@"
    else
        for source in tests/sys/*.c; do
            # What is compared with the host's kernel instead says so: its answers are another version's.
            ! sed -n 1,15p "$source" | grep -q '\btest: .*\bhost\b' || continue
            source=${source##*/}
            echo "${source%.c}"
        done
    fi
}

# Sets $work/real: for each test a line "NAME STATUS", then its facts "NAME = ...".
record() {
    prepare
    local name limit
    for name in $(list_tests "$@"); do
        install -m755 "$BUILD/tests/sys/$name" "$root/tests/$name"
        limit=$(words_of "$name" timeout)
        # An emulated machine is slower than the one that the limit was set for.
        {
            echo "echo $mark begin $name"
            echo "mkdir /tmp/$name && cd /tmp/$name"
            echo "timeout -s KILL $((${limit:-60} * 2)) /tests/$name $(words_of "$name" args | tr _ ' ') </dev/null 2>&1"
            echo "status=\$?; echo; echo $mark end $name \$status; cd /tmp; rm -rf /tmp/$name"
        } >>"$root/jobs"
    done
    boot 1200 >"$work/out" || true
    awk -v mark=$mark '
        $1 == mark && $2 == "begin" { name = $3; next }
        $1 == mark && $2 == "end" { print $3, $4; name = ""; next }
        name != "" && $1 == "=" { print name, $0 }
    ' "$work/out" | sort >"$work/real"
    cp "$work/out" $BUILD/real-kernel.log
}

# The same of elver, on one engine: $work/elver.
record_elver() {
    local engine=$1 name limit status option=()
    shift
    [ "$engine" = default ] || option=(--engine="$engine")
    for name in $(list_tests "$@"); do
        limit=$(words_of "$name" timeout)
        mkdir -p "$work/scratch"
        status=0
        # shellcheck disable=SC2046 # the arguments are words
        (cd "$work/scratch" && timeout -s KILL "$((${limit:-60} * 2))" "$OLDPWD/$BUILD/elver" "${option[@]}" \
            "$OLDPWD/$BUILD/tests/sys/$name" $(words_of "$name" args | tr _ ' ')) \
            </dev/null >"$work/elver.out" 2>&1 || status=$?
        rm -rf "$work/scratch"
        echo "$name $status"
        awk -v name="$name" '$1 == "=" { print name, $0 }' "$work/elver.out"
    done 2>/dev/null | sort >"$work/elver"
}

# A line of tests/real-differences.txt: TEST, blanks, the reason. It excuses every difference of that test.
compare() {
    local passed=0 failed=0 skipped=0 name engine
    record "$@"
    for engine in $ENGINES; do
        record_elver "$engine" "$@"
        for name in $(list_tests "$@"); do
            if grep -q "^${name}[[:space:]]" tests/real-differences.txt; then
                skipped=$((skipped + 1))
            elif ! grep -q "^$name [0-9]" "$work/real"; then
                failed=$((failed + 1))
                echo "$name: no result from the kernel, see $BUILD/real-kernel.log"
            elif ! diff <(grep "^$name " "$work/real") <(grep "^$name " "$work/elver") >"$work/diff"; then
                failed=$((failed + 1))
                echo "$name differs: < the kernel, > elver [$engine]"
                sed 's/^/    /' "$work/diff" | head -20
            elif grep -q "^$name 0\$" "$work/real"; then
                passed=$((passed + 1))
            elif grep -q "^$name 77\$" "$work/real"; then
                skipped=$((skipped + 1))
            else
                failed=$((failed + 1))
                echo "$name: $(grep "^$name [0-9]" "$work/real") is a failure on the real kernel: the test is wrong"
            fi
        done
    done
    echo "$passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
    [ $failed = 0 ]
}

command=${1:-}
[ $# = 0 ] || shift
case $command in
run) run_one "$@" ;;
record) record "$@" && cat "$work/real" ;;
compare) compare "$@" ;;
*)
    sed -n 's/^# \{0,1\}//; 2,11p' "$0" >&2
    exit 2
    ;;
esac
