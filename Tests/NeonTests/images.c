// Resampling of images, to the bit: against the sums that the coefficients define, and against what x86-64 gave, where tests compare it with Pillow.
#include "check.h"

// FNV-1a over all results, which must be the same on every architecture.
static uint64_t digest = 14695981039346656037u;

static void add_to_digest(const void *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) digest = (digest ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
}

static uint8_t clipped(int64_t sum) {
    const int64_t v = sum >> 22;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

// One pass over `inputs` rows (vertical) or columns to `outputs`; across it `others` columns or rows.
static void pass(bool vertical, bool fixed, int32_t inputs, int32_t outputs, int32_t others, int32_t channels, opsin_filter filter) {
    opsin_resize_axis *axis = opsin_resize_axis_create(inputs, 0.25f, (float)inputs - 0.5f, outputs, 0, outputs, filter, fixed);
    if (!axis) {
        verdict(false, "no axis from %d to %d", inputs, outputs);
        return;
    }
    const size_t sample = fixed ? 1 : sizeof(float), step = (size_t)(vertical ? others * channels : channels);
    const size_t source_row = (size_t)(vertical ? others : inputs) * (size_t)channels, target_row = (size_t)(vertical ? others : outputs) * (size_t)channels;
    const size_t source_count = (size_t)inputs * (size_t)others * (size_t)channels, count = (size_t)outputs * (size_t)others * (size_t)channels;
    float *const source = random_floats(source_count, -1, 2);
    uint8_t *const bytes = (uint8_t *)source;
    for (size_t i = 0; fixed && i < source_count; i++) bytes[i] = (uint8_t)(random_bits() % 5 == 0 ? random_bits() % 2 * 255 : random_bits());
    uint8_t *const want = calloc(count, sample);
    for (size_t i = 0; i < count; i++) {
        const size_t row = i / target_row, column = i % target_row, output = vertical ? row : column / (size_t)channels;
        const size_t base = vertical ? column : row * source_row + column % (size_t)channels;
        const size_t at = output * (size_t)axis->stride;
        int64_t sum = 1 << 21;
        double weighted = 0;
        for (size_t t = 0; t < (size_t)axis->taps[output]; t++) {
            const size_t from = base + ((size_t)axis->start[output] + t) * step;
            if (fixed) sum += (int64_t)bytes[from] * (axis->high[at + t] * 4096 + axis->low[at + t]);
            else {
                const volatile double product = (double)source[from] * axis->weights[at + t]; // rounded by itself: not fused with the sum
                weighted += product;
            }
        }
        if (fixed) want[i] = clipped(sum);
        else ((float *)(void *)want)[i] = (float)weighted;
    }
    for (size_t i = 0; i <= isa_count; i++) {
        const opsin_isa isa = i < isa_count ? isas[i] : opsin_resize_isa();
        // Beyond AVX2 only what opsin_resize_isa answers is sure to run here: the widest kernels use more than AVX-512 F, BW, DQ, VL.
        if (i < isa_count && isa == OPSIN_ISA_AVX512) continue;
        float *target = output_floats(divided_up(count * sample, sizeof(float)));
        const opsin_resize_pass p = {.axis = axis, .source = source, .source_end = bytes + source_count * sample, .source_stride = source_row * sample,
                                     .target = target, .target_stride = target_row * sample, .rows = vertical ? outputs : others,
                                     .columns = (int32_t)target_row, .channels = channels, .rows_per_task = 2, .isa = isa};
        run(opsin_resize_task(vertical, fixed), &p, divided_up((size_t)p.rows, 2), 0);
        verdict(memcmp(target, want, count * sample) == 0, "image resize %s, %s, %d to %d across %d, %d channels, filter %d, instruction set %d",
                vertical ? "down" : "across", fixed ? "bytes" : "floats", inputs, outputs, others, channels, (int)filter, (int)isa);
    }
    add_to_digest(want, count * sample);
    free(want);
    opsin_resize_axis_destroy(axis);
    release_all();
}

// Floats whose byte is decided by the last bit of the product with 255.
static void conversion(void) {
    enum { around = 9, count = 255 * around };
    float *x = random_floats(count, 0, 1);
    uint8_t want[count], got[count];
    for (int i = 0; i < count; i++) {
        x[i] = ((float)(i / around) + 0.5f) / 255.0f;
        for (int j = 0; j < i % around; j++) x[i] = nextafterf(x[i], j < around / 2 ? 1 : 0);
        const volatile float product = x[i] * 255.0f, sum = product + 0.5f; // each rounded to fp32
        want[i] = (uint8_t)sum;
    }
    const opsin_image_source source = {x, (ptrdiff_t)sizeof(float) * count, OPSIN_PIXELS_GRAYF32, count, 1, 1, 0, 0, count, 1};
    opsin_image_convert(&source, got);
    int wrong = 0;
    while (wrong < count && got[wrong] == want[wrong]) wrong++;
    verdict(wrong == count, "pixel %.9g became %d, expected %d", (double)x[wrong % count], got[wrong % count], want[wrong % count]);
    release_all();
}

void check_images(void) {
    static const int32_t sizes[][2] = {{50, 17}, {17, 50}, {3, 7}, {97, 96}, {200, 13}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (opsin_filter filter = OPSIN_FILTER_BOX; filter <= OPSIN_FILTER_LANCZOS; filter++) {
            for (int kind = 0; kind < 8; kind++) pass(kind & 1, kind & 2, sizes[i][0], sizes[i][1], 9, kind & 4 ? 3 : 1, filter);
        }
    }
    conversion();
    verdict(digest == 0x94bd81768ff6ac7fu, "digest of all resized images: %#llx", (unsigned long long)digest);
}
