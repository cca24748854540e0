// A label for each pixel of a photo: the shares of the labels, and the mask as mask.png.
//
//     c++ -std=c++17 segment.cpp -o segment -lopsin && ./segment cat.jpg
#include <iostream>
#include <opsin.hpp>

int main(int argc, char **argv) {
    try {
        opsin::Session session(opsin::Model(opsin::Runtime(), opsin::Task::segment));
        const opsin::Result result = session.run(argc > 1 ? argv[1] : "cat.jpg");
        for (const opsin::Segment &found : result.segments()) std::cout << 100 * found.share << " %  " << found.label << '\n';
        const opsin::Mask mask = result.mask();
        std::cout << "label " << mask(mask.width / 2, mask.height / 2) << " in the middle\n";
        result.save("mask.png");
    } catch (const opsin::Error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
