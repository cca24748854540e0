#!/usr/bin/env bash
# The C interface: header, layout, exports, and programs in C and C++ that use the library as a stranger would.
#
# Needs the release library: $OPSIN_LIBRARY_DIR/libopsin.so, or .build/release/libopsin.so of this tree (`make build`).
set -uo pipefail
cd "$(dirname "$0")/../.."
library_dir=${OPSIN_LIBRARY_DIR:-.build/release}
library=$library_dir/libopsin.so
tests=Tests/ABITests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() { echo "ABI: $*" >&2; failed=1; }

# One line a check: its name, then a command whose output is shown when it fails.
check() {
    local name=$1
    shift
    if "$@" >"$work/output" 2>&1; then echo "ok   $name"; else fail "$name"; sed 's/^/     /' "$work/output" | head -40 >&2; fi
}

# The same, but its stdout must be empty.
check_empty() {
    local name=$1
    shift
    "$@" >"$work/output" 2>&1
    if [ -s "$work/output" ]; then fail "$name"; sed 's/^/     /' "$work/output" | head -40 >&2; else echo "ok   $name"; fi
}

if [ ! -e "$library" ]; then
    echo "ABI: no $library (make build makes it; OPSIN_LIBRARY_DIR names another folder)" >&2
    exit 1
fi
strict="-Wall -Wextra -pedantic -Werror -Iinclude"

# --- the header by itself
echo '#include <opsin.h>' >"$work/header.c"
cp "$work/header.c" "$work/header.cc"
check "opsin.h is C99" cc -std=c99 $strict -fsyntax-only "$work/header.c"
check "opsin.h is C++17" c++ -std=c++17 $strict -fsyntax-only "$work/header.cc"
check "opsin.hpp is C++17" c++ -std=c++17 $strict -fsyntax-only -x c++ include/opsin.hpp
check "sizes and offsets are those of the first version" cc -std=c11 $strict -fsyntax-only $tests/layout.c
sed -n '/^ \* @code/,/^ \* @endcode/p' include/opsin.h | sed '1d;$d;s/^ \* \{0,1\}//' >"$work/example.c"

