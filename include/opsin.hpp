/**
 * @file opsin.hpp
 * Opsin for C++17: handles that release themselves, views instead of pointer and count, errors as exceptions or as values.
 *
 * @code
 * opsin::Runtime runtime;
 * opsin::Model model(runtime, opsin::Task::detect);
 * opsin::Session session(model);
 * const opsin::Result result = session.run("street.jpg");
 * for (const opsin::Detection &object : result.detections())
 *     std::cout << object.label << ' ' << object.score << ' ' << object.box.x0 << '\n';
 * @endcode
 *
 * Header only, over opsin.h; links with libopsin and nothing else. The rules of opsin.h hold: a session takes one call at a time, everything else may be
 * shared between threads.
 *
 * - Handles (Runtime, Model, Session, Picture, Result, Request, Stream) are move-only; share(), which the last two lack, makes a second one that counts as a
 *   reference of its own.
 * - Every call that can fail comes twice: name() throws opsin::Error, try_name() is noexcept and gives an opsin::Expected. Compiled without exceptions
 *   (-fno-exceptions) only the second form is there.
 * - Views into a result (a label's text, a mask's pixels) live as long as the Result they came from, or one that shares it. Keep the Result in a variable:
 *   to ask a temporary one for views does not compile.
 */
#ifndef OPSIN_HPP
#define OPSIN_HPP

#include <opsin.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
/** Defined where exceptions are: the forms of the calls that throw are there. */
#define OPSIN_HPP_THROWS 1
#include <stdexcept>
#endif

namespace opsin {

/** What a model answers. */
enum class Task : std::int32_t {
    none = OPSIN_TASK_NONE,
    classify = OPSIN_TASK_CLASSIFY,
    detect = OPSIN_TASK_DETECT,
    segment = OPSIN_TASK_SEGMENT,
    depth = OPSIN_TASK_DEPTH,
};

/** What the numbers of a depth map mean. */
enum class DepthKind : std::int32_t {
    relative_inverse = OPSIN_DEPTH_RELATIVE_INVERSE, /**< larger is nearer; scale and shift are unknown */
    relative = OPSIN_DEPTH_RELATIVE,                 /**< larger is farther; the scale is unknown */
    metric = OPSIN_DEPTH_METRIC,                     /**< metres from the camera */
};

/** Why a call failed. */
struct Failure {
    opsin_status status = OPSIN_E_INTERNAL; /**< OPSIN_E_* */
    std::string message;                    /**< the library's sentence: what is wrong, what was expected, what was found */
};

#ifdef OPSIN_HPP_THROWS
/** A call that failed; what() is the library's sentence. */
class Error : public std::runtime_error {
public:
    /** From a failure. */
    explicit Error(const Failure &failure) : std::runtime_error(failure.message), status_(failure.status) {}

    /** OPSIN_E_*. */
    opsin_status status() const noexcept { return status_; }

private:
    opsin_status status_;
};
#endif

/** A value, or why there is none. */
template <class T>
class [[nodiscard]] Expected {
public:
    /** With a value. */
    Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    /** Without one. */
    Expected(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

    /** Whether there is a value. */
    explicit operator bool() const noexcept { return state_.index() == 0; }
    /** The value; only where there is one. */
    T &operator*() noexcept { return *std::get_if<0>(&state_); }
    /** The value; only where there is one. */
    const T &operator*() const noexcept { return *std::get_if<0>(&state_); }
    /** A member of the value; only where there is one. */
    T *operator->() noexcept { return std::get_if<0>(&state_); }
    /** A member of the value; only where there is one. */
    const T *operator->() const noexcept { return std::get_if<0>(&state_); }
    /** The failure; only where there is no value. */
    const Failure &error() const noexcept { return *std::get_if<1>(&state_); }

#ifdef OPSIN_HPP_THROWS
    /** The value, or an exception. */
    T value() && {
        if (!*this) throw Error(error());
        return std::move(**this);
    }
#endif

private:
    std::variant<T, Failure> state_;
};

/** Nothing but that it worked. */
struct Done {};

namespace detail {

/** A struct of opsin.h, initialised by its own function. */
template <class Struct>
Struct made(void (*init)(Struct *, std::uint32_t)) noexcept {
    Struct value;
    init(&value, static_cast<std::uint32_t>(sizeof value));
    return value;
}

/** The failure of this thread's last call. */
inline Failure failure(opsin_status status) { return Failure{status, opsin_last_error()}; }

/** One counted reference to something of the library's. */
template <class Object, void (*Retain)(Object *), void (*Release)(Object *)>
class Handle {
public:
    /** No object. */
    Handle() noexcept = default;
    /** Takes the reference over. */
    Handle(Handle &&other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    /** Takes the reference over and gives its own back. */
    Handle &operator=(Handle &&other) noexcept {
        if (this != &other) Release(std::exchange(object_, std::exchange(other.object_, nullptr)));
        return *this;
    }
    Handle(const Handle &) = delete;
    Handle &operator=(const Handle &) = delete;
    ~Handle() { Release(object_); }

    /** The C handle, still owned by this object; NULL after a move. */
    Object *get() const noexcept { return object_; }
    /** Whether there is an object: not after a move. */
    explicit operator bool() const noexcept { return object_ != nullptr; }

protected:
    /** Owns a reference that the library gave. */
    explicit Handle(Object *owned) noexcept : object_(owned) {}
    /** The object with one more reference. */
    Object *retained() const noexcept {
        Retain(object_);
        return object_;
    }

private:
    Object *object_ = nullptr;
};

/** For objects that opsin.h counts no second reference of. */
inline void no_retain(opsin_input *) noexcept {}
inline void no_retain(opsin_request *) noexcept {}
inline void no_retain(opsin_stream *) noexcept {}

}  // namespace detail

/** Pixels to look at, wherever they lie: a view, nothing is copied. */
class Image {
public:
    /** Rows of `width` pixels; `format` is OPSIN_FORMAT_*; `stride_bytes` 0: rows without gap. */
    Image(const void *data, int width, int height, int format = OPSIN_FORMAT_RGB8, std::int64_t stride_bytes = 0) noexcept
        : image_(detail::made(opsin_image_init)) {
        image_.data = data;
        image_.width = width;
        image_.height = height;
        image_.format = format;
        image_.stride_bytes = stride_bytes;
    }
    /** What opsin.h describes. */
    explicit Image(const opsin_image &image) noexcept : image_(image) {}

