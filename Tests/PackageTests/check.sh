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
cp Examples/c/*.c Examples/cpp/*.cpp Examples/python/*.py Examples/images/cat.jpg "$work/"
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

# One file a task: what each prints of the cat.
says() { case $1 in classify) echo "Egyptian cat" ;; detect) echo " cat at " ;; segment) echo " cat$" ;; depth) echo "451 x 300 values" ;; esac; }
example() { # compiler, source, task
    with_pkg_config "$1" "$2" "./example" && "${run[@]}" ./example cat.jpg >example.txt && cat example.txt && grep -q "$(says "$3")" example.txt
}
for task in classify detect segment depth; do
    check "Examples/c/$task.c" example "cc -std=c99 -Wall -Wextra -pedantic -Werror" $task.c $task
    check "Examples/cpp/$task.cpp" example "c++ -std=c++17 -Wall -Wextra -pedantic -Werror" $task.cpp $task
done
# Debian has the headers of single modules without opencv4.pc.
opencv_flags="-I/usr/include/opencv4 -lopencv_core -lopencv_imgcodecs -lopencv_imgproc"
if [ -e /usr/include/opencv4/opencv2/imgcodecs.hpp ] && [ -e /usr/include/opencv4/opencv2/imgproc.hpp ]; then
    with_opencv() {
        c++ -std=c++17 -Wall -Wextra -Werror opencv.cpp -o opencv $(pkg-config --cflags --libs opsin) $opencv_flags &&
            "${run[@]}" ./opencv cat.jpg seen.png opencv_mask.png | grep "^cat " && [ -s seen.png ] && [ -s opencv_mask.png ]
    }
    check "Examples/cpp/opencv.cpp: cv::Mat in and out" with_opencv
else
    echo "skip Examples/cpp/opencv.cpp: no OpenCV here (apt-get install libopencv-imgcodecs-dev libopencv-imgproc-dev)"
fi

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

# make install PREFIX=: the same tree where the user wants it, over what an older one left there.
prefix=$work/prefix
installed() {
    mkdir -p "$prefix/lib" && touch "$prefix/lib/another" && make -s -C "$tree" install PREFIX="$prefix" && [ -e "$prefix/lib/another" ] &&
        "$prefix/bin/opsin" classify cat.jpg | grep "Egyptian cat" &&
        env PKG_CONFIG_PATH="$prefix/lib/pkgconfig" sh -c 'cc -std=c99 classify.c -o installed $(pkg-config --cflags --libs opsin)' &&
        env LD_LIBRARY_PATH="$prefix/lib" ./installed cat.jpg | grep "Egyptian cat"
}
check "make install PREFIX=" installed
again() { make -s -C "$tree" install PREFIX="$prefix" && diff -r "$sdk/share" "$prefix/share"; }
check "make install a second time" again

wheel=$(ls "$tree"/dist/opsin-*.whl 2>/dev/null | tail -n 1)
if [ -n "$wheel" ]; then
    cat >wheel.py <<'END'
import os
import pathlib

os.environ["VK_DRIVER_FILES"] = os.environ["VK_ICD_FILENAMES"] = "/nowhere.json"
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
assert pathlib.Path(opsin.__file__).with_name("py.typed").exists()
assert "site-packages" in opsin.library_path(), opsin.library_path()
# No Vulkan driver in this process: what asks for one falls back, and says why, or fails where that is forbidden.
runtime = opsin.Runtime("vulkan")
assert runtime.device.kind == "cpu" and runtime.report["fallbacks"], runtime.report
print("fell back:", runtime.report["fallbacks"][0]["reason"])
assert opsin.classify("cat.jpg", device="vulkan").report["fallbacks"]
try:
    opsin.Runtime("vulkan", cpu_fallback=False)
    raise SystemExit("no error where falling back is forbidden")
except opsin.DeviceError as error:
    print(error)
END
    python3 -m venv venv
    check "the wheel installs" venv/bin/pip install --quiet "$wheel" auditwheel
    tagged() { venv/bin/auditwheel show "$wheel" | tr '\n' ' ' | grep -q "platform tag: \"$(sed 's/.*-none-\(.*\)\.whl/\1/' <<<"$wheel")\""; }
    check "auditwheel agrees with the wheel's tag" tagged
    check "the wheel runs four tasks, lists devices, falls back" venv/bin/python wheel.py
    for task in classify detect segment depth; do
        python_example() { venv/bin/python $task.py cat.jpg >example.txt && cat example.txt && grep -q "$(says $task)" example.txt; }
        check "Examples/python/$task.py" python_example
    done
    # A film of the photo, moved by a pixel a frame.
    cat >film.py <<'END'
import cv2
photo = cv2.resize(cv2.imread("cat.jpg"), (320, 240))
film = cv2.VideoWriter("film.avi", cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
for shift in range(8):
    film.write(cv2.copyMakeBorder(photo, 0, 0, shift, 0, cv2.BORDER_REPLICATE)[:, :320])
film.release()
END
    if venv/bin/pip install --quiet opencv-python-headless >/dev/null 2>&1 && venv/bin/python film.py; then
        film() { venv/bin/python video.py film.avi seen.mp4 | grep "8 frames" && [ -s seen.mp4 ]; }
        check "Examples/python/video.py on a film of eight frames" film
        numpy_and_opencv() { venv/bin/python -c 'import cv2, opsin; assert opsin.classify(cv2.imread("cat.jpg"), color="bgr")[0].label == "Egyptian cat"'; }
        check "OpenCV's arrays in Python" numpy_and_opencv
    else
        echo "skip Examples/python/video.py: opencv-python-headless cannot be installed here"
    fi
    scripts_command() { venv/bin/opsin classify cat.jpg | grep "Egyptian cat" && [ "$(venv/bin/python -m opsin --version)" = "$(venv/bin/opsin --version)" ]; }
    check "the wheel's script is the command" scripts_command
    venv/bin/pip install --quiet pillow
    # Every page that has snippets: a new one is found by itself.
    mapfile -t pages < <(grep -lE '^```(bash|c|cpp|python)$|^    \$ opsin' "$tree"/*.md "$tree"/docs/*.md "$tree"/bindings/*/README.md)
    snippets() { "$tree/Scripts/run_snippets" "${pages[@]}" --sdk "$sdk" --python "$work/venv/bin/python" --photo "$work/cat.jpg"; }
    check "the snippets of ${#pages[@]} pages run" snippets
fi

[ $failed = 0 ] && echo "package: all checks passed"
exit $failed
