# elver: runs Linux arm64 programs on x86-64 Linux. See README.md; `make help` lists the targets.
#
#   make CC=clang               another compiler
#   make SAN=address,undefined  a sanitized build in build-address,undefined
#   make check ENGINE=interp    tests on one engine
#   make V=1                    the whole commands
#   make install PREFIX=/usr DESTDIR=/tmp/x

VERSION  = 0.1.0
CC      ?= gcc
ifeq ($(origin CC),default)
CC       = gcc
endif
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
CROSS   ?= aarch64-linux-gnu-

# Everything that is built lands in $(BUILD), what is fetched in build/; sanitized builds have a folder of their own.
BUILD   ?= build$(if $(SAN),-$(SAN))

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wno-unused-parameter -Werror
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DELVER_VERSION='"$(VERSION)"' -Isrc -I$(BUILD)/gen -fPIE \
	-fno-strict-aliasing -fno-math-errno -ffp-contract=off -ftls-model=local-exec -ffile-prefix-map=$(CURDIR)=. $(WARN) $(CFLAGS)
LINK = -static-pie

# Sanitized builds stay what elver is: static, its own memory, threads and signals. Broken promises of the language are
# traps; addresses are checked by calls to our own base/asan.c, whose shadow lies above the guest's memory.
# The fault room reports both. SAN=thread is the compiler's own library and for tests/unit/threads alone.
CLANG = $(findstring clang,$(CC))
SANITIZERS = $(subst $(comma), ,$(SAN))
comma = ,
ifneq ($(SAN),)
ALL_CFLAGS += -fno-omit-frame-pointer $(SAN_CFLAGS)
endif
ifneq ($(filter undefined,$(SANITIZERS)),)
SAN_CFLAGS += -fsanitize=undefined $(if $(CLANG),-fsanitize-trap=undefined,-fsanitize-undefined-trap-on-error)
endif
ifneq ($(filter address,$(SANITIZERS)),)
SHADOW = 0x440000000000
SAN_CFLAGS += -DSANITIZE_SHADOW=$(SHADOW) -fsanitize=kernel-address
ifneq ($(CLANG),)
SAN_CFLAGS += $(addprefix -mllvm -asan-,use-after-scope=1 mapping-offset=$(SHADOW) stack=1 globals=1 max-inline-poisoning-size=65536 \
	instrumentation-with-call-threshold=0)
else
SAN_CFLAGS += -fasan-shadow-offset=$(SHADOW) --param asan-stack=1 --param asan-globals=1 \
	-fsanitize-address-use-after-scope --param asan-instrumentation-with-call-threshold=0
endif
LINK += $(patsubst %,-Wl$(comma)--wrap=%,memcpy memmove memset memcmp strlen snprintf vsnprintf)
endif
ifneq ($(filter thread,$(SANITIZERS)),)
SAN_CFLAGS += -fsanitize=thread -Wno-tsan
endif
ifneq ($(filter fuzzer,$(SANITIZERS)),)
SAN_CFLAGS += -fsanitize=fuzzer-no-link
endif

# src/kernel/vdso is arm64 code for the guest, built by the cross assembler below.
SRCS := $(shell find src -path src/kernel/vdso -prune -o \( -name '*.c' -o -name '*.S' \) -print | LC_ALL=C sort)
OBJS := $(SRCS:%=$(BUILD)/%.o)
LIB  := $(BUILD)/libelver.a

ifeq ($(V),)
Q = @
SAY = @printf '  %-5s %s\n'
else
SAY = @:
endif

.PHONY: all help
all: $(BUILD)/elver

help:
	@sed -n 's/^#   make/  make/p' Makefile
	@echo "targets: all check check-all check-san check-real fuzz bench lint format demo install clean deps"

$(BUILD)/elver: $(OBJS)
	$(SAY) LINK $@
	$(Q)$(CC) $(LINK) $(CFLAGS) -ffile-prefix-map=$(CURDIR)=. -o $@ $(OBJS) -lcapstone

# What the unit tests link: an archive, so that each takes only the rooms it tests.
$(LIB): $(filter-out $(BUILD)/src/main.c.o,$(OBJS))
	@rm -f $@
	$(Q)ar rcsD $@ $^

.SECONDARY:

# ---- generated sources: tools/gen/NAME.c is a host program that prints $(BUILD)/gen/NAME.inc ----