    /** EXIF orientation of the stored rows, 1 to 8. */
    Image &orientation(int value) noexcept { return image_.orientation = value, *this; }
    /** Looks at a part only, in pixels of the upright image. */
    Image &region(float x, float y, float width, float height) noexcept {
        image_.has_roi = 1;
        image_.roi_x = x, image_.roi_y = y, image_.roi_width = width, image_.roi_height = height;
        return *this;
    }
    /** The struct of opsin.h. */
    const opsin_image &get() const noexcept { return image_; }

private:
    opsin_image image_;
};

namespace detail {

/** OpenCV's number of a cv::Mat's type of samples (CV_8U is 0, CV_16U 2, CV_32F 5). */
template <class Mat>
auto sample_type(const Mat &mat, int) noexcept -> decltype(static_cast<int>(mat.depth())) { return mat.depth(); }
/** A class without depth() has bytes. */
template <class Mat>
int sample_type(const Mat &, long) noexcept { return 0; }

/** The format of a cv::Mat's pixels, in OpenCV's blue-first order; -1, which every call refuses, where there is none: two channels, doubles, 16-bit colours. */
template <class Mat>
int format_of(const Mat &mat) noexcept {
    const int type = sample_type(mat, 0), channels = mat.channels();
    if (type == 0) return channels == 1 ? OPSIN_FORMAT_GRAY8 : channels == 3 ? OPSIN_FORMAT_BGR8 : channels == 4 ? OPSIN_FORMAT_BGRA8 : -1;
    if (channels != 1) return -1;
    return type == 2 ? OPSIN_FORMAT_GRAY16 : type == 5 ? OPSIN_FORMAT_GRAY_F32 : -1;
}

}  // namespace detail

/**
 * A cv::Mat without a copy: 1, 3 or 4 channels of 8 bits, blue first, or 1 channel of 16 bits or of floats from 0 to 1; a run refuses what is none of these
 * (OPSIN_E_ARGUMENT). Any class with data, cols, rows, step and channels() does.
 */
template <class Mat>
Image image_of(const Mat &mat) noexcept {
    return Image(mat.data, mat.cols, mat.rows, detail::format_of(mat), static_cast<std::int64_t>(static_cast<std::size_t>(mat.step)));
}

/** What a runtime is made with. */
struct RuntimeOptions {
    std::string device = "auto"; /**< "auto", "cpu", "vulkan", "vulkan:N", "vulkan:UUID" */
    bool cpu_fallback = true;    /**< a GPU that fails is replaced by the CPU; false: it is an error */
    std::string cache_dir;       /**< folder for compiled pipelines and tuning; empty: the user's cache folder */
};

/** A device ready for work. */
class Runtime : public detail::Handle<opsin_runtime, opsin_runtime_retain, opsin_runtime_release> {
public:
    /** Opens a device. */
    static Expected<Runtime> try_create(const RuntimeOptions &options = {}) noexcept {
        auto asked = detail::made(opsin_runtime_options_init);
        asked.device = options.device.c_str();
        asked.flags = options.cpu_fallback ? 0u : OPSIN_RUNTIME_NO_CPU_FALLBACK;
        asked.cache_dir = options.cache_dir.empty() ? nullptr : options.cache_dir.c_str();
        opsin_runtime *made = nullptr;
        const opsin_status status = opsin_runtime_create(&asked, &made);
        if (status != OPSIN_OK) return detail::failure(status);
        return Runtime(made);
    }
#ifdef OPSIN_HPP_THROWS
    /** Opens a device. */
    explicit Runtime(const RuntimeOptions &options = {}) : Runtime(try_create(options).value()) {}
#endif
    /** Owns a reference that a function of opsin.h gave. */
    explicit Runtime(opsin_runtime *owned) noexcept : Handle(owned) {}
    /** A second handle with a reference of its own. */
    Runtime share() const noexcept { return Runtime(retained()); }

