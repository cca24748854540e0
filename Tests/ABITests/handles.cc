// opsin.hpp from a program that does not know opsin.h: ownership, both kinds of errors, views, batches with a bad image.
//
// Compiled twice: with exceptions, and with -fno-exceptions, where only the try_ forms exist.
#include <cstdio>
#include <cstring>
#include <opsin.hpp>
#include <type_traits>
#include <vector>

static int failures = 0;
static void expect(bool good, const char *what) {
    if (!good) std::printf("failed: %s\n", what), failures++;
}

static_assert(!std::is_copy_constructible_v<opsin::Session> && std::is_nothrow_move_constructible_v<opsin::Session>);
static_assert(!std::is_copy_assignable_v<opsin::Result> && std::is_nothrow_move_assignable_v<opsin::Result>);

// Views into a temporary result are refused.
template <class R, class = void> struct gives_views : std::false_type {};
template <class R> struct gives_views<R, std::void_t<decltype(std::declval<R>().try_classes()), decltype(std::declval<R>().try_mask())>> : std::true_type {};
static_assert(gives_views<const opsin::Result &>::value && !gives_views<opsin::Result>::value);

// What cv::Mat looks like to image_of().
struct Mat {
    unsigned char *data;
    int cols, rows;
    std::size_t step;
    int count;
    int channels() const { return count; }
};