# A prototype is a line that starts with OPSIN_API; the line before it must end a comment.
bare() { awk '/^OPSIN_API/ && previous !~ /\*\/$/ { print FILENAME ":" FNR ": no comment: " $0 } { previous = $0 }' include/opsin.h; }
check_empty "every prototype has a comment" bare
# @param names are the parameters' names, in their order.
params() {
    awk '
        /^\/\*\*/ { named = "" }
        /^ \* @param/ { named = named " " $3 }
        /^OPSIN_API/ { prototype = $0; while (prototype !~ /;$/ && (getline line) > 0) prototype = prototype line
            inner = prototype; sub(/^[^(]*\(/, "", inner); sub(/\);$/, "", inner)
            count = split(inner, list, ","); found = ""
            for (i = 1; i <= count; i++) { name = list[i]; sub(/.*[ *]/, "", name); if (name != "void") found = found " " name }
            if (named != "" && named != found) print FILENAME ":" FNR ": @param" named " for" found }
    ' include/opsin.h
}
check_empty "@param names are the parameters" params
unpinned() {
    for struct in $(sed -n 's/^typedef struct \(opsin_[a-z_]*\) {.*/\1/p' include/opsin.h); do
        grep -q -E "^(ROW|GREW)\($struct, " $tests/layout.c || echo "$struct is not in $tests/layout.c"
        grep -q "void ${struct}_init(" include/opsin.h || echo "$struct has no _init"
    done
}
check_empty "every struct is pinned and has an _init" unpinned

# --- the library's outside
sed -n 's/^OPSIN_API .*[ *]\(opsin_[a-z0-9_]*\)(.*/\1/p' include/opsin.h | sort >"$work/declared"
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$work/exported"
check "it exports the functions of opsin.h, nothing else" diff "$work/declared" "$work/exported"
foreign() {
    readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
        grep -Ev '^(libc|libm|libstdc\+\+|libgcc_s|libjpeg|libpng16|libwebp|ld-linux-x86-64|ld-linux-aarch64)\.so'
}
check_empty "it needs the C and C++ runtimes and the codecs only" foreign
soname() { readelf -d "$library" | grep -q 'SONAME.*\[libopsin\.so\.0\]'; }
check "SONAME is libopsin.so.0" soname

# --- programs
model=Models/mobilenet_v2_1.0_224 photo=Examples/images/cat.jpg
# The run path finds libopsin.so.0, whatever name the library was given here.
ln -s "$(realpath "$library")" "$work/libopsin.so.0"
ln -s libopsin.so.0 "$work/libopsin.so"
export LD_LIBRARY_PATH=$work${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
build() {
    check "$2 compiles" $1 $strict -I$tests "$3" -o "$work/$2" -L"$work" -lopsin -lpthread
    [ -x "$work/$2" ]
}
[ -d "$model" ] || fail "no $model"
[ -e "$photo" ] || fail "no $photo"
build "cc -std=c99" classify $tests/classify.c && check "C: a photo, every error path" "$work/classify" "$model" "$photo"
build "cc -std=c99" detect $tests/detect.c && check "C: objects on a photo" "$work/detect" Models/deimv2_hgnetv2_atto_coco "$photo"
build "c++ -std=c++17" classify_cc $tests/classify.cc && check "C++: a photo, two threads" "$work/classify_cc" "$model" "$photo"
build "cc -std=c99" requests $tests/requests.c && check "C: requests: order, cancelling, callbacks, fork" "$work/requests" "$model" "$photo"
build "cc -std=c99" streams $tests/streams.c &&
    check "C: streams: order, dropping, release in use, fork" "$work/streams" "$model" "$photo" Models/tcmonodepth_small
# A device that is not here (77) is no failure.
unless_absent() { "$@"; local code=$?; [ $code = 77 ] || return $code; }
build "cc -std=c99" shared_device $tests/shared_device.c -ldl &&
    check "C: a Vulkan device of the application's own" unless_absent "$work/shared_device" "$model" "$photo"
if build "cc -std=c99" buffers $tests/buffers.c; then
    for device in cpu vulkan; do check "C: shared memory on $device" unless_absent "$work/buffers" "$model" "$photo" $device; done
fi
segmenter=Models/deeplabv3_mobilenet_v2_1.0_513
build "cc -std=c99" segment $tests/segment.c && check "C: masks, regions, outlines, run lengths" "$work/segment" "$segmenter" "$photo" "$work"
for flags in "" "-fno-exceptions"; do
    build "c++ -std=c++17 $flags" "handles$flags" $tests/handles.cc && check "opsin.hpp: handles, errors, views $flags" "$work/handles$flags" "$model" "$photo"
done
depth() { OPSIN_MODELS=$PWD/Models "$work/depth" "$photo" "$work"; }
build "cc -std=c99" depth $tests/depth.c && check "C: depth, its files, every error path" depth
build "cc -std=c99" example "$work/example.c"
example() { OPSIN_MODELS=$PWD/Models "$work/example" "$photo" | grep "Egyptian cat"; }
check "the example at the top of opsin.h says what is on a photo" example
# The one at the top of opsin.hpp is the inside of a main().
{
    printf '#include <iostream>\n#include <opsin.hpp>\nint main() {\n'
    sed -n '/^ \* @code/,/^ \* @endcode/p' include/opsin.hpp | sed '1d;$d;s/^ \* \{0,1\}//'
    echo '}'
} >"$work/example.cc"
build "c++ -std=c++17" example_cc "$work/example.cc"
example_cc() { cp "$photo" "$work/street.jpg" && (cd "$work" && OPSIN_MODELS=$OLDPWD/Models ./example_cc) | grep "^cat 0.76"; }
check "the example at the top of opsin.hpp finds the cat" example_cc
tasks() {
    OPSIN_MODELS=$PWD/Models "$work/tasks" "$photo" >"$work/tasks.txt" || return 1
    cat "$work/tasks.txt"
    for answer in "Egyptian cat" "cat at (" "cat, [0-9]* pixels" "451 x 300 values .*larger is nearer"; do grep -q "$answer" "$work/tasks.txt" || return 1; done
}
build "cc -std=c99" tasks Examples/c/tasks.c && check "Examples/c/tasks.c runs four tasks" tasks
build "c++ -std=c++17" tasks_cc Examples/cpp/tasks.cpp
tasks_cc() { OPSIN_MODELS=$PWD/Models "$work/tasks_cc" "$photo" | grep "Egyptian cat"; }
check "Examples/cpp/tasks.cpp runs" tasks_cc
for task in classify detect segment depth; do
    build "cc -std=c99" "example_$task" Examples/c/$task.c
    build "c++ -std=c++17" "example_${task}_cc" Examples/cpp/$task.cpp
done
wrong() { "$work/tasks" /nowhere.jpg; [ $? = 1 ]; }
check "Examples/c/tasks.c says so when there is no photo" wrong
camera() { OPSIN_MODELS=$PWD/Models "$work/camera" "$photo" >"$work/camera.txt" && cat "$work/camera.txt" && grep -q "frame 59: Egyptian cat" "$work/camera.txt"; }
build "cc -std=c99" camera Examples/c/camera.c && check "Examples/c/camera.c answers the newest frame" camera

# --- programs of other generations: previous/opsin.h is a header as it was, the other one today's with longer structs
mkdir "$work/newer"
sed 's/^} \(opsin_[a-z_]*\);$/    uint64_t added[2]; \/**< what a later version may add *\/\n} \1;/' include/opsin.h >"$work/newer/opsin.h"
longer() { [ "$(grep -c 'uint64_t added' "$work/newer/opsin.h")" = "$(grep -c '^typedef struct opsin_[a-z_]* {' include/opsin.h)" ]; }
check "every struct of the header of the days to come is longer" longer
generation() { # name, include flags
    check "$1 compiles" cc -std=c99 -Wall -Wextra -pedantic -Werror $2 -I$tests $tests/generations.c -o "$work/$1" -L"$work" -lopsin
    runs() { OPSIN_MODELS=$PWD/Models "$work/$1" "$photo"; }
    [ -x "$work/$1" ] && check "$1 runs against this library" runs "$1"
}
generation "a program of the previous header" -I$tests/previous
generation "a program of this header" -Iinclude
generation "a program of a newer header" "-DNEWER -I$work/newer"
# A struct of ours that has grown since the caller was compiled, read and written.
if command -v swiftc >/dev/null; then
    check "the reader of grown structs compiles" swiftc -warnings-as-errors -swift-version 6 -strict-memory-safety -parse-as-library -Iinclude \
        Sources/OpsinShared/VersionedStruct.swift $tests/grown.swift -o "$work/grown"
    [ -x "$work/grown" ] && check "a struct that has grown, from callers of three ages" "$work/grown"
else
    echo "skip a struct that has grown: no swiftc"
fi

[ $failed = 0 ] && echo "ABI: all checks passed"
exit $failed