    /** Device, instruction set, and what fell back and why, as JSON. */
    Expected<std::string> try_report() const noexcept {
        const char *text = nullptr;
        if (const opsin_status status = opsin_runtime_report_json(get(), &text); status != OPSIN_OK) return detail::failure(status);
        return std::string(text);
    }
#ifdef OPSIN_HPP_THROWS
    /** Device, instruction set, and what fell back and why, as JSON. */
    std::string report() const { return try_report().value(); }
#endif
    /** The device that really works. */
    opsin_device_info device() const noexcept {
        auto info = detail::made(opsin_device_info_init);
        opsin_runtime_device(get(), &info);
        return info;
    }
};

/** A network with its weights, labels and recipe. */
class Model : public detail::Handle<opsin_model, opsin_model_retain, opsin_model_release> {
public:
    /** Opens a folder as its publisher ships it. */
    static Expected<Model> try_open(const Runtime &runtime, const std::string &path) noexcept {
        opsin_model *made = nullptr;
        const opsin_status status = opsin_model_open(runtime.get(), path.c_str(), nullptr, &made);
        if (status != OPSIN_OK) return detail::failure(status);
        return Model(made);
    }
    /** Opens the model that ships with the library for a task. */
    static Expected<Model> try_open(const Runtime &runtime, Task task) noexcept {
        opsin_model *made = nullptr;
        const opsin_status status = opsin_model_open_default(runtime.get(), static_cast<std::int32_t>(task), nullptr, &made);
        if (status != OPSIN_OK) return detail::failure(status);
        return Model(made);
    }
#ifdef OPSIN_HPP_THROWS
    /** Opens a folder as its publisher ships it. */
    Model(const Runtime &runtime, const std::string &path) : Model(try_open(runtime, path).value()) {}
    /** Opens the model that ships with the library for a task. */
    Model(const Runtime &runtime, Task task) : Model(try_open(runtime, task).value()) {}
#endif
    /** Owns a reference that a function of opsin.h gave. */
    explicit Model(opsin_model *owned) noexcept : Handle(owned) {}
    /** A second handle with a reference of its own. */
    Model share() const noexcept { return Model(retained()); }

    /** Size, cost, labels and recipe, as JSON. */
    Expected<std::string> try_info() const noexcept {
        const char *text = nullptr;
        if (const opsin_status status = opsin_model_info_json(get(), &text); status != OPSIN_OK) return detail::failure(status);
        return std::string(text);
    }
#ifdef OPSIN_HPP_THROWS
    /** Size, cost, labels and recipe, as JSON. */
    std::string info() const { return try_info().value(); }
#endif
    /** What it answers. */
    Task task() const noexcept { return static_cast<Task>(opsin_model_task(get())); }
    /** Such as "mobilenet_v2"; a view into the model. */
    std::string_view architecture() const noexcept { return opsin_model_architecture(get()); }
    /** How many labels it has. */
    std::size_t label_count() const noexcept { return opsin_model_label_count(get()); }
    /** The name of a class; empty where there is none; a view into the model. */
    std::string_view label(std::uint32_t id) const noexcept {
        const char *text = opsin_model_label(get(), id);
        return text ? std::string_view(text) : std::string_view();
    }
};

/** A rectangle in pixels of the upright image. */
struct Box {
    float x0; /**< left side */
    float y0; /**< upper side */
    float x1; /**< right side */
    float y1; /**< lower side */
    /** In pixels. */
    float width() const noexcept { return x1 - x0; }
    /** In pixels. */
    float height() const noexcept { return y1 - y0; }
};

/** A label of the whole image. `label` is a view into the result. */
struct Classification {
    std::int32_t label_id;  /**< the model's own index */
    std::string_view label; /**< its name */
    float score;            /**< probability, 0 to 1 */
};

/** An object. `label` is a view into the result. */
struct Detection {
    std::int32_t label_id;  /**< the model's own index */
    std::string_view label; /**< its name */
    float score;            /**< 0 to 1 */
    Box box;                /**< where it is */
};

/** A label that a mask holds. `label` is a view into the result. */
struct Segment {
    std::int32_t label_id;  /**< the model's own index */
    std::string_view label; /**< its name */
    double share;           /**< of the image, 0 to 1 */
    std::uint64_t pixels;   /**< how many */
};

/** A value for each pixel, row by row without gap: a view into the result. */
template <class Value>
struct Plane {
    const Value *data = nullptr; /**< height x width values */
    int width = 0;               /**< columns */
    int height = 0;              /**< rows */
    /** The value of a pixel; x and y must lie inside. */
    const Value &operator()(int x, int y) const noexcept {
        return data[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
    }
    /** The first value. */
    const Value *begin() const noexcept { return data; }
    /** Behind the last value. */
    const Value *end() const noexcept { return data + static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }
};

/** Label ids, 65535 (OPSIN_MASK_OUTSIDE) where the model did not look. */
struct Mask : Plane<std::uint16_t> {
    const float *confidence = nullptr; /**< as many values, or NULL unless it was asked for */
};

/** Distances; what they mean is `kind`. */
struct Depth : Plane<float> {
    DepthKind kind = DepthKind::relative_inverse; /**< what the numbers mean */
    float min = 0;                                /**< least finite value */
    float max = 0;                                /**< largest finite value */
};

/** How a result is drawn. */
struct DrawOptions {
    std::int32_t style = OPSIN_DRAW_OVERLAY;         /**< OPSIN_DRAW_OVERLAY or OPSIN_DRAW_MAP */
    std::int32_t colormap = OPSIN_COLORMAP_DEFAULT;  /**< depth: OPSIN_COLORMAP_* */
    bool labels = true;                              /**< boxes with names and scores */
    bool legend = false;                             /**< names of the colours, or the scale of a depth map */
    float opacity = 0;                               /**< of mask and depth over the photo; 0: 0.55 */
    float line_width = 0;                            /**< pixels; 0: by the size of the picture */
    float text_height = 0;                           /**< pixels; 0: by the size of the picture */
    float near_value = 0;                            /**< depth: value at the near end of the colours; this and far_value 0: the map's own */
    float far_value = 0;                             /**< depth: value at the far end */
    std::vector<std::uint8_t> palette;               /**< red, green and blue of each label; empty: the model's */
};

/** Pixels to draw into: rows of `width` pixels of RGB8, BGR8, RGBA8 or BGRA8. */
inline opsin_canvas canvas(void *data, int width, int height, int format = OPSIN_FORMAT_RGB8, std::int64_t stride_bytes = 0) noexcept {
    auto made = detail::made(opsin_canvas_init);
    made.data = data, made.width = width, made.height = height, made.format = format, made.stride_bytes = stride_bytes;
    return made;
}

/** A cv::Mat of 3 or 4 channels of 8 bits as pixels to draw into; drawing refuses others (OPSIN_E_ARGUMENT). */
template <class Mat>
opsin_canvas canvas_of(Mat &mat) noexcept {
    return canvas(mat.data, mat.cols, mat.rows, detail::format_of(mat), static_cast<std::int64_t>(static_cast<std::size_t>(mat.step)));
}

/** What a run gave. Never changes; may be shared between threads. */
class Result : public detail::Handle<opsin_result, opsin_result_retain, opsin_result_release> {
public:
    Result() noexcept = default;
    /** Owns a reference that a function of opsin.h gave. */
    explicit Result(opsin_result *owned) noexcept : Handle(owned) {}
    /** A second handle with a reference of its own. */
    Result share() const noexcept { return Result(retained()); }

