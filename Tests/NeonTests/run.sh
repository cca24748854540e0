#!/usr/bin/env bash
# The CPU kernels of every instruction set against their definitions: on this machine, and those of AArch64 under qemu.
#
# Needs clang (that of the Swift toolchain serves). For AArch64: aarch64-linux-gnu-gcc, its C library and qemu-aarch64 (`Scripts/setup tests`).
# Objects stay in .build/neon-tests; only what is older than its sources is compiled again.
set -uo pipefail
cd "$(dirname "$0")/../.."
tests=Tests/NeonTests kernels=Sources/CKernels objects=.build/neon-tests
sysroot=/usr/aarch64-linux-gnu

swift=$(command -v swift || true)
clang=$(PATH="${swift:+$(dirname "$(readlink -f "$swift")"):}$PATH" command -v clang || true)
if [ -z "$clang" ]; then
    echo "neon: skipped: no clang in PATH (the kernels use its vector extensions)"
    exit 0
fi

# Compiles and links $objects/$1/neon: $2 is the compiler with its flags, $3 links.
build() {
    local folder=$objects/$1 source object headers newer all=() stale=()
    mkdir -p "$folder"
    touch "$folder/started"
    for source in $kernels/*.c $tests/*.c; do
        # Kernels do not read the tests' header.
        case $source in $kernels/*) headers=$kernels ;; *) headers="$kernels $tests" ;; esac
        newer=$(find $headers -name '*.h' -newer "$folder/stamp" -print -quit 2>/dev/null || echo none)
        object=$folder/$(basename "$(dirname "$source")")-$(basename "$source" .c).o
        all+=("$object")
        if [ -n "$newer" ] || [ ! -e "$object" ] || [ "$source" -nt "$object" ]; then stale+=("$source" "$object"); fi
    done
    # The largest take seconds each: as many at a time as there are cores.
    [ ${#stale[@]} = 0 ] || printf '%s\0' "${stale[@]}" | xargs -0 -r -n 2 -P "$(nproc)" sh -c '$0 -c "$1" -o "$2" || exit 255' \
        "$2 -O2 -D_GNU_SOURCE -fvisibility=hidden -Wall -Wextra -Werror -I$kernels/include" || return 1
    mv "$folder/started" "$folder/stamp"
    $3 "${all[@]}" -o "$folder/neon" -lm -lpthread
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
