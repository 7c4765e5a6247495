#!/bin/bash
# test: needs=base,debug timeout=120 all
# Namespaces made by guest programs: unshare in its forms, and bubblewrap's sandbox, as an ordinary user may.
. "$TOP/tests/apps/lib.sh"
unshare -r true 2>/dev/null || {
    echo "this machine does not let its users make namespaces"
    exit 77
}
expect 0 guest unshare -r /usr/bin/id -u
expect 1 guest unshare -rpf /usr/bin/bash -c 'echo $$'
expect_like '^root +1 ' guest unshare -rmpf --mount-proc /usr/bin/ps aux
expect elver-inside guest unshare -ru /usr/bin/bash -c 'hostname elver-inside; hostname'
[ "$(hostname)" != elver-inside ] || die "the name of the machine itself was changed"
expect lo guest unshare -rn /usr/bin/bash -c 'cd /sys/class/net 2>/dev/null; sed -n "s/^ *\(lo\):.*/\1/p" /proc/net/dev'
expect 0 guest unshare -r --root="$DEBIAN" /usr/bin/id -u
expect 'in the sandbox' guest bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --unshare-all \
    /usr/bin/bash -c 'touch /tmp/x && ! touch /usr/x 2>/dev/null && echo "in the sandbox"'
echo "namespaces: done"