    /** OPSIN_OK, or why this image of a batch failed: error(). */
    opsin_status status() const noexcept { return opsin_result_status(get()); }
    /** Why this image of a batch failed; empty when it did not; a view into the result. */
    std::string_view error() const noexcept { return opsin_result_error(get()); }
    /** Which of the views below it has. */
    Task task() const noexcept { return static_cast<Task>(opsin_result_task(get())); }

    /** classify: labels of the image, best first. */
    Expected<std::vector<Classification>> try_classes() const & noexcept {
        auto found = detail::made(opsin_classes_init);
        if (const opsin_status status = opsin_result_classes(get(), &found); status != OPSIN_OK) return detail::failure(status);
        std::vector<Classification> out;
        for (std::uint32_t i = 0; i < found.count; i++) out.push_back({found.label_id[i], found.label[i], found.score[i]});
        return out;
    }
    /** detect: objects, best first. */
    Expected<std::vector<Detection>> try_detections() const & noexcept {
        auto found = detail::made(opsin_detections_init);
        if (const opsin_status status = opsin_result_detections(get(), &found); status != OPSIN_OK) return detail::failure(status);
        std::vector<Detection> out;
        for (std::uint32_t i = 0; i < found.count; i++) {
            const float *box = found.box + 4 * static_cast<std::size_t>(i);
            out.push_back({found.label_id[i], found.label[i], found.score[i], {box[0], box[1], box[2], box[3]}});
        }
        return out;
    }
    /** segment: the labels that occur, the largest share first. */
    Expected<std::vector<Segment>> try_segments() const & noexcept {
        auto found = detail::made(opsin_segments_init);
        if (const opsin_status status = opsin_result_segments(get(), &found); status != OPSIN_OK) return detail::failure(status);
        std::vector<Segment> out;
        for (std::uint32_t i = 0; i < found.count; i++) out.push_back({found.label_id[i], found.label[i], found.share[i], found.pixels[i]});
        return out;
    }
    /** segment: a label for each pixel. */
    Expected<Mask> try_mask() const & noexcept {
        auto found = detail::made(opsin_mask_init);
        if (const opsin_status status = opsin_result_mask(get(), &found); status != OPSIN_OK) return detail::failure(status);
        return Mask{{found.label_id, found.width, found.height}, found.confidence};
    }
    /** depth: a distance for each pixel. */
    Expected<Depth> try_depth() const & noexcept {
        auto found = detail::made(opsin_depth_init);
        if (const opsin_status status = opsin_result_depth(get(), &found); status != OPSIN_OK) return detail::failure(status);
        return Depth{{found.data, found.width, found.height}, static_cast<DepthKind>(found.kind), found.min, found.max};
    }
    /** The line that the command prints with --json. */
    Expected<std::string> try_json(const std::string &image_name = {}) const noexcept {
        const char *text = nullptr;
        const opsin_status status = opsin_result_to_json(get(), image_name.empty() ? nullptr : image_name.c_str(), &text);
        if (status != OPSIN_OK) return detail::failure(status);
        return std::string(text);
    }
    /** Draws into the caller's pixels, which hold the photo at any size: opsin::canvas_of(mat). */
    Expected<Done> try_draw(const opsin_canvas &into, const DrawOptions &options = {}) const noexcept {
        auto asked = detail::made(opsin_draw_options_init);
        asked.flags = (options.labels ? 0u : OPSIN_DRAW_NO_LABELS) | (options.legend ? OPSIN_DRAW_LEGEND : 0u);
        asked.style = options.style, asked.colormap = options.colormap, asked.opacity = options.opacity;
        asked.line_width = options.line_width, asked.text_height = options.text_height;
        asked.near_value = options.near_value, asked.far_value = options.far_value;
        asked.palette = options.palette.empty() ? nullptr : options.palette.data();
        asked.palette_count = static_cast<std::uint32_t>(options.palette.size() / 3);
        if (const opsin_status status = opsin_result_draw(get(), &asked, &into); status != OPSIN_OK) return detail::failure(status);
        return Done{};
    }
    /** Writes a mask (".png") or a depth map (".npy", ".pfm", ".png") into a file. */
    Expected<Done> try_save(const std::string &path) const noexcept {
        if (const opsin_status status = opsin_result_save(get(), path.c_str()); status != OPSIN_OK) return detail::failure(status);
        return Done{};
    }
    /** What really ran, and what fell back and why, as JSON. */
    Expected<std::string> try_report() const noexcept {
        const char *text = nullptr;
        if (const opsin_status status = opsin_result_report_json(get(), &text); status != OPSIN_OK) return detail::failure(status);
        return std::string(text);
    }
    /** The raw outputs: of a run with TaskOptions::logits, and of run_tensors(). Each is a struct of opsin.h that points into the result. */
    Expected<std::vector<opsin_tensor>> try_tensors() const & noexcept {
        std::vector<opsin_tensor> out(opsin_result_tensor_count(get()), detail::made(opsin_tensor_init));
        for (std::uint32_t i = 0; i < out.size(); i++) {
            if (const opsin_status status = opsin_result_tensor(get(), i, &out[i]); status != OPSIN_OK) return detail::failure(status);
        }
        return out;
    }
    // Views into a result that is gone at the end of the line: refused by the compiler, here and below.
    Expected<std::vector<Classification>> try_classes() && = delete;
    Expected<std::vector<Detection>> try_detections() && = delete;
    Expected<std::vector<Segment>> try_segments() && = delete;
    Expected<Mask> try_mask() && = delete;
    Expected<Depth> try_depth() && = delete;
    Expected<std::vector<opsin_tensor>> try_tensors() && = delete;