GEN := $(patsubst tools/gen/%.c,$(BUILD)/gen/%.inc,$(wildcard tools/gen/*.c))


$(BUILD)/gen/%.inc: $(BUILD)/tools/gen/%
	@mkdir -p $(@D)
	$(SAY) GEN $@
	$(Q)$< >$@.new
	@mv $@.new $@

$(BUILD)/tools/gen/%: tools/gen/%.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -Isrc -O1 $(WARN) -MMD -MP -MP -MF $@.d -o $@ $<

# ---- the guest's vDSO: arm64 code, embedded by .incbin "vdso.so" ----

VDSO_SRCS := $(wildcard src/kernel/vdso/*.S)
VDSO := $(if $(VDSO_SRCS),$(BUILD)/gen/vdso.so)

$(BUILD)/gen/vdso.so: $(VDSO_SRCS) $(wildcard src/kernel/vdso/*.lds)
	@mkdir -p $(@D)
	@command -v $(CROSS)as >/dev/null || { echo "$(CROSS)as is missing: run tools/deps.sh build"; exit 1; }
	$(SAY) VDSO $@
	$(Q)$(CROSS)as -Isrc -o $(BUILD)/gen/vdso.o $(VDSO_SRCS)
	$(Q)$(CROSS)ld -shared -nostdlib --hash-style=both --eh-frame-hdr --build-id=none -z max-page-size=4096 -z noexecstack \
		-soname linux-vdso.so.1 $(addprefix -T ,$(wildcard src/kernel/vdso/*.lds)) -o $@ $(BUILD)/gen/vdso.o

# Where the kernel room finds its own entry points in it.
$(BUILD)/gen/vdso_offsets.h: $(VDSO)
	$(CROSS)nm -D $< | awk '$$3 ~ /rt_sigreturn/ { print "#define VDSO_RT_SIGRETURN 0x" $$1 "ull" }' >$@.new
	@grep -q RT_SIGRETURN $@.new && mv $@.new $@
GEN += $(if $(VDSO),$(BUILD)/gen/vdso_offsets.h)

.PHONY: generated
generated: $(GEN)

$(BUILD)/%.c.o: %.c | $(GEN)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -MP -c -o $@ $<

# CPU_FEATURE_ACTIVE of the host's libc shifts a one into the sign.
$(BUILD)/src/engine/jit/run.c.o $(BUILD)/src/debug/doctor.c.o: SAN_CFLAGS += $(if $(SAN),-fno-sanitize=shift)

$(BUILD)/src/base/asan.c.o: SAN_CFLAGS = $(addprefix -DSANITIZE_SHADOW=,$(SHADOW))

$(BUILD)/%.S.o: %.S $(VDSO)
	@mkdir -p $(@D)
	$(SAY) AS $<
	$(Q)$(CC) $(ALL_CFLAGS) -Xassembler -I$(BUILD)/gen -MMD -MP -MP -c -o $@ $<

# ---- tests: the folder is the list ----

UNIT  := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*.c))
GUEST := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/sys/*.c tests/insn/*.c))
FUZZ  := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(filter-out tests/fuzz/driver.c,$(wildcard tests/fuzz/*.c)))

# Host tests see the sources' headers and the archive.
HOST_TEST = $(Q)$(CC) $(filter-out -static-pie,$(LINK)) $(ALL_CFLAGS) -Itests -MMD -MP -MP -MF $@.d -o $@ $< $(LIB)

$(BUILD)/tests/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(HOST_TEST) -lcapstone -lcmocka

# A fuzz target has a main of its own (driver.c), or libFuzzer's.
FUZZ_MAIN = $(if $(filter fuzzer,$(SANITIZERS)),-fsanitize=fuzzer,tests/fuzz/driver.c)

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c tests/fuzz/driver.c $(LIB)
	@mkdir -p $(@D)
	$(HOST_TEST) $(FUZZ_MAIN) -lcapstone

# Guest tests are arm64 programs that know nothing of elver: they pass on a real kernel first. A test that needs
# its own flags says so in its head: `test: cflags=-O0`.
GUEST_CFLAGS = -std=gnu11 -D_GNU_SOURCE -O1 -g -static -pthread -march=armv8.6-a+sha3+fp16fml -Wall -Wextra -Werror \
	-Wno-unused-parameter -Itests -Isrc

$(BUILD)/tests/%: tests/%.c
	@mkdir -p $(@D)
	$(SAY) GUEST $<
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) $(shell sed -n '1,12s/.*test:.*cflags=\([^ ]*\).*/\1/p' $<) -MMD -MP -MP -MF $@.d -o $@ $< -lm

.PHONY: tests check check-all check-san check-real fuzz bench lint format demo deps
tests: $(UNIT) $(GUEST) $(FUZZ)

ENGINES ?= $(if $(ENGINE),$(ENGINE),default jit interp)
RUN_TESTS = BUILD=$(BUILD) SAN=$(SAN) tools/run-tests --engines "$(ENGINES)"

# Minutes. What is missing is installed, or named with the command that installs it.
check: deps
	@$(MAKE) --no-print-directory all tests
	@$(RUN_TESTS) $(TESTS)

# Everything: all programs, the fuzzers, a Debian root, the sanitizers, the real kernel.
check-all: deps
	@tools/deps.sh all
	@$(MAKE) --no-print-directory all tests
	@$(RUN_TESTS) --all $(TESTS)
	@$(MAKE) --no-print-directory check-san
	@$(MAKE) --no-print-directory fuzz
	@$(MAKE) --no-print-directory check-real

# The tests of the rooms and the guest tests on a build that watches its own memory and arithmetic; what threads share
# under ThreadSanitizer, which is given the addresses that it wants.
check-san: deps
	@$(MAKE) --no-print-directory SAN=address,undefined all tests
	@$(MAKE) --no-print-directory SAN=address,undefined sanitized
	@$(MAKE) --no-print-directory SAN=thread build-thread/tests/unit/threads
	setarch -R build-thread/tests/unit/threads

# The fuzz targets with libFuzzer, which grows a collection of inputs in build/corpus, on a build that watches itself.
FUZZ_SECONDS ?= 60
FUZZ_BUILD = build-fuzz
CORPUS = $(CURDIR)/build/corpus

fuzz: deps
	@tools/deps.sh fuzz
	@$(MAKE) --no-print-directory $(FUZZ)
	@$(MAKE) --no-print-directory CC=clang SAN=address,undefined,fuzzer BUILD=$(FUZZ_BUILD) fuzzers
	@for t in $(notdir $(FUZZ)); do \
		mkdir -p $(CORPUS)/$$t && $(BUILD)/tests/fuzz/$$t -w $(CORPUS)/$$t || exit 1; \
		echo "$$t: $(FUZZ_SECONDS) s"; \
		$(FUZZ_BUILD)/tests/fuzz/$$t -max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
			-artifact_prefix=$(CORPUS)/$$t- $(CORPUS)/$$t >$(CORPUS)/$$t.log 2>&1 || { tail -40 $(CORPUS)/$$t.log; exit 1; }; \
		grep -E '^stat::number_of_executed|^Done' $(CORPUS)/$$t.log; \
	done

.PHONY: fuzzers
fuzzers: $(FUZZ)

.PHONY: sanitized
sanitized:
	@$(RUN_TESTS) $(or $(TESTS),unit/ sys/ insn/)

# The guest tests on Debian's arm64 kernel beside elver: tests/real-differences.txt names what may differ.
check-real: deps
	@tools/deps.sh real
	@$(MAKE) --no-print-directory all tests
	@BUILD=$(BUILD) tools/real-kernel.sh compare

bench: deps
	@tools/deps.sh bench
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tools/bench $(BENCH)

lint:
	@tools/deps.sh lint
	@BUILD=$(BUILD) tools/lint

format:
	clang-format -i $$(git ls-files 'src/*.c' 'src/*.h' 'tests/*.c' 'tests/*.h' 'tools/*.c')

demo: deps
	@$(MAKE) --no-print-directory all
	@tools/debian-arm64.sh base
	@BUILD=$(BUILD) tools/demo

deps:
	@tools/deps.sh build test

# ---- install ----

COMPLETIONS = share/bash-completion/completions/elver share/zsh/site-functions/_elver \
	share/fish/vendor_completions.d/elver.fish

.PHONY: install uninstall clean
install: all
	install -Dm755 $(BUILD)/elver $(DESTDIR)$(PREFIX)/bin/elver
	install -Dm644 docs/elver.1 $(DESTDIR)$(PREFIX)/share/man/man1/elver.1
	install -d $(foreach file,$(COMPLETIONS),$(DESTDIR)$(PREFIX)/$(dir $(file)))
	tools/completions bash >$(DESTDIR)$(PREFIX)/$(word 1,$(COMPLETIONS))
	tools/completions zsh >$(DESTDIR)$(PREFIX)/$(word 2,$(COMPLETIONS))
	tools/completions fish >$(DESTDIR)$(PREFIX)/$(word 3,$(COMPLETIONS))

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/elver share/man/man1/elver.1 $(COMPLETIONS))

clean:
	rm -rf $(BUILD)

-include $(OBJS:.o=.d) $(UNIT:=.d) $(GUEST:=.d) $(FUZZ:=.d) $(patsubst $(BUILD)/gen/%.inc,$(BUILD)/tools/gen/%.d,$(filter %.inc,$(GEN)))
