#include "include/int8.h"
#include "int8_kernels.h"
#include <string.h>

// Channels of a block, and whether taps are interleaved by fours (int8_depthwise_body.h).
static size_t block_of(opsin_int8_kind kind, bool *interleaved) {
    *interleaved = kind >= OPSIN_INT8_AVX2;
    return kind >= OPSIN_INT8_AVX512_VNNI ? 64 : kind >= OPSIN_INT8_AVX2 ? 32 : 16;
}

static size_t block_bytes(opsin_int8_kind kind, const opsin_int8_window *w) {
    bool interleaved;
    const size_t block = block_of(kind, &interleaved);
    if (!interleaved) return block * 8 + (size_t)w->kernel_height * w->kernel_width * block * 2;
    return block * 8 + opsin_int8_depthwise_pair(w) * w->kernel_width * opsin_int8_depthwise_groups(w) * block * 4;
}

size_t opsin_int8_depthwise_blocks(opsin_int8_kind kind, size_t channels) {
    bool interleaved;
    const size_t block = block_of(kind, &interleaved);
    return (channels + block - 1) / block;
}

size_t opsin_int8_depthwise_packed_bytes(opsin_int8_kind kind, const opsin_int8_window *w) {
    return opsin_int8_depthwise_blocks(kind, w->channels) * block_bytes(kind, w);
}

size_t opsin_int8_depthwise_lines(opsin_int8_kind kind, const opsin_int8_window *w) {
    bool interleaved;
    block_of(kind, &interleaved);
    const size_t pair = interleaved ? opsin_int8_depthwise_pair(w) : 1;
    return (size_t)w->images * ((w->output_height + pair - 1) / pair);
}

size_t opsin_int8_depthwise_scratch_bytes(opsin_int8_kind kind, const opsin_int8_depthwise_arguments *q) {
    bool interleaved;
    const size_t block = block_of(kind, &interleaved), fold = opsin_int8_depthwise_fold(block, &q->window);
    return interleaved ? opsin_int8_depthwise_columns(&q->window, fold) * opsin_int8_depthwise_groups(&q->window) * block * 4 : 0;
}

void opsin_int8_depthwise_pack(opsin_int8_kind kind, const opsin_int8_window *w, const opsin_int8_weights *k, void *packed) {
    bool interleaved;
    const size_t block = block_of(kind, &interleaved), bytes = block_bytes(kind, w), vector = block / 4;
    const size_t pair = interleaved ? opsin_int8_depthwise_pair(w) : 0, groups = opsin_int8_depthwise_groups(w);
    const size_t fold = interleaved ? opsin_int8_depthwise_fold(block, w) : 1;
    memset(packed, 0, opsin_int8_depthwise_packed_bytes(kind, w));
    for (size_t at = 0; at < k->outputs * fold; at++) {
        // Pixels of a fold have the same weights.
        const size_t channel = at % k->outputs, c = at % block;
        char *base = (char *)packed + at / block * bytes;
        // Lane by lane of 128 bits, in a lane vector by vector, four channels of each.
        const size_t place = interleaved ? c / 4 % 4 * vector + c / 16 * 4 + c % 4 : c;
        int64_t sum = 0;
        for (size_t tap = 0; tap < k->taps; tap++) {
            const int8_t value = k->data[channel * k->output_stride + tap * k->tap_stride];
            const size_t u = tap / w->kernel_width, v = tap % w->kernel_width;
            sum += value;
            if (!interleaved) ((int16_t *)(void *)(base + block * 8))[tap * block + place] = value;
            // The second row's weights stand one tap lower.
            for (size_t o = 0; o < pair; o++) {
                const size_t group = (u + o) / 4, byte = (u + o) % 4;
                ((int8_t *)base)[block * 8 + ((v * groups + group) * pair + o) * block * 4 + place * 4 + byte] = value;
            }
        }
        ((int32_t *)(void *)base)[place] = (int32_t)(uint32_t)((uint64_t)k->bias[channel] - (uint64_t)(sum * k->zero));
        ((float *)(void *)(base + block * 4))[place] = k->scale[channel];
    }
}

opsin_task_fn opsin_int8_depthwise(opsin_int8_kind kind) {
    switch (kind) {
#if defined(__x86_64__)
    case OPSIN_INT8_AMX:
    case OPSIN_INT8_AVX512_VNNI: return int8_depthwise_avx512_vnni;
    case OPSIN_INT8_AVX_VNNI: return int8_depthwise_avx_vnni;
    case OPSIN_INT8_AVX2: return int8_depthwise_avx2;
#elif defined(__aarch64__)
    case OPSIN_INT8_NEON_DOT: return int8_depthwise_neon_dot;
    case OPSIN_INT8_NEON: return int8_depthwise_neon;
#endif
    default: return int8_depthwise_generic;
    }
}