    /** Milliseconds of each stage. */
    opsin_timings timings() const noexcept {
        auto taken = detail::made(opsin_timings_init);
        opsin_result_timings(get(), &taken);
        return taken;
    }
#ifdef OPSIN_HPP_THROWS
    /** classify: labels of the image, best first. */
    std::vector<Classification> classes() const & { return try_classes().value(); }
    /** detect: objects, best first. */
    std::vector<Detection> detections() const & { return try_detections().value(); }
    /** segment: the labels that occur, the largest share first. */
    std::vector<Segment> segments() const & { return try_segments().value(); }
    /** segment: a label for each pixel. */
    Mask mask() const & { return try_mask().value(); }
    /** depth: a distance for each pixel. */
    Depth depth() const & { return try_depth().value(); }
    /** The raw outputs: of a run with TaskOptions::logits, and of run_tensors(). */
    std::vector<opsin_tensor> tensors() const & { return try_tensors().value(); }
    /** The line that the command prints with --json. */
    std::string json(const std::string &image_name = {}) const { return try_json(image_name).value(); }
    /** Writes a mask (".png") or a depth map (".npy", ".pfm", ".png") into a file. */
    void save(const std::string &path) const { try_save(path).value(); }
    /** What really ran, and what fell back and why, as JSON. */
    std::string report() const { return try_report().value(); }
    std::vector<Classification> classes() && = delete;
    std::vector<Detection> detections() && = delete;
    std::vector<Segment> segments() && = delete;
    Mask mask() && = delete;
    Depth depth() && = delete;
    std::vector<opsin_tensor> tensors() && = delete;
    /** Draws into the caller's pixels, which hold the photo at any size: opsin::canvas_of(mat). */
    void draw(const opsin_canvas &into, const DrawOptions &options = {}) const { try_draw(into, options).value(); }
#endif
};

/** What is wanted of the results that follow. */
struct TaskOptions {
    std::uint32_t top_k = 5;         /**< classify */
    std::uint32_t max_count = 0;     /**< detect; 0: the model's own number */
    float threshold = 0;             /**< 0: none for classes, the model's own for objects; below 0: none */
    bool clip_boxes = true;          /**< detect */
    bool fit_whole = false;          /**< the whole photo, padded, instead of the recipe's crop */
    bool confidence = false;         /**< segment: the probability of each pixel's label */
    bool regions = false;            /**< segment: connected regions */
    bool logits = false;             /**< the raw outputs too: Result::tensors() */
    std::vector<std::string> allow;  /**< only these labels */
    std::vector<std::string> deny;   /**< not these; not together with allow */
};

/** What preprocessing made of an image: the model's input, and where the image lies in it. */
class Input : public detail::Handle<opsin_input, detail::no_retain, opsin_input_release> {
public:
    /** Owns a reference that opsin_preprocess() gave. */
    explicit Input(opsin_input *owned) noexcept : Handle(owned) {}

