#!/usr/bin/env bash
# The interface of include/opsin.h against the one in git (opsin.abi): nothing changes unseen. `make check` runs it.
#
#     Tests/ABITests/abi.sh            compares; any difference fails and is shown
#     Tests/ABITests/abi.sh --accept   writes the baseline again, after a struct grew at its end or a function came (OPSIN_ABI_VERSION grows with it);
#                                      layout.c, whose lines never change, fails when it was anything else
set -euo pipefail
cd "$(dirname "$0")/../.."
baseline=Tests/ABITests/opsin.abi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in abidw abidiff; do command -v $tool >/dev/null || { echo "abi: $tool is missing (apt-get install abigail-tools)" >&2; exit 1; }; done

python3 Scripts/abi_stub.py >"$work/opsin.c"
# Opaque handles need bodies to be told apart in debug information.
cc -g -O0 -fPIC -shared -Iinclude "$work/opsin.c" -Wl,-soname,libopsin.so.0 -o "$work/libopsin.so.0"
if [ "${1:-}" = --accept ]; then
    abidw --no-comp-dir-path --no-corpus-path --short-locs "$work/libopsin.so.0" >"$baseline"
    echo "abi: wrote $baseline"
    exit 0
fi
if ! abidiff "$baseline" "$work/libopsin.so.0" >"$work/changes"; then
    cat "$work/changes" >&2
    echo "abi: the interface is not the one in $baseline (see above; additions: OPSIN_ABI_VERSION + 1, then $0 --accept)" >&2
    exit 1
fi

# The library that was built, against the functions of the baseline.
library=${OPSIN_LIBRARY_DIR:-.build/release}/libopsin.so
sed -n "s/.*<elf-symbol name='\(opsin_[a-z0-9_]*\)'.*/\1/p" "$baseline" | sort >"$work/known"
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$work/there"
missing=$(comm -23 "$work/known" "$work/there")
if [ -n "$missing" ]; then
    echo "abi: $library lacks $missing" >&2
    exit 1
fi
echo "abi: $(wc -l <"$work/known") functions, all as they were"
