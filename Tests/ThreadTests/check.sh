#!/usr/bin/env bash
# ThreadSanitizer over what threads share: the team of the CPU, and requests, streams and sessions as the C programs of Tests/ABITests use them.
# `make thread-check`.
#
# Builds a library of its own, all of Swift and the kernels in C with -fsanitize=thread, in $OPSIN_THREAD_BUILD (.build/thread): minutes the first time.
# Reports of ours fail; suppressions.txt says which are nobody's, and why.
set -uo pipefail
cd "$(dirname "$0")/../.."
tests=Tests/ThreadTests
build=${OPSIN_THREAD_BUILD:-.build/thread}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TSAN_OPTIONS="suppressions=$PWD/$tests/suppressions.txt halt_on_error=0 exitcode=66 second_deadlock_stack=1"
failed=0

# The sanitizer's runtime of Swift's clang knows libdispatch.
runtime=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")/lib/swift/linux
compile() { clang -O1 -g -fsanitize=thread -D_GNU_SOURCE -pthread "$@" -L"$runtime" -ldispatch -lBlocksRuntime -Wl,-rpath,"$runtime"; }

# Name, then a command; its output is shown when it fails or the sanitizer has something to say.
check() {
    local name=$1
    shift
    if "$@" >"$work/output" 2>&1 && ! grep -q "WARNING: ThreadSanitizer" "$work/output"; then echo "ok   $name"; return; fi
    echo "thread-check: $name" >&2
    grep -a -A30 -m3 "WARNING: ThreadSanitizer" "$work/output" >&2 || tail -30 "$work/output" >&2
    failed=1
}

compile -ISources/CKernels/include $tests/executor.c Sources/CKernels/executor.c -o "$work/executor" || exit 1
check "the team's threads, on plain memory" "$work/executor"
# Does it look? The same team without its orders must be reported.
sed 's/memory_order_[a-z_]*/memory_order_relaxed/g' Sources/CKernels/executor.c >"$work/relaxed.c"
compile -ISources/CKernels/include $tests/executor.c "$work/relaxed.c" -o "$work/relaxed" || exit 1
"$work/relaxed" >"$work/output" 2>&1
if grep -q "data race" "$work/output"; then echo "ok   a team without orders is reported"; else echo "thread-check: it does not look" >&2; failed=1; fi

how=(-c release --sanitize=thread --scratch-path "$build")
# The library, in C programs with the sanitizer of their own.
if swift build "${how[@]}" --product OpsinShared >"$work/output" 2>&1; then
    ln -s "$(realpath "$build/release/libOpsinShared.so")" "$work/libopsin.so.0"
    ln -s libopsin.so.0 "$work/libopsin.so"
    export LD_LIBRARY_PATH=$work
    for program in requests streams buffers; do
        compile -std=c99 -Iinclude -ITests/ABITests Tests/ABITests/$program.c -o "$work/$program" -L"$work" -lopsin || failed=1
    done
    check "C: requests" "$work/requests" Models/mobilenet_v2_1.0_224 Examples/images/cat.jpg
    check "C: streams" "$work/streams" Models/mobilenet_v2_1.0_224 Examples/images/cat.jpg Models/tcmonodepth_small
    check "C: shared memory" "$work/buffers" Models/mobilenet_v2_1.0_224 Examples/images/cat.jpg cpu
else
    tail -20 "$work/output" >&2
    failed=1
fi
[ $failed = 0 ] && echo "thread-check: nothing to say"
exit $failed
