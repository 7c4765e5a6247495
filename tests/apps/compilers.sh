#!/bin/bash
# test: quick needs=toolchain,base timeout=300
# gcc, g++, ld and make build a program of several files, a library among them, which then runs.
. "$TOP/tests/apps/lib.sh"

# A machine with a cross compiler has /usr/aarch64-linux-gnu, which gcc would search: so the sysroot alone.
RUNNER+=(--sysroot-only)
mkdir -p "$DEBIAN/var/tmp"
work=$(mktemp -d "$DEBIAN/var/tmp/compilers.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit
here=${work#"$DEBIAN"}
export TMPDIR=$here HOME=/

cat >main.c <<'EOT'
#include <stdio.h>
#include <pthread.h>
#include "shape.h"
static void *run(void *p) { *(double *)p = area(*(double *)p); return p; }
int main(void)
{
    double v[8]; pthread_t t[8]; double sum = 0;
    for (int i = 0; i < 8; i++) { v[i] = i; pthread_create(&t[i], NULL, run, &v[i]); }
    for (int i = 0; i < 8; i++) { pthread_join(t[i], NULL); sum += v[i]; }
    printf("%.3f %s\n", sum, name());
    return 0;
}
EOT
cat >shape.h <<'EOT'
#ifdef __cplusplus
extern "C" {
#endif
double area(double r);
const char *name(void);
#ifdef __cplusplus
}
#endif
EOT
printf '#include <math.h>\n#include "shape.h"\ndouble area(double r) { return M_PI * pow(r, 2); }\n' >shape.c
cat >name.cc <<'EOT'
#include "shape.h"
#include <map>
#include <stdexcept>
#include <string>
static std::map<int, std::string> names{{1, "circle"}, {2, "square"}};
const char *name(void)
{
    try {
        names.at(3);
    } catch (const std::out_of_range &) {
        return names[1].c_str();
    }
    return "wrong";
}
EOT
cat >Makefile <<'EOT'
CFLAGS = -O2 -g -Wall
CXXFLAGS = -O1
prog: main.o libshape.a libname.so
	$(CXX) -o $@ main.o -L. -lshape -lname -Wl,-rpath,'$$ORIGIN' -lm -pthread
libshape.a: shape.o
	$(AR) rcs $@ $^
libname.so: name.cc
	$(CXX) $(CXXFLAGS) -fPIC -shared -o $@ $<
EOT
guest make -s -j2 CC=/usr/bin/gcc CXX=/usr/bin/g++ AR=/usr/bin/ar
expect_like 'AArch64' readelf -h prog
expect '439.823 circle' guest "$here/prog"
guest make -q CC=/usr/bin/gcc CXX=/usr/bin/g++ AR=/usr/bin/ar || die "make would build again"
expect_like 'circle|name' guest nm -D libname.so
printf 'int main(void) { return undeclared; }\n' >bad.c
guest gcc -c bad.c 2>err && die "an error was compiled"
grep -q "undeclared" err || die "no message: $(cat err)"
printf '#include <stdio.h>\nint main(void) { puts("static"); return 0; }\n' >s.c
guest gcc -static -flto -O3 -o s s.c
expect static guest "$here/s"
