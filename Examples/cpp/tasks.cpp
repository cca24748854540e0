// Four tasks, one photo, in C++17.
//
//     c++ -std=c++17 tasks.cpp -o tasks -lopsin && ./tasks cat.jpg
//
// A task that the library cannot do prints why and the program goes on; any other failure makes it exit with 1.
#include <cstdio>
#include <opsin.hpp>

namespace {

// A string_view as printf wants it: the texts of opsin.h end with a zero byte.
const char *text(std::string_view view) { return view.data(); }

void print(const opsin::Result &result) {
    switch (result.task()) {
    case opsin::Task::classify:
        for (const auto &found : result.classes()) std::printf("  %5.1f %%  %s\n", 100.0 * found.score, text(found.label));
        break;
    case opsin::Task::detect:
        for (const auto &object : result.detections()) {
            const auto &box = object.box;
            std::printf("  %5.1f %%  %s at (%.0f, %.0f) to (%.0f, %.0f)\n", 100.0 * object.score, text(object.label), box.x0, box.y0, box.x1, box.y1);
        }
        break;
    case opsin::Task::segment:
        for (const auto &segment : result.segments()) std::printf("  %5.1f %%  %s\n", 100.0 * segment.share, text(segment.label));
        break;
    case opsin::Task::depth: {
        const auto depth = result.depth();
        const float middle = depth(depth.width / 2, depth.height / 2);
        std::printf("  %d x %d values from %g to %g, in the middle %g\n", depth.width, depth.height, depth.min, depth.max, middle);
        break;
    }
    case opsin::Task::none: break;
    }
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s PHOTO\n", argv[0]);
        return 2;
    }
    try {
        const opsin::Runtime runtime;
        const opsin::Picture photo(argv[1]);
        const std::pair<opsin::Task, const char *> tasks[] = {
            {opsin::Task::classify, "classify"}, {opsin::Task::detect, "detect"}, {opsin::Task::segment, "segment"}, {opsin::Task::depth, "depth"}};
        for (const auto &[task, name] : tasks) {
            std::printf("%s\n", name);
            auto model = opsin::Model::try_open(runtime, task);
            if (!model && model.error().status == OPSIN_E_UNSUPPORTED) {
                std::printf("  %s\n", model.error().message.c_str());
                continue;
            }
            opsin::Session session(std::move(model).value());
            print(session.run(photo.image()));
        }
    } catch (const opsin::Error &error) {
        std::fprintf(stderr, "%s: %s\n", opsin_status_name(error.status()), error.what());
        return 1;
    }
}
