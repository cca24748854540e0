#include <string.h>
#include "include/top_k_gather.h"

// An integer that is larger where the float is: -0 is 0, NaN is above everything.
static uint32_t ordered(float score) {
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return UINT32_MAX;
    if (bits == 0x80000000) bits = 0;
    return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

void opsin_top_k_keys(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_top_k_gather_arguments a = *(const opsin_top_k_gather_arguments *)arguments;
    const size_t strips = (a.tokens + a.strip - 1) / a.strip;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / strips, begin = task % strips * a.strip, end = begin + a.strip < a.tokens ? begin + a.strip : a.tokens;
        for (size_t token = begin; token < end; token++) {
            const float *scores = a.scores + (image * a.tokens + token) * a.classes;
            uint32_t best = 0;
            for (size_t c = a.class_from; c < a.class_to; c++) {
                const uint32_t key = ordered(scores[c]);
                best = key > best ? key : best;
            }
            a.keys[image * a.tokens + token] = best;
        }
    }
}

// Restores the order of a heap whose root, the smallest, was replaced.
static void sift_down(uint64_t *heap, size_t count, size_t at) {
    const uint64_t value = heap[at];
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap[child + 1] < heap[child]) child++;
        if (heap[child] >= value) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

void opsin_top_k_select(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_top_k_gather_arguments a = *(const opsin_top_k_gather_arguments *)arguments;
    for (size_t image = first; image < last; image++) {
        const uint32_t *keys = a.keys + image * a.tokens;
        uint64_t *heap = a.best + image * a.count;
        // All different, and of equal scores the earlier token is the larger.
        for (size_t i = 0; i < a.count; i++) heap[i] = (uint64_t)keys[i] << 32 | (uint32_t)~i;
        for (size_t i = a.count / 2; i > 0; i--) sift_down(heap, a.count, i - 1);
        for (size_t i = a.count; i < a.tokens; i++) {
            const uint64_t value = (uint64_t)keys[i] << 32 | (uint32_t)~i;
            if (value < heap[0]) continue;
            heap[0] = value;
            sift_down(heap, a.count, 0);
        }
        // The smallest goes to the end, again and again.
        for (size_t end = a.count; end > 1; end--) {
            const uint64_t smallest = heap[0];
            heap[0] = heap[end - 1];
            heap[end - 1] = smallest;
            sift_down(heap, end - 1, 0);
        }
    }
}

void opsin_top_k_rows(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_top_k_gather_arguments a = *(const opsin_top_k_gather_arguments *)arguments;
    const size_t strips = (a.count + a.strip - 1) / a.strip;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / strips, begin = task % strips * a.strip, end = begin + a.strip < a.count ? begin + a.strip : a.count;
        const float *rows = a.rows + (a.repeated ? 0 : image * a.tokens * a.length);
        for (size_t i = image * a.count + begin; i < image * a.count + end; i++) {
            memcpy(a.y + i * a.length, rows + (size_t)(uint32_t)~a.best[i] * a.length, a.length * sizeof(float));
        }
    }
}
