#!/usr/bin/env bash
# What `make dist` made, used as a stranger would: unpacked into a fresh folder, without a look at this tree. `make check` runs it.
set -uo pipefail
cd "$(dirname "$0")/../.."
tree=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# One line a check: its name, then a command whose output is shown when it fails.
check() {
    local name=$1
    shift
    if "$@" >"$work/output" 2>&1; then echo "ok   $name"; else echo "PACKAGE: $name" >&2; sed 's/^/     /' "$work/output" | head -30 >&2; failed=1; fi
}

tarball=$(ls dist/opsin-*.tar.gz 2>/dev/null | tail -n 1)
[ -n "$tarball" ] || { echo "PACKAGE: no tarball in dist/ (make dist)" >&2; exit 1; }
cp Examples/c/tasks.c Examples/cpp/tasks.cpp Examples/images/cat.jpg "$work/"
tar -xf "$tarball" -C "$work"
one_top_folder() { [ "$(tar -tf "$tree/$tarball" | cut -d / -f 1 | sort -u | wc -l)" = 1 ]; }
check "one top folder" one_top_folder
# The folder is moved after unpacking: nothing in it may name the place it was made for.
mkdir "$work/moved"
mv "$work"/opsin-*/ "$work/moved/sdk"
sdk=$work/moved/sdk
cd "$work"
unset OPSIN_MODELS OPSIN_LIBRARY LD_LIBRARY_PATH
export PKG_CONFIG_PATH=$sdk/lib/pkgconfig

# The loader must find every library beside libopsin.so but those of every system.
strangers() {
    ! ldd "$sdk/lib/libopsin.so" | awk '$3 ~ /^\// { print $1, $3 }' | grep -v "$sdk" |
        grep -Ev '^(libc|libm|libstdc\+\+|libgcc_s|ld-linux[-a-z0-9_]*)\.so'
}
check "the codecs come from beside the library" strangers
names_tree() { ! grep -rIl "$tree" "$sdk"; }
check "no text names the tree it was built in" names_tree
command_runs() { "$sdk/bin/opsin" classify cat.jpg | grep "Egyptian cat"; }
check "bin/opsin finds its models" command_runs

run=(env "LD_LIBRARY_PATH=$sdk/lib")
with_pkg_config() { $1 "$2" -o "$3" $(pkg-config --cflags --libs opsin); }
prints_cat() { "${run[@]}" "$1" cat.jpg | grep "Egyptian cat"; }
version() { [ "$(pkg-config --modversion opsin)" = "$("${run[@]}" "$sdk/bin/opsin" --version)" ]; }
check "pkg-config's version is the command's" version
check "C with pkg-config compiles" with_pkg_config "cc -std=c99" tasks.c ./tasks_c
check "C with pkg-config runs" prints_cat ./tasks_c
check "C++ with pkg-config compiles" with_pkg_config "c++ -std=c++17" tasks.cpp ./tasks_cc
check "C++ with pkg-config runs" prints_cat ./tasks_cc

cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.16)
project(Consumer C CXX)
find_package(Opsin 0.1 REQUIRED)
add_executable(tasks_c tasks.c)
target_link_libraries(tasks_c Opsin::opsin)
add_executable(tasks_cc tasks.cpp)
target_compile_features(tasks_cc PRIVATE cxx_std_17)
target_link_libraries(tasks_cc Opsin::opsin)
END
configure() { cmake -S . -B build -DCMAKE_PREFIX_PATH="$sdk"; }
check "CMake finds the package" configure
check "CMake builds C and C++" cmake --build build
check "the C program from CMake runs, by its own run path" sh -c './build/tasks_c cat.jpg | grep "Egyptian cat"'
check "the C++ program from CMake runs, by its own run path" sh -c './build/tasks_cc cat.jpg | grep "Egyptian cat"'
newer() { sed -i 's/Opsin 0.1 /Opsin 99.0 /' CMakeLists.txt && ! cmake -S . -B other -DCMAKE_PREFIX_PATH="$sdk"; }
check "CMake refuses a version that is not there" newer

wheel=$(ls "$tree"/dist/opsin-*.whl 2>/dev/null | tail -n 1)
if [ -n "$wheel" ]; then
    cat >wheel.py <<'END'
import numpy
import opsin

found = opsin.classify("cat.jpg")
assert found[0].label == "Egyptian cat", found[0]
assert "cat" in [thing.label for thing in opsin.detect("cat.jpg")]
mask = opsin.segment("cat.jpg").mask
assert mask.shape == (300, 451) and mask.dtype == numpy.uint16, (mask.shape, mask.dtype)
depth = opsin.depth("cat.jpg").depth
assert depth.shape == (300, 451) and numpy.isfinite(depth).all()
assert any("cpu" in str(device).lower() for device in opsin.devices())
runtime = opsin.Runtime(device="vulkan")
print("device vulkan:", runtime.device.name)
END
    python3 -m venv venv
    check "the wheel installs" venv/bin/pip install --quiet "$wheel" auditwheel
    tagged() { venv/bin/auditwheel show "$wheel" | tr '\n' ' ' | grep -q "platform tag: \"$(sed 's/.*-none-\(.*\)\.whl/\1/' <<<"$wheel")\""; }
    check "auditwheel agrees with the wheel's tag" tagged
    check "the wheel runs four tasks, lists devices, falls back" venv/bin/python wheel.py
    scripts_command() { venv/bin/opsin classify cat.jpg | grep "Egyptian cat" && [ "$(venv/bin/python -m opsin --version)" = "$(venv/bin/opsin --version)" ]; }
    check "the wheel's script is the command" scripts_command
    mkdir snippets
    cp cat.jpg snippets/
    snippets() { (cd snippets && "$tree/Scripts/run_snippets" "$tree/docs/getting-started.md" --sdk "$sdk" --python "$work/venv/bin/python"); }
    check "the snippets of getting-started.md run" snippets
fi

[ $failed = 0 ] && echo "package: all checks passed"
exit $failed
