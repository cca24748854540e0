#!/usr/bin/env bash
# The CPU kernels of every instruction set against their definitions: on this machine, and those of AArch64 under qemu.
#
# Needs clang (that of the Swift toolchain serves). For AArch64: aarch64-linux-gnu-gcc, its C library and qemu-aarch64 (`Scripts/setup tests`).
# Objects stay in .build/neon-tests; only what is older than its sources is compiled again.
set -uo pipefail
cd "$(dirname "$0")/../.."
tests=Tests/NeonTests kernels=Sources/CKernels objects=.build/neon-tests
sysroot=/usr/aarch64-linux-gnu
warnings="-Wall -Wextra -Werror"

swift=$(command -v swift || true)
clang=$(PATH="${swift:+$(dirname "$(readlink -f "$swift")"):}$PATH" command -v clang || true)
if [ -z "$clang" ]; then
    echo "neon: skipped: no clang in PATH (the kernels use its vector extensions)"
    exit 0
fi

# Prints the sources that are newer than their object in folder $1, then a NUL each: all of a folder when one of its headers is newer.
stale() {
    local folder source object header
    for folder in $kernels $tests; do
        header=$(find Sources/CKernels $tests -name '*.h' -newer "$1/stamp" -print -quit 2>/dev/null)
        for source in "$folder"/*.c; do
            object=$1/$(basename "$folder")-$(basename "$source" .c).o
            if [ -n "$header" ] || [ ! -e "$1/stamp" ] || [ ! -e "$object" ] || [ "$source" -nt "$object" ]; then printf '%s\0' "$source"; fi
        done
    done
}

# Builds $objects/$1/neon: `compile` and `link` are commands.
build() {
    local folder=$objects/$1
    mkdir -p "$folder"
    touch "$folder/started"
    # $0: the compiler with its flags, $1: the folder, $2: a source.
    stale "$folder" | xargs -0 -r -n 1 -P "$(nproc)" bash -c '
        object=$1/$(basename "$(dirname "$2")")-$(basename "$2" .c).o
        $0 -c "$2" -o "$object"' "$2 -O2 -D_GNU_SOURCE -fvisibility=hidden $warnings -I$kernels/include" "$folder" || return 1
    mv "$folder/started" "$folder/stamp"
    $3 "$folder"/*.o -o "$folder/neon" -lm -lpthread
}

failed=0
echo "neon: native ($(uname -m))"
if build native "$clang" "$clang"; then $objects/native/neon || failed=1; else failed=1; fi

if [ "$(uname -m)" = aarch64 ]; then exit $failed; fi
missing=()
for tool in aarch64-linux-gnu-gcc qemu-aarch64; do command -v $tool >/dev/null || missing+=("$tool"); done
[ -e $sysroot/include/stdio.h ] || missing+=("the C library in $sysroot")
if [ ${#missing[@]} != 0 ]; then
    IFS=,
    echo "neon: skipped: the NEON kernels, without ${missing[*]} (Scripts/setup tests)"
    exit $failed
fi
echo "neon: AArch64 under qemu"
if build aarch64 "$clang --target=aarch64-linux-gnu --sysroot=$sysroot -idirafter $sysroot/include" aarch64-linux-gnu-gcc; then
    qemu-aarch64 -L $sysroot $objects/aarch64/neon || failed=1
else
    failed=1
fi
exit $failed
