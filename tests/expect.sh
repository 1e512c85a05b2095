#!/usr/bin/env bash
# Writes what the programs in tests/programs are expected to do, as a reference CPython 3.14 does it:
#
#     tests/expect.sh PYTHON [NAME ...]
#
# NAME.out, NAME.err and NAME.status hold standard output, standard error and exit status; empty standard error and status 0
# have no file. Read what changed (git diff) before committing it: a program must not depend on paths, times, addresses,
# hash order or the machine. The environment and the treatment of paths are those of cli/tests/all/{run,programs}.rs.
set -euo pipefail

if [ $# -lt 1 ]; then
    sed -n '2,5s/^# \{0,1\}//p' "$0"
    exit 2
fi
python=$1
shift
cd "$(dirname "$0")/programs"
folder=$(pwd -P)

for variable in $(compgen -e PYTHON || true); do unset "$variable"; done
unset FORCE_COLOR
export PYTHONDONTWRITEBYTECODE=1 TZ=UTC LC_ALL=C.UTF-8 COLUMNS=80 NO_COLOR=1

expect() {
    local name=$1 status=0 directory=$folder arguments
    if [ -d "$name" ]; then
        directory=$folder/$name
        read -ra arguments <"$name/arguments"
    else
        arguments=("$name.py")
    fi
    (cd "$directory" && "$python" "${arguments[@]}" </dev/null >"$folder/$name.out" 2>"$folder/$name.err") || status=$?
    sed -i "s|$folder/||g" "$name.out" "$name.err"
    [ -s "$name.err" ] || rm "$name.err"
    if [ "$status" -ne 0 ]; then echo "$status" >"$name.status"; else rm -f "$name.status"; fi
}

if [ $# -gt 0 ]; then
    for name in "$@"; do expect "$name"; done
else
    for program in *.py */; do
        program=${program%/}
        expect "${program%.py}"
    done
fi
