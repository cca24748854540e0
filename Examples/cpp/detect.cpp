// The objects on a photo with their boxes.
//
//     c++ -std=c++17 detect.cpp -o detect -lopsin && ./detect cat.jpg
#include <iostream>
#include <opsin.hpp>

int main(int argc, char **argv) {
    try {
        opsin::Session session(opsin::Model(opsin::Runtime(), opsin::Task::detect));
        const opsin::Result result = session.run(argc > 1 ? argv[1] : "cat.jpg");
        for (const opsin::Detection &found : result.detections()) {
            const opsin::Box &box = found.box;
            std::cout << 100 * found.score << " %  " << found.label << " at (" << box.x0 << ", " << box.y0 << "), ";
            std::cout << box.width() << " x " << box.height() << '\n';
        }
    } catch (const opsin::Error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
