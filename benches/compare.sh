#!/usr/bin/env bash
# Times the builtin methods of methods.py on two interpreters, interleaved, and prints a table of ratios (below 1 is faster
# than the reference):
#
#     benches/compare.sh REFERENCE [--rounds N] [NAME ...]
#
# REFERENCE is a CPython 3.14. The release build of scoria is made first; SCORIA names another program in its place.
set -euo pipefail

if [ $# -lt 1 ]; then
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 2
fi
cd "$(dirname "$0")/.."
if [ -z "${SCORIA:-}" ]; then
    cargo build --release -p cli
    SCORIA=target/release/scoria
fi
exec cargo run --quiet -p xtask -- bench "$SCORIA" "$@"