// The same with a type of samples, as cv::Mat has it.
struct DeepMat : Mat {
    int type;
    int depth() const { return type; }
};

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const std::string folder = argv[1], photo = argv[2];

    auto runtime = opsin::Runtime::try_create();
    expect(bool(runtime), "a runtime");
    if (!runtime) return 1;
    expect(runtime->device().kind == OPSIN_DEVICE_CPU || runtime->device().kind == OPSIN_DEVICE_VULKAN, "its device");
    const auto listed = opsin::devices();
    expect(!listed.empty() && std::strcmp(listed[0].id, "cpu") == 0, "the CPU is the first device");

    const auto nowhere = opsin::Model::try_open(*runtime, "/nowhere");
    expect(!nowhere && nowhere.error().status == OPSIN_E_NOT_FOUND && nowhere.error().message.find("/nowhere") != std::string::npos, "a missing folder");
    auto model = opsin::Model::try_open(*runtime, folder);
    expect(bool(model), "a model");
    if (!model) return 1;
    expect(model->task() == opsin::Task::classify && model->label_count() >= 1000, "its task and labels");
    expect(model->label(1u << 30).empty(), "no label of that id");

    expect(runtime->try_report()->find("\"fallbacks\"") != std::string::npos && model->try_info()->find("\"parameters\"") != std::string::npos, "reports");
    opsin::Result kept;
    {
        auto session = opsin::Session::try_create(*model);
        expect(bool(session), "a session");
        expect(bool(session->try_warm_up()), "a warm-up");
        opsin::TaskOptions options;
        options.top_k = 3;
        expect(bool(session->try_configure(options)), "options");
        options.allow = {"no such label"};
        expect(!session->try_configure(options), "a label that does not exist");
        auto result = session->try_run(photo);
        expect(bool(result), "a run");
        kept = std::move(*result);
        expect(result->get() == nullptr, "nothing is left after a move");

        const auto picture = opsin::Picture::try_open(photo);
        expect(bool(picture), "a picture");
        const opsin::Image none(nullptr, 4, 4);
        auto batch = session->try_run_batch({picture->image(), none, picture->image()});
        expect(bool(batch) && batch->size() == 3, "a batch with a bad image");
        expect((*batch)[0].status() == OPSIN_OK && (*batch)[1].status() == OPSIN_E_ARGUMENT && !(*batch)[1].error().empty(), "only the bad one failed");
        expect((*batch)[2].try_classes()->at(0).score == kept.try_classes()->at(0).score, "the same answer as alone");

        auto request = session->try_submit(picture->image());
        expect(bool(request) && !session->try_run(photo), "a request, which the session is busy with");
        auto answered = request->try_result();
        expect(bool(answered) && answered->try_classes()->at(0).score == kept.try_classes()->at(0).score, "the same answer from a request");
        expect(request->status() == OPSIN_OK && request->error().empty() && !request->try_result(), "a result is taken once");
        {
            auto stream = opsin::Stream::try_open(*session, {2, OPSIN_DROP_NOTHING, 2, true});
            expect(bool(stream) && !opsin::Stream::try_open(*session), "one stream over a session");
            for (int i = 0; i < 5; i++) expect(*stream->try_push(picture->image()), "a frame");
            expect(*stream->try_flush() && stream->stats().done == 5 && stream->stats().dropped == 0, "all frames are done");
            int frames = 0;
            for (auto next = stream->try_poll(); next && *next; next = stream->try_poll()) frames += (*next).try_classes()->size() == 3;
            expect(frames == 5, "five results");
        }

        unsigned char pixels[2 * 8 * 3] = {0};
        const auto whole = opsin::image_of(Mat{pixels, 8, 2, 24, 3}), gray = opsin::image_of(Mat{pixels, 8, 2, 8, 1});
        expect(whole.get().format == OPSIN_FORMAT_BGR8 && gray.get().format == OPSIN_FORMAT_GRAY8, "OpenCV's formats");
        expect(bool(session->try_run(whole)), "OpenCV's pixels");
        const auto pair = session->try_run(opsin::image_of(Mat{pixels, 8, 2, 16, 2}));
        expect(!pair && pair.error().status == OPSIN_E_ARGUMENT, "two channels are no picture");
        float levels[2 * 8] = {0};
        const DeepMat floats{{reinterpret_cast<unsigned char *>(levels), 8, 2, 32, 1}, 5};
        expect(opsin::image_of(floats).get().format == OPSIN_FORMAT_GRAY_F32 && bool(session->try_run(opsin::image_of(floats))), "floats of one channel");
        const auto doubles = session->try_run(opsin::image_of(DeepMat{{pixels, 2, 2, 24, 1}, 6}));
        expect(!doubles && doubles.error().status == OPSIN_E_ARGUMENT, "doubles are refused, not read as bytes");
    }
    // Session and model may go before the result; a shared one outlives the first.
    auto shared = kept.share();
    kept = opsin::Result();
    const auto classes = shared.try_classes();
    expect(bool(classes) && classes->size() == 3 && (*classes)[0].label == "Egyptian cat", "three classes, the best an Egyptian cat");
    expect(!shared.try_mask() && shared.try_mask().error().status == OPSIN_E_STATE, "a classifier's result has no mask");
    expect(shared.try_json("x.jpg")->find("\"image\": \"x.jpg\"") != std::string::npos, "JSON");
    expect(shared.timings().run_ms > 0, "timings");
    expect(shared.try_report()->find("\"isa\"") != std::string::npos, "a report");
    {
        auto session = opsin::Session::try_create(*model);
        opsin::TaskOptions options;
        options.logits = true;
        expect(bool(session->try_configure(options)), "logits are asked for");
        const auto result = session->try_run(photo);
        const auto tensors = result->try_tensors();
        expect(tensors && tensors->size() == 1 && std::strcmp((*tensors)[0].name, "logits") == 0, "the raw outputs");
        const auto picture = opsin::Picture::try_open(photo);
        const auto input = session->try_preprocess(picture->image());
        expect(input && input->tensors().size() == 1 && input->geometry().image_width == 451, "the first step");
        const auto outputs = session->try_run_tensors(input->tensors());
        expect(outputs && outputs->task() == opsin::Task::none, "the second step");
        const auto answer = session->try_postprocess(*outputs->try_tensors(), input->geometry());
        expect(answer && answer->try_classes()->at(0).score == result->try_classes()->at(0).score, "the third step");
        expect(!session->try_run_tensors({}), "no tensors");
    }

    std::vector<unsigned char> drawn(200 * 160 * 3 + 1, 50);
    Mat mat{drawn.data(), 200, 160, 600, 3};
    expect(bool(shared.try_draw(opsin::canvas_of(mat))), "a drawing");
    std::size_t changed = 0;
    for (const unsigned char value : drawn) changed += value != 50;
    expect(changed > 1000 && changed < drawn.size() && drawn.back() == 50, "within the canvas");
    mat.count = 1;
    expect(!shared.try_draw(opsin::canvas_of(mat)), "no drawing on gray");

#ifdef OPSIN_HPP_THROWS
    try {
        opsin::Model(*runtime, "/nowhere");
        expect(false, "an exception");
    } catch (const opsin::Error &error) {
        expect(error.status() == OPSIN_E_NOT_FOUND && std::strstr(error.what(), "/nowhere"), "the exception says what is missing");
    }
    opsin::Session session(*model);
    const opsin::Result result = session.run(photo);
    expect(result.classes().size() == 5, "five classes by default");
    const opsin::Picture picture(photo);
    const opsin::Input input = session.preprocess(picture.image());
    const opsin::Result outputs = session.run_tensors(input.tensors());
    const opsin::Result again = session.postprocess(outputs.tensors(), input.geometry());
    expect(again.classes()[0].score == result.classes()[0].score, "the three steps are the run");
    try {
        result.save("/tmp/classes.png");
        expect(false, "classes are no picture");
    } catch (const opsin::Error &error) {
        expect(error.status() < 0, "a failure");
    }
#endif
    return failures != 0;
}
