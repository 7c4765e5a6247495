#!/bin/sh
# Random instructions and blocks on an engine, as whole programs run on it, against the interpreter's functions
# called one by one (tests/unit/insn_random.c).
# test: timeout=180
exec "$BUILD/tests/unit/insn_random" -n 24 -b 6000 -x "$ELVER --cpu=max"
