#!/bin/sh
# Two minutes of tests/sys/signal_storm.c, beside whatever else is tested.
# test: all timeout=400
# shellcheck disable=SC2086 # ELVER is a list of words
exec $ELVER "$BUILD/tests/sys/signal_storm" 120
