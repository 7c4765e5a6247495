#!/bin/bash
# test: engines=once timeout=120
# make install: the files, with DESTDIR and PREFIX; completions that shells accept; uninstall leaves nothing.
. "$TOP/tests/cli/lib.sh"
m() { make -s -C "$TOP" BUILD="$BUILD" DESTDIR="$PWD/dest" PREFIX=/opt/e "$@"; }
m install >/dev/null
root=dest/opt/e
cmp "$root/bin/elver" "$BUILD/elver" || die "another program was installed"
for f in share/man/man1/elver.1 share/bash-completion/completions/elver share/zsh/site-functions/_elver \
    share/fish/vendor_completions.d/elver.fish; do
    [ -s "$root/$f" ] || die "$f is missing"
done
bash -n "$root/share/bash-completion/completions/elver"
complete_of() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _elver elver "${@: -1}" "${@: -2:1}"; printf "%s\n" "${COMPREPLY[@]}"' \
        x "$root/share/bash-completion/completions/elver" "$@"
}
expect $'--engine' complete_of elver --eng
expect $'jit\ninterp' complete_of elver --engine ''
expect_like '^neoverse-n1$' complete_of elver --cpu n
for option in $("$root/bin/elver" --help | grep -oE '(^| )--[a-z0-9-]+ ' | tr -d ' ' | sort -u); do
    [ "$option" = --jit-cache ] || contains "$root/share/zsh/site-functions/_elver" "$option"
done
! command -v man >/dev/null || MANWIDTH=80 man -l --warnings "$root/share/man/man1/elver.1" >/dev/null || die "man page"
m uninstall
[ -z "$(find dest -type f)" ] || die "left: $(find dest -type f)"
