#!/usr/bin/env bash
# What runs on Vulkan, run under the Khronos validation layer with synchronisation validation. One message of any process is a failure.
#
#     Tests/ValidationTests/check.sh          all tests that touch Vulkan, those that `make test` leaves out as too long among them, the command, C and Python
#                                             (`make check`): about four minutes on two cores
#     Tests/ValidationTests/check.sh quick    the command, C and Python on the models that ship (`make test`, through run.sh): about half a minute
#
# Needs the release build, for all tests also that of the tests. The layer writes into a named pipe, which processes cannot truncate for one another.
set -euo pipefail
cd "$(dirname "$0")/../.."
part=${1:-all}
tests=Tests/ValidationTests photo=Examples/images/cat.jpg
opsin=${OPSIN:-.build/release/opsin}
release=${OPSIN_LIBRARY_DIR:-$PWD/.build/release}

skip() {
    echo "validation: skipped: $1"
    exit 0
}
manifest=$(ls {/usr/share,/usr/local/share,/etc}/vulkan/explicit_layer.d/VkLayer_khronos_validation.json 2>/dev/null | head -n 1 || true)
[ -n "$manifest" ] || skip "no validation layer is here (apt-get install vulkan-validationlayers)"
"$opsin" devices --json | grep -q '"kind": "vulkan"' || skip "no Vulkan device is here (apt-get install mesa-vulkan-drivers)"

work=$(mktemp -d)
mkfifo "$work/messages"
: >"$work/log"
cat <>"$work/messages" >>"$work/log" &
reader=$!
trap 'kill $reader 2>/dev/null || true; rm -rf "$work"' EXIT
cat >"$work/vk_layer_settings.txt" <<END
khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG
khronos_validation.report_flags = error,warn
khronos_validation.log_filename = $work/messages
khronos_validation.enables = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT
khronos_validation.duplicate_message_limit = 3
END
export VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation VK_LAYER_SETTINGS_PATH=$work/vk_layer_settings.txt
# A cache of its own: pipelines are made and self-tests run here too, and a second process finds what the first one left.
export OPSIN_CACHE=$work/cache OPSIN_NO_CPU_FALLBACK=1

failed=0
# Runs a step quietly; shows what it printed where it fails, and whatever the layer said meanwhile.
step() {
    local name=$1 before after
    shift
    before=$(wc -l <"$work/log")
    if "$@" >"$work/output" 2>&1; then :; else
        echo "FAIL $name" >&2
        tail -n 40 "$work/output" | sed 's/^/     /' >&2
        failed=1
    fi
    sleep 0.1
    after=$(wc -l <"$work/log")
    if [ "$after" != "$before" ]; then
        echo "FAIL $name: the validation layer said" >&2
        tail -n +$((before + 1)) "$work/log" | cut -c1-600 | head -n 30 | sed 's/^/     /' >&2
        failed=1
    else
        echo "ok   $name"
    fi
}

commands() {
    local model precision
    for model in Models/*/; do
        for precision in fp32 fp16; do "$opsin" verify "$model" --device vulkan --precision $precision --image $photo || return 1; done
    done
    for precision in fp32 fp16; do
        OPSIN_VK_PREPROCESS=1 "$opsin" classify $photo Examples/images/coffee.jpg $photo --device vulkan --precision $precision || return 1
        "$opsin" bench Models/mobilenet_v2_1.0_224 --device vulkan --precision $precision --ops --iters 3 || return 1
    done
    OPSIN_VK_DISABLE=fp16,int8,subgroups "$opsin" classify $photo --device vulkan || return 1
    OPSIN_VK_DISABLE=op:GlobalAveragePool OPSIN_NO_CPU_FALLBACK=0 "$opsin" classify $photo --device vulkan || return 1
    "$opsin" peak --device vulkan && "$opsin" doctor && "$opsin" devices
}
in_c() {
    cc -std=c99 -Wall -Wextra -Werror -Iinclude $tests/vulkan.c -o "$work/vulkan" -L"$release" -lopsin -lpthread &&
        LD_LIBRARY_PATH=$release OPSIN_MODELS=$PWD/Models "$work/vulkan" $photo Examples/images/coffee.jpg
}
in_python() { OPSIN_LIBRARY=$release/libopsin.so OPSIN_MODELS=$PWD/Models PYTHONPATH=bindings/python .build/python/bin/python $tests/vulkan.py $photo; }
# The tests see the layer; those that expect a fallback say so themselves.
swift_tests() { env -u OPSIN_NO_CPU_FALLBACK -u OPSIN_CACHE swift test -c release --disable-testable-imports --parallel --filter "$@"; }

if [ "$part" = all ]; then
    # The layer is there and looks at synchronisation: a test that leaves out barriers on purpose makes it speak.
    OPSIN_VALIDATION_CONTROL=1 swift_tests ValidationControlTests >"$work/output" 2>&1 || { cat "$work/output" >&2; exit 1; }
    sleep 0.1
    grep -q SYNC-HAZARD "$work/log" || { echo "FAIL the layer did not see a missing barrier" >&2; exit 1; }
    echo "ok   a missing barrier is seen"
    export OPSIN_LONG_TESTS=1
    step "the Vulkan backend's tests" swift_tests VulkanTests --skip-build
    step "every op's tests" swift_tests OpTests --skip-build
    step "the command's tests on Vulkan" swift_tests 'CommandTests.*(ulkan|anOpAlone)' --skip-build
fi
step "the command, four models in fp32 and fp16" commands
step "the C interface" in_c
if [ -x .build/python/bin/python ]; then step "the Python module" in_python; else echo "skip the Python module: no .build/python (Scripts/python_tests makes it)"; fi
[ $failed = 0 ] && echo "validation: nothing was said"
exit $failed
