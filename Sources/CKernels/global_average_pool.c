#include "include/global_average_pool.h"
#include "each_isa.h"

// Pixels that are summed before the sum is added to the total: rounding grows with the length of a chain of additions.
#define RUN 64

// sum += sixteen channels from element `at` on.
OPSIN_INLINE void add_channels(const void *x, int half, size_t at, f32x16 *sum) {
    f32x16 v;
    load_stored16(x, half, at, &v);
    *sum += v;
}

// The sums of `vectors` (1 or 4) times sixteen channels from `first` on, divided by the number of pixels.
OPSIN_INLINE void channel_means(size_t vectors, int half, const void *x, size_t first, size_t stride, size_t pixels, float *y, size_t count) {
    f32x16 total[4];
    for (size_t j = 0; j < vectors; j++) total[j] = SPLAT(0);
    for (size_t begin = 0; begin < pixels; begin += RUN) {
        const size_t end = begin + RUN < pixels ? begin + RUN : pixels;
        f32x16 even[4], odd[4];
        for (size_t j = 0; j < vectors; j++) even[j] = odd[j] = SPLAT(0);
        size_t p = begin;
        for (; p + 2 <= end; p += 2) {
            for (size_t j = 0; j < vectors; j++) add_channels(x, half, first + p * stride + 16 * j, &even[j]);
            for (size_t j = 0; j < vectors; j++) add_channels(x, half, first + (p + 1) * stride + 16 * j, &odd[j]);
        }
        if (p < end) {
            for (size_t j = 0; j < vectors; j++) add_channels(x, half, first + p * stride + 16 * j, &even[j]);
        }
        for (size_t j = 0; j < vectors; j++) total[j] += even[j] + odd[j];
    }
    for (size_t j = 0; j < vectors; j++) {
        const f32x16 mean = total[j] / (float)pixels;
        if (count >= 16 * (j + 1)) AT16(y + 16 * j) = mean;
        else store_part(y + 16 * j, &mean, count - 16 * j);
    }
}

OPSIN_INLINE void pool_blocks(int half, size_t first, size_t last, const opsin_global_average_pool_arguments a) {
    const size_t block = OPSIN_GLOBAL_AVERAGE_POOL_CHANNELS, blocks = (a.channels + block - 1) / block;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / blocks, begin = task % blocks * block, end = begin + block < a.channels ? begin + block : a.channels;
        const size_t start = image * a.pixels * a.channels;
        float *y = a.y + image * a.channels;
        size_t c = begin;
        if (c + 64 <= end) channel_means(4, half, a.x, start + c, a.channels, a.pixels, y + c, 64), c += 64;
        // Lanes behind the last channel read the next pixel, or what follows the tensor, and are not stored.
        for (; c < end; c += 16) channel_means(1, half, a.x, start + c, a.channels, a.pixels, y + c, end - c);
    }
}

OPSIN_INLINE void global_average_pool(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_global_average_pool_arguments *a = arguments;
    if (a->half_x) pool_blocks(1, first, last, *a);
    else pool_blocks(0, first, last, *a);
}

OPSIN_EACH_ISA(global_average_pool, global_average_pool)
