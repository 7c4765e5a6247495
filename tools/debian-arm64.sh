#!/bin/bash
# Fetches Debian 13 arm64 programs into build/debian, as files only: nothing is installed, no root is
# needed, and the machine's own apt and dpkg are not touched. apt keeps a private state in
# build/apt, resolves the dependencies, verifies signatures and checksums, and goes on where an interrupted
# download stopped. No maintainer script runs; the links that they would have made are made here.
#
# usage: tools/debian-arm64.sh [GROUP|PACKAGE]...      groups: tools/debian-groups; no argument: base
#        tools/debian-arm64.sh --deb PACKAGE            prints the path of the package's .deb, fetched, not unpacked
#        tools/debian-arm64.sh --kernel                 the same for the newest kernel of linux-image-cloud-arm64
set -eu
cd "$(dirname "$0")/.."
BUILD=build # whatever build runs the tests: one copy serves all
SUITE=${DEBIAN_SUITE:-trixie}
ARCH=${DEBIAN_ARCH:-arm64} # make bench compares with amd64, in build/debian-amd64
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
mkdir -p "$BUILD"
top=$(realpath "$BUILD")
suffix=$([ "$ARCH" = arm64 ] || echo "-$ARCH")
apt=$top/apt$suffix
root=$top/debian$suffix

say() { printf 'debian-arm64: %s\n' "$*" >&2; }

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [ ! -r $keyring ]; then
    say "the package debian-archive-keyring is missing: apt-get install debian-archive-keyring"
    exit 1
fi

# One fetch at a time per build directory.
mkdir -p "$apt"
exec 9>"$apt/lock"
flock 9

setup_apt() {
    mkdir -p "$apt"/{etc/apt.conf.d,etc/preferences.d,etc/trusted.gpg.d,lists/partial,archives/partial,dpkg,log,done}
    : >>"$apt/dpkg/status"
    cat >"$apt/etc/sources.list" <<EOT
deb [signed-by=$keyring] $MIRROR $SUITE main
EOT
    cat >"$apt/apt.conf" <<EOT
Dir::Etc "$apt/etc";
Dir::Etc::sourcelist "$apt/etc/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/dpkg/status";
Dir::Cache "$apt";
Dir::Cache::archives "$apt/archives";
Dir::Log "$apt/log";
APT::Architecture "$ARCH";
APT::Architectures { "$ARCH"; };
APT::Install-Recommends "false";
APT::Get::Assume-Yes "true";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "60";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
EOT
    export APT_CONFIG=$apt/apt.conf
    # The lists are kept for a day: a test run is repeated more often than Debian's stable changes.
    if [ -z "$(find "$apt/lists" -name '*_Packages*' -mmin -1440 2>/dev/null | head -1)" ]; then
        say "reading the package lists of $SUITE/$ARCH from $MIRROR"
        apt-get -qq update >&2
        find "$apt/lists" -name '*_Packages*' -exec touch {} +
    fi
}

# The fetch is tried again with fresh lists when the archive moved on below old ones.
fetch() {
    apt-get -q install --download-only "$@" >"$apt/log/fetch" 2>&1 && return 0
    apt-get -qq update >&2
    apt-get -q install --download-only "$@" >"$apt/log/fetch" 2>&1 && return 0
    cat "$apt/log/fetch" >&2
    return 1
}

# The merged /usr of Debian 12 and later, which base-files' maintainer script would have made.
merge_usr() {
    local d
    mkdir -p "$root"/usr/{bin,sbin,lib}
    for d in bin sbin lib; do
        [ -e "$root/$d" ] || ln -s "usr/$d" "$root/$d"
    done
}

unpack() {
    local deb=$1
    [ -e "$apt/done/$deb" ] && return 0
    dpkg-deb --fsys-tarfile "$apt/archives/$deb" |
        tar -x -C "$root" --keep-directory-symlink --no-same-owner --delay-directory-restore
    : >"$apt/done/$deb"
}

# alternative LINK TARGET...: LINK points at the first TARGET that exists, as update-alternatives would have it.
alternative() {
    local link=$root/$1 target
    shift
    [ -e "$link" ] && return 0
    for target in "$@"; do
        if [ -e "$root/$target" ]; then
            mkdir -p "${link%/*}"
            ln -sfn "$(realpath -s --relative-to="${link%/*}" "$root/$target")" "$link"
            return 0
        fi
    done
}

alternatives() {
    local lib dir p
    lib=$(cd "$root" && echo usr/lib/*-linux-gnu)
    alternative usr/bin/awk usr/bin/gawk usr/bin/mawk
    alternative usr/bin/pager usr/bin/less
    alternative usr/bin/which usr/bin/which.debianutils
    alternative usr/bin/cc usr/bin/gcc
    alternative usr/bin/c++ usr/bin/g++
    alternative usr/bin/lua usr/bin/lua5.4
    alternative usr/bin/luac usr/bin/luac5.4
    alternative usr/bin/php usr/bin/php8.4
    alternative usr/bin/guile usr/bin/guile-3.0 "$lib/guile/3.0/bin/guile"
    for p in go gofmt; do
        alternative usr/bin/$p usr/lib/go/bin/$p
    done
    for p in java javac jar jshell jcmd keytool; do
        alternative usr/bin/$p "usr/lib/jvm/java-21-openjdk-$ARCH/bin/$p"
    done
    for dir in blas lapack; do
        alternative $lib/lib$dir.so.3 $lib/$dir/lib$dir.so.3
    done
}

setup_apt
print_deb() {
    cd "$apt/archives"
    apt-get -qq download "$1" >&2
    find "$PWD" -name "$1_*.deb" | sort -V | tail -1
}

case ${1:-} in
--deb)
    print_deb "$2"
    exit 0
    ;;
--kernel)
    print_deb "$(apt-cache depends linux-image-cloud-arm64 | sed -n 's/^ *Depends: //p' | head -1)"
    exit 0
    ;;
esac

[ $# -gt 0 ] || set -- base
packages=()
for word in "$@"; do
    line=$(sed -n "s/^$word  *//p" tools/debian-groups)
    # shellcheck disable=SC2206 # a group is a list of words
    packages+=(${line:-$word})
done

key=$(printf '%s\n' "${packages[@]}" | sort -u | sha256sum | cut -c1-16)
[ -e "$apt/done/set-$key" ] && exit 0

plan=$apt/log/plan
apt-get -q install -s "${packages[@]}" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1 \2/p' >"$plan"
say "fetching $* ($(wc -l <"$plan") packages)"
fetch "${packages[@]}"
mkdir -p "$root"
merge_usr
while read -r name version; do
    unpack "$(cd "$apt/archives" && echo "${name}_${version//:/%3a}"_*.deb)"
done <"$plan"
alternatives
# The tree is laid over the machine's own: what it has only as an empty folder is the machine's.
rmdir --ignore-fail-on-non-empty "$root"/{boot,dev,home,media,mnt,opt,proc,root,run,srv,sys,tmp,var/tmp} 2>/dev/null || true
: >"$apt/done/set-$key"
say "$root is ready: $(du -sh "$root" | cut -f1)"