    /** The tensors, ready for Session::run_tensors(): structs of opsin.h that point into this object. */
    std::vector<opsin_tensor> tensors() const & noexcept {
        std::vector<opsin_tensor> out(opsin_input_tensor_count(get()), detail::made(opsin_tensor_init));
        for (std::uint32_t i = 0; i < out.size(); i++) opsin_input_tensor(get(), i, &out[i]);
        return out;
    }
    std::vector<opsin_tensor> tensors() && = delete;
    /** Where the image lies in them: for Session::postprocess(). */
    opsin_geometry geometry() const noexcept {
        auto found = detail::made(opsin_geometry_init);
        opsin_input_geometry(get(), &found);
        return found;
    }
};

/** How a session runs. */
struct SessionOptions {
    std::uint32_t precision = OPSIN_PRECISION_DEFAULT; /**< OPSIN_PRECISION_* */
    std::uint32_t threads = 0;                         /**< CPU threads; 0: one per physical core, at most 8 */
    std::uint32_t depth_scale = 0;                     /**< which head of a depth model with several: 1, 4 or 8 */
    std::uint32_t timeout_ms = 0;                      /**< longest wait for the GPU; 0: ten seconds */
    std::uint32_t kept_plans = 0;                      /**< input shapes that stay compiled; 0: the library's choice */
};

/** One image on its way through a session. Releasing it does not end the work. */
class Request : public detail::Handle<opsin_request, detail::no_retain, opsin_request_release> {
public:
    /** None. */
    Request() noexcept = default;
    /** Takes over a C handle. */
    explicit Request(opsin_request *owned) noexcept : Handle(owned) {}

    /** OPSIN_PENDING while it is under way, OPSIN_OK, or why it failed: error(). */
    opsin_status status() const noexcept { return opsin_request_status(get()); }
    /** Why it failed; empty when it did not. */
    std::string_view error() const noexcept { return opsin_request_error(get()); }
    /** Waits, at most so many microseconds, below 0 without end; what status() says then. */
    opsin_status wait(std::int64_t timeout_us = -1) noexcept { return opsin_request_wait(get(), timeout_us); }
    /** At once while it waits, else between two ops or before the next submission. */
    void cancel() noexcept { opsin_request_cancel(get()); }
    /** Waits and takes the result; once. */
    Expected<Result> try_result() noexcept {
        if (const opsin_status status = wait(); status != OPSIN_OK) return Failure{status, std::string(error())};
        opsin_result *made = nullptr;
        if (const opsin_status status = opsin_request_take_result(get(), &made); status != OPSIN_OK) return detail::failure(status);
        return Result(made);
    }
#ifdef OPSIN_HPP_THROWS
    /** As try_result(); throws Error. */
    Result result() { return try_result().value(); }
#endif
};

/** How a stream runs. */
struct StreamOptions {
    std::uint32_t queue_depth = 4;           /**< frames that may wait */
    std::int32_t drop = OPSIN_DROP_NOTHING;  /**< OPSIN_DROP_*: what happens to a frame when the queue is full */
    std::uint32_t in_flight = 2;             /**< frames worked on at the same time */
    bool ordered = true;                     /**< results in the order of the frames */
};

/** One stream of work over a model. Takes one call at a time. */
class Session : public detail::Handle<opsin_session, opsin_session_retain, opsin_session_release> {
public:
    /** Opens a session over a model, which it keeps alive. */
    static Expected<Session> try_create(const Model &model, const SessionOptions &options = {}) noexcept {
        auto asked = detail::made(opsin_session_options_init);
        asked.precision = options.precision;
        asked.threads = options.threads;
        asked.depth_scale = options.depth_scale;
        asked.timeout_ms = options.timeout_ms;
        asked.kept_plans = options.kept_plans;
        opsin_session *made = nullptr;
        const opsin_status status = opsin_session_create(model.get(), &asked, &made);
        if (status != OPSIN_OK) return detail::failure(status);
        return Session(made);
    }
    /** Owns a reference that a function of opsin.h gave. */
    explicit Session(opsin_session *owned) noexcept : Handle(owned) {}
    /** A second handle with a reference of its own. */
    Session share() const noexcept { return Session(retained()); }

