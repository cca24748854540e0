#include "include/int8.h"
#include "int8_kernels.h"
#include <string.h>

// Channels of a block, and whether taps are interleaved by fours (int8_depthwise_body.h).
static size_t block_of(opsin_int8_kind kind, bool *interleaved) {
    *interleaved = kind >= OPSIN_INT8_AVX2;
    return kind >= OPSIN_INT8_AVX512_VNNI ? 64 : kind >= OPSIN_INT8_AVX2 ? 32 : 16;
}

uint32_t opsin_int8_depthwise_pair(opsin_int8_kind kind, const opsin_int8_window *w) {
    if (kind < OPSIN_INT8_AVX2) return 0;
    return w->stride_x == 1 && w->dilation_x == 1 ? 2 : 1;
}

static size_t block_bytes(opsin_int8_kind kind, const opsin_int8_window *w) {
    bool interleaved;
    const size_t block = block_of(kind, &interleaved), pair = opsin_int8_depthwise_pair(kind, w);
    if (!interleaved) return block * 8 + (size_t)w->kernel_height * w->kernel_width * block * 2;
    const size_t groups = (w->kernel_width + pair - 1 + 3) / 4;
    return block * 8 + pair * w->kernel_height * groups * block * 4;
}

size_t opsin_int8_depthwise_blocks(opsin_int8_kind kind, size_t channels) {
    bool interleaved;
    const size_t block = block_of(kind, &interleaved);
    return (channels + block - 1) / block;
}

size_t opsin_int8_depthwise_packed_bytes(opsin_int8_kind kind, const opsin_int8_window *w) {
    return opsin_int8_depthwise_blocks(kind, w->channels) * block_bytes(kind, w);
}

size_t opsin_int8_depthwise_scratch_bytes(opsin_int8_kind kind, const opsin_int8_depthwise_arguments *q) {
    const size_t pair = opsin_int8_depthwise_pair(kind, &q->window);
    return pair ? q->window.kernel_height * ((q->window.kernel_width + pair - 1 + 3) / 4) * 4 * sizeof(void *) : 0;
}

void opsin_int8_depthwise_pack(opsin_int8_kind kind, const opsin_int8_window *w, const opsin_int8_weights *k, void *packed) {
    bool interleaved;
    const size_t block = block_of(kind, &interleaved), pair = opsin_int8_depthwise_pair(kind, w), bytes = block_bytes(kind, w);
    const size_t groups = interleaved ? (w->kernel_width + pair - 1 + 3) / 4 : 0, vector = block / 4;
    memset(packed, 0, opsin_int8_depthwise_packed_bytes(kind, w));
    for (size_t channel = 0; channel < k->outputs; channel++) {
        char *base = (char *)packed + channel / block * bytes;
        // Lane by lane of 128 bits, in a lane vector by vector, four channels of each.
        const size_t c = channel % block, place = interleaved ? c / 4 % 4 * vector + c / 16 * 4 + c % 4 : c;
        int64_t sum = 0;
        for (size_t tap = 0; tap < k->taps; tap++) {
            const int8_t value = k->data[channel * k->output_stride + tap * k->tap_stride];
            const size_t u = tap / w->kernel_width, v = tap % w->kernel_width;
            sum += value;
            if (!interleaved) ((int16_t *)(void *)(base + block * 8))[tap * block + place] = value;
            // The second output's weights stand one tap further.
            for (size_t o = 0; o < pair; o++) {
                const size_t group = (v + o) / 4, byte = (v + o) % 4;
                ((int8_t *)base)[block * 8 + ((o * w->kernel_height + u) * groups + group) * block * 4 + place * 4 + byte] = value;
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
