#!/bin/sh
# The shapes of tests/insn/litmus.c for minutes.
# test: all timeout=1800 alone
exec $ELVER "$BUILD/tests/insn/litmus" 5000000
