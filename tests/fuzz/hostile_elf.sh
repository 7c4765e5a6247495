#!/bin/bash
# Tens of thousands of damaged programs: tests/cli/hostile-elf.py for longer.
# test: timeout=1200 engines=once all
exec "$TOP/tests/cli/hostile-elf.py" 30000
