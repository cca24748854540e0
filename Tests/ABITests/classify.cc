// The header from C++17: a photo is classified through handles that release themselves, from two threads at once, one session each.
//
// Arguments: the folder of a classifier, a photo of an Egyptian cat.
#include "check.h"

#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

template <auto release> struct Releaser {
    template <class Handle> void operator()(Handle *handle) const { release(handle); }
};
template <class Handle, auto release> using Owned = std::unique_ptr<Handle, Releaser<release>>;
using Runtime = Owned<opsin_runtime, opsin_runtime_release>;
using Model = Owned<opsin_model, opsin_model_release>;
using Session = Owned<opsin_session, opsin_session_release>;
using Result = Owned<opsin_result, opsin_result_release>;

static_assert(std::is_standard_layout_v<opsin_image> && std::is_trivial_v<opsin_image>, "structs are C structs");
static_assert(std::is_same_v<opsin_status, std::int32_t>, "a status has 32 bits");

template <class Handle, class Make> Handle make(Make create) {
    typename Handle::pointer raw = nullptr;
    GIVES(OPSIN_OK, create(&raw));
    return Handle(raw);
}

std::string best(opsin_session *session, const char *photo) {
    opsin_result *raw = nullptr;
    if (opsin_run_file(session, photo, &raw) != OPSIN_OK) return std::string("failed: ") + opsin_last_error();
    Result result(raw);
    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    if (opsin_result_classes(raw, &classes) != OPSIN_OK || classes.count == 0) return std::string("failed: ") + opsin_last_error();
    return classes.label[0];
}

std::vector<std::string> lines;

void remember(void *user, int32_t level, const char *message) { static_cast<std::vector<std::string> *>(user)->push_back(std::to_string(level) + message); }

} // namespace

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    opsin_set_log_callback(remember, &lines, OPSIN_LOG_INFO);
    auto runtime = make<Runtime>([](opsin_runtime **out) { return opsin_runtime_create(nullptr, out); });
    auto model = make<Model>([&](opsin_model **out) { return opsin_model_open(runtime.get(), argv[1], nullptr, out); });
    CHECK(lines.size() == 1 && lines[0].find(argv[1]) != std::string::npos);
    opsin_set_log_callback(nullptr, nullptr, 0);

    auto one = make<Session>([&](opsin_session **out) { return opsin_session_create(model.get(), nullptr, out); });
    auto two = make<Session>([&](opsin_session **out) { return opsin_session_create(model.get(), nullptr, out); });
    opsin_session *const first = one.get(), *const second = two.get();
    model.reset();
    runtime.reset();
    std::string labels[2];
    std::thread other([&] { labels[1] = best(second, argv[2]); });
    labels[0] = best(first, argv[2]);
    other.join();
    CHECK(labels[0].find("Egyptian cat") != std::string::npos);
    CHECK(labels[1] == labels[0]);

    one.reset();
    opsin_result *none = reinterpret_cast<opsin_result *>(&lines);
    FAILS(OPSIN_E_ARGUMENT, opsin_run_file(first, argv[2], &none));
    CHECK(none == nullptr && std::string(opsin_last_error()).find("released") != std::string::npos);
    opsin_session_release(first);
    FAILS(OPSIN_E_ARGUMENT, opsin_run_file(reinterpret_cast<opsin_session *>(&lines), argv[2], &none));
    std::printf("classify.cc: %d checks, %d failed\n", checks_made, checks_failed);
    return checks_failed ? 1 : 0;
}
