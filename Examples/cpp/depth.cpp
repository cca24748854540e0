// A distance for each pixel of a photo: what the numbers mean, their range, and the map as depth.npy.
//
//     c++ -std=c++17 depth.cpp -o depth -lopsin && ./depth cat.jpg
#include <iostream>
#include <opsin.hpp>

int main(int argc, char **argv) {
    try {
        opsin::Session session(opsin::Model(opsin::Runtime(), opsin::Task::depth));
        const opsin::Result result = session.run(argc > 1 ? argv[1] : "cat.jpg");
        const opsin::Depth depth = result.depth();
        const char *const unit = depth.kind == opsin::DepthKind::metric ? "metres"
            : depth.kind == opsin::DepthKind::relative                  ? "larger is farther"
                                                                        : "larger is nearer";
        std::cout << depth.width << " x " << depth.height << " values from " << depth.min << " to " << depth.max << " (" << unit << ")\n";
        result.save("depth.npy");
    } catch (const opsin::Error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
