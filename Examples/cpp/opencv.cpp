// OpenCV's pictures in and out, without a copy: what is seen in a cv::Mat is drawn into it, and a mask becomes a cv::Mat.
//
//     c++ -std=c++17 opencv.cpp -o opencv $(pkg-config --cflags --libs opsin opencv4) && ./opencv cat.jpg seen.png mask.png
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opsin.hpp>

int main(int argc, char **argv) {
    if (argc != 4) return std::cerr << "usage: opencv PHOTO SEEN.png MASK.png\n", 2;
    cv::Mat photo = cv::imread(argv[1]);
    if (photo.empty()) return std::cerr << argv[1] << " cannot be read\n", 1;
    try {
        const opsin::Runtime runtime;
        opsin::Session detector(opsin::Model(runtime, opsin::Task::detect)), segmenter(opsin::Model(runtime, opsin::Task::segment));

        // Blue first, rows with a stride: as a cv::Mat has it. A part of one is a cv::Mat too.
        const opsin::Result objects = detector.run(opsin::image_of(photo));
        for (const opsin::Detection &found : objects.detections()) std::cout << found.label << ' ' << found.score << '\n';

        // The mask is a view into the result, which must live as long as the cv::Mat over it.
        const opsin::Result segmented = segmenter.run(opsin::image_of(photo));
        const opsin::Mask mask = segmented.mask();
        const cv::Mat labels(mask.height, mask.width, CV_16U, const_cast<std::uint16_t *>(mask.data));
        std::cout << cv::countNonZero(labels) << " pixels are something\n";
        cv::imwrite(argv[3], labels);

        objects.draw(opsin::canvas_of(photo));
        cv::imwrite(argv[2], photo);
    } catch (const opsin::Error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