    /** Says what the runs that follow shall give. */
    Expected<Done> try_configure(const TaskOptions &options) noexcept {
        auto asked = detail::made(opsin_task_options_init);
        const auto pointers = [](const std::vector<std::string> &texts) {
            std::vector<const char *> out;
            for (const std::string &text : texts) out.push_back(text.c_str());
            return out;
        };
        const auto allow = pointers(options.allow), deny = pointers(options.deny);
        if (!options.clip_boxes) asked.flags |= OPSIN_TASK_NO_CLIP;
        if (options.confidence) asked.flags |= OPSIN_TASK_CONFIDENCE;
        if (options.regions) asked.flags |= OPSIN_TASK_REGIONS;
        if (options.logits) asked.flags |= OPSIN_TASK_LOGITS;
        asked.top_k = options.top_k;
        asked.max_count = options.max_count;
        asked.threshold = options.threshold;
        asked.fit = options.fit_whole ? OPSIN_FIT_WHOLE : OPSIN_FIT_MODEL;
        asked.allow = allow.data(), asked.allow_count = static_cast<std::uint32_t>(allow.size());
        asked.deny = deny.data(), asked.deny_count = static_cast<std::uint32_t>(deny.size());
        if (const opsin_status status = opsin_session_configure(get(), &asked); status != OPSIN_OK) return detail::failure(status);
        return Done{};
    }
    /** Compiles the plan for the model's own size and runs it once. */
    Expected<Done> try_warm_up() noexcept {
        if (const opsin_status status = opsin_session_warmup(get(), 1); status != OPSIN_OK) return detail::failure(status);
        return Done{};
    }
    /** Pixels to the task's answer. */
    Expected<Result> try_run(const Image &image) noexcept {
        opsin_result *made = nullptr;
        if (const opsin_status status = opsin_run(get(), &image.get(), &made); status != OPSIN_OK) return detail::failure(status);
        return Result(made);
    }
    /** A file to the task's answer. */
    Expected<Result> try_run(const std::string &path) noexcept {
        opsin_result *made = nullptr;
        if (const opsin_status status = opsin_run_file(get(), path.c_str(), &made); status != OPSIN_OK) return detail::failure(status);
        return Result(made);
    }
    /** Several images, one result each; those that failed say so in status(). */
    Expected<std::vector<Result>> try_run_batch(const std::vector<Image> &images) noexcept {
        std::vector<const opsin_image *> pointers;
        for (const Image &image : images) pointers.push_back(&image.get());
        std::vector<opsin_result *> made(images.size(), nullptr);
        const opsin_status status = opsin_run_batch(get(), pointers.data(), static_cast<std::uint32_t>(pointers.size()), made.data());
        std::vector<Result> results;
        for (opsin_result *result : made) results.emplace_back(result);
        if (status != OPSIN_OK && status != OPSIN_E_PARTIAL) return detail::failure(status);
        return results;
    }
    /** The first step of a run alone: pixels to the tensors that the model takes. */
    Expected<Input> try_preprocess(const Image &image) noexcept {
        opsin_input *made = nullptr;
        if (const opsin_status status = opsin_preprocess(get(), &image.get(), &made); status != OPSIN_OK) return detail::failure(status);
        return Input(made);
    }
    /** The second step alone: tensors to the raw outputs, which are the result's tensors(). */
    Expected<Result> try_run_tensors(const std::vector<opsin_tensor> &inputs) noexcept {
        opsin_result *made = nullptr;
        const opsin_status status = opsin_run_tensors(get(), inputs.data(), static_cast<std::uint32_t>(inputs.size()), &made);
        if (status != OPSIN_OK) return detail::failure(status);
        return Result(made);
    }
    /** The third step alone: raw outputs, wherever they were computed, to the task's answer. */
    Expected<Result> try_postprocess(const std::vector<opsin_tensor> &outputs, const opsin_geometry &geometry) noexcept {
        opsin_result *made = nullptr;
        const opsin_status status = opsin_postprocess(get(), outputs.data(), static_cast<std::uint32_t>(outputs.size()), &geometry, &made);
        if (status != OPSIN_OK) return detail::failure(status);
        return Result(made);
    }
    /** Puts an image into the session's queue. With copy false its pixels must stay until the request is done. */
    Expected<Request> try_submit(const Image &image, bool copy = true) noexcept {
        opsin_request *made = nullptr;
        const opsin_status status = opsin_submit(get(), &image.get(), copy ? OPSIN_SUBMIT_COPY : 0u, nullptr, nullptr, &made);
        if (status != OPSIN_OK) return detail::failure(status);
        return Request(made);
    }
#ifdef OPSIN_HPP_THROWS
    /** As try_submit(); throws Error. */
    Request submit(const Image &image, bool copy = true) { return try_submit(image, copy).value(); }
    /** Opens a session over a model, which it keeps alive. */
    explicit Session(const Model &model, const SessionOptions &options = {}) : Session(try_create(model, options).value()) {}
    /** Says what the runs that follow shall give. */
    void configure(const TaskOptions &options) { try_configure(options).value(); }
    /** Compiles the plan for the model's own size and runs it once. */
    void warm_up() { try_warm_up().value(); }
    /** Pixels to the task's answer. */
    Result run(const Image &image) { return try_run(image).value(); }
    /** A file to the task's answer. */
    Result run(const std::string &path) { return try_run(path).value(); }
    /** Several images, one result each; those that failed say so in status(). */
    std::vector<Result> run_batch(const std::vector<Image> &images) { return try_run_batch(images).value(); }
    /** The first step of a run alone: pixels to the tensors that the model takes. */
    Input preprocess(const Image &image) { return try_preprocess(image).value(); }
    /** The second step alone: tensors to the raw outputs, which are the result's tensors(). */
    Result run_tensors(const std::vector<opsin_tensor> &inputs) { return try_run_tensors(inputs).value(); }
    /** The third step alone: raw outputs, wherever they were computed, to the task's answer. */
    Result postprocess(const std::vector<opsin_tensor> &outputs, const opsin_geometry &geometry) { return try_postprocess(outputs, geometry).value(); }
#endif
};

/** Frames in, results out. The session is lent to it until it goes. */
class Stream : public detail::Handle<opsin_stream, detail::no_retain, opsin_stream_release> {
public:
    /** Opens a stream over a session. */
    static Expected<Stream> try_open(const Session &session, const StreamOptions &options = {}) noexcept {
        auto asked = detail::made(opsin_stream_options_init);
        asked.queue_depth = options.queue_depth, asked.drop = options.drop, asked.in_flight = options.in_flight;
        asked.flags = options.ordered ? 0u : OPSIN_STREAM_UNORDERED;
        opsin_stream *made = nullptr;
        const opsin_status status = opsin_stream_create(session.get(), &asked, &made);
        if (status != OPSIN_OK) return detail::failure(status);
        return Stream(made);
    }
    /** Takes over a C handle. */
    explicit Stream(opsin_stream *owned) noexcept : Handle(owned) {}

