# elver: see README.md. Everything that is built lands in $(BUILD).
BUILD   ?= build
CC      ?= gcc
CFLAGS  ?= -O2 -g
WARN     = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wno-unused-parameter -Werror
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -Isrc -I$(BUILD)/gen -fPIE -fno-strict-aliasing -ftls-model=local-exec $(WARN) $(CFLAGS)

SRCS := $(shell find src -name '*.c' -o -name '*.S' | sort)
OBJS := $(SRCS:%=$(BUILD)/%.o)

.PHONY: all clean
all: $(BUILD)/elver

$(BUILD)/elver: $(OBJS)
	$(CC) -static-pie -o $@ $(OBJS) -lcapstone

$(BUILD)/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -c -o $@ $<

$(BUILD)/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -c -o $@ $<

clean:
	rm -rf $(BUILD)

-include $(OBJS:.o=.d)
