#!/bin/sh
# test: all timeout=900 alone
exec $ELVER "$BUILD/tests/insn/litmus" 1000000
