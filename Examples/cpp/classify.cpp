// What is on a photo, best first.
//
//     c++ -std=c++17 classify.cpp -o classify -lopsin && ./classify cat.jpg
#include <iostream>
#include <opsin.hpp>

int main(int argc, char **argv) {
    try {
        opsin::Session session(opsin::Model(opsin::Runtime(), opsin::Task::classify));
        const opsin::Result result = session.run(argc > 1 ? argv[1] : "cat.jpg");
        for (const opsin::Classification &found : result.classes()) std::cout << 100 * found.score << " %  " << found.label << '\n';
    } catch (const opsin::Error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
