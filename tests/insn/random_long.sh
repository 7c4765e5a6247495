#!/bin/sh
# The same as random.sh for minutes, with another seed each day.
# test: all timeout=600
exec "$BUILD/tests/unit/insn_random" -n 600 -b 100000 -s "$(date +%Y%m%d)" -x "$ELVER --cpu=max"