    /** Gives the next frame, which is copied. False: it was not taken (OPSIN_DROP_NEWEST). */
    Expected<bool> try_push(const Image &image) noexcept {
        const opsin_status status = opsin_stream_push(get(), &image.get());
        if (status < 0) return detail::failure(status);
        return status == OPSIN_OK;
    }
    /** The next result, empty when none came in time; one of a frame that failed says so in status(). Below 0: as long as frames are under way. */
    Expected<Result> try_poll(std::int64_t timeout_us = -1) noexcept {
        opsin_result *made = nullptr;
        if (const opsin_status status = opsin_stream_poll(get(), timeout_us, &made); status < 0) return detail::failure(status);
        return Result(made);
    }
    /** Waits until every frame is done or dropped; false when that took longer. */
    Expected<bool> try_flush(std::int64_t timeout_us = -1) noexcept {
        const opsin_status status = opsin_stream_flush(get(), timeout_us);
        if (status < 0) return detail::failure(status);
        return status == OPSIN_OK;
    }
    /** What it has done since it was opened. */
    opsin_stream_stats stats() const noexcept {
        auto found = detail::made(opsin_stream_stats_init);
        opsin_stream_stats_get(get(), &found);
        return found;
    }
#ifdef OPSIN_HPP_THROWS
    /** As try_open(); throws Error. */
    explicit Stream(const Session &session, const StreamOptions &options = {}) : Stream(try_open(session, options).value()) {}
    /** As try_push(); throws Error. */
    bool push(const Image &image) { return try_push(image).value(); }
    /** As try_poll(); throws Error. */
    Result poll(std::int64_t timeout_us = -1) { return try_poll(timeout_us).value(); }
    /** As try_flush(); throws Error. */
    bool flush(std::int64_t timeout_us = -1) { return try_flush(timeout_us).value(); }
#endif
};

/** Decoded pixels that the library owns. */
class Picture : public detail::Handle<opsin_picture, opsin_picture_retain, opsin_picture_release> {
public:
    /** Decodes a JPEG, PNG, WebP, BMP, PPM or PGM file and turns it upright. */
    static Expected<Picture> try_open(const std::string &path) noexcept {
        opsin_picture *made = nullptr;
        if (const opsin_status status = opsin_picture_decode_file(path.c_str(), nullptr, &made); status != OPSIN_OK) return detail::failure(status);
        return Picture(made);
    }
#ifdef OPSIN_HPP_THROWS
    /** Decodes a file and turns it upright. */
    explicit Picture(const std::string &path) : Picture(try_open(path).value()) {}
#endif
    /** Owns a reference that a function of opsin.h gave. */
    explicit Picture(opsin_picture *owned) noexcept : Handle(owned) {}
    /** A second handle with a reference of its own. */
    Picture share() const noexcept { return Picture(retained()); }

    /** The pixels; valid while the picture lives. */
    Image image() const noexcept {
        auto view = detail::made(opsin_image_init);
        opsin_picture_view(get(), &view);
        return Image(view);
    }
};

/** Every device of this machine; the CPU is the first. */
inline std::vector<opsin_device_info> devices() noexcept {
    std::uint32_t count = 0;
    std::vector<opsin_device_info> out;
    if (opsin_device_count(&count) != OPSIN_OK) return out;
    for (std::uint32_t i = 0; i < count; i++) {
        auto info = detail::made(opsin_device_info_init);
        if (opsin_device_get(i, &info) == OPSIN_OK) out.push_back(info);
    }
    return out;
}

}  // namespace opsin

#endif /* OPSIN_HPP */
