#include "jpeg_frame.h"

#include <stdlib.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

typedef int32_t i32x16 __attribute__((ext_vector_type(16)));
typedef uint8_t u8x16 __attribute__((ext_vector_type(16)));
typedef int16_t i16x16 __attribute__((ext_vector_type(16)));
typedef uint16_t u16x16 __attribute__((ext_vector_type(16)));

// Two blocks side by side: a row of each in the halves of a vector.
INLINE void load_row(const int16_t *first, const int16_t *second, uint32_t row, i32x16 *v) {
    i16x16 both;
    memcpy(&both, first + row * 8, 16);
    memcpy((char *)&both + 16, second + row * 8, 16);
    *v = __builtin_convertvector(both, i32x16);
}

INLINE void transpose(i32x16 v[8]) {
    i32x16 a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = __builtin_shufflevector(v[i], v[i + 1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
        a[i + 1] = __builtin_shufflevector(v[i], v[i + 1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
    }
    for (int i = 0; i < 8; i += 4) {
        for (int j = 0; j < 2; j++) {
            b[i + j] = __builtin_shufflevector(a[i + j], a[i + j + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
            b[i + j + 2] = __builtin_shufflevector(a[i + j], a[i + j + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        }
    }
    for (int i = 0; i < 4; i++) {
        v[i] = __builtin_shufflevector(b[i], b[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
        v[i + 4] = __builtin_shufflevector(b[i], b[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
    }
}

// One dimension of the inverse transform of Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 13-bit constants, rounded as libjpeg's jidctint.c has it:
// every output is descaled by `shift` bits.
INLINE void transform8(i32x16 v[8], int shift) {
    const i32x16 half = (i32x16)(1 << (shift - 1));
    const i32x16 z1 = (v[2] + v[6]) * 4433, t2 = z1 - v[6] * 15137, t3 = z1 + v[2] * 6270;
    const i32x16 t0 = (v[0] + v[4]) << 13, t1 = (v[0] - v[4]) << 13;
    const i32x16 even[4] = {t0 + t3 + half, t1 + t2 + half, t1 - t2 + half, t0 - t3 + half};
    const i32x16 a = v[7], b = v[5], c = v[3], d = v[1];
    const i32x16 z5 = (a + c + b + d) * 9633, z3 = z5 - (a + c) * 16069, z4 = z5 - (b + d) * 3196, y1 = (a + d) * -7373, y2 = (b + c) * -20995;
    const i32x16 o0 = a * 2446 + y1 + z3, o1 = b * 16819 + y2 + z4, o2 = c * 25172 + y2 + z3, o3 = d * 12299 + y1 + z4;
    v[0] = (even[0] + o3) >> shift, v[7] = (even[0] - o3) >> shift;
    v[1] = (even[1] + o2) >> shift, v[6] = (even[1] - o2) >> shift;
    v[2] = (even[2] + o1) >> shift, v[5] = (even[2] - o1) >> shift;
    v[3] = (even[3] + o0) >> shift, v[4] = (even[3] - o0) >> shift;
}

// As samples. A macro, since vectors may not be handed to functions that are compiled for several instruction sets.
#define SAMPLES(v) __builtin_convertvector(__builtin_elementwise_min(__builtin_elementwise_max((v), (i32x16)0), (i32x16)255), u8x16)

// Largest sum of a column's numbers. An output of the first pass is at most 4 * 1.39 times its column's sum, and two of them are added in 16 bits.
#define STRONGEST 2950

INLINE bool transform(const uint16_t steps[64], const int16_t *blocks, const uint8_t *extents, uint32_t count, uint8_t *samples, size_t stride) {
    i32x16 step[8], most = 0;
    for (uint32_t y = 0; y < 8; y++) {
        u16x16 both;
        memcpy(&both, steps + y * 8, 16);
        memcpy((char *)&both + 16, steps + y * 8, 16);
        step[y] = __builtin_convertvector(both, i32x16);
    }
    for (uint32_t i = 0; i < count; i += 2, blocks += 128, samples += 16) {
        // An odd one is its own neighbour.
        const uint32_t next = i + 1 < count;
        if (!extents[i] && !extents[i + next]) {
            // All other coefficients are zero: both passes come down to this.
            int32_t flat[2];
            for (int k = 0; k < 2; k++) {
                const int32_t level = blocks[64 * next * (uint32_t)k] * steps[0], v = ((level * 4 + 16) >> 5) + 128;
                if (level > STRONGEST || level < -STRONGEST) return false;
                flat[k] = v < 0 ? 0 : v > 255 ? 255 : v;
            }
            for (size_t y = 0; y < 8; y++) memset(samples + y * stride, flat[0], 8), memset(samples + y * stride + 8, flat[1], 8);
            continue;
        }
        i32x16 v[8];
        i32x16 sum = 0;
        for (uint32_t y = 0; y < 8; y++) {
            load_row(blocks, blocks + 64 * next, y, &v[y]);
            v[y] *= step[y];
            sum += __builtin_elementwise_abs(v[y]);
        }
        most = __builtin_elementwise_max(most, sum);
        transform8(v, 11);
        transpose(v);
        transform8(v, 18);
        transpose(v);
        for (size_t y = 0; y < 8; y++) {
            const u8x16 line = SAMPLES(v[y] + 128);
            memcpy(samples + y * stride, &line, 16);
        }
    }
    for (int i = 0; i < 16; i++) {
        if (most[i] > STRONGEST) return false;
    }
    return true;
}

INLINE void load_sums(const uint16_t *from, u16x16 *v) { memcpy(v, from, 32); }

INLINE void load_samples(const uint8_t *from, u16x16 *v) {
    u8x16 bytes;
    memcpy(&bytes, from, 16);
    *v = __builtin_convertvector(bytes, u16x16);
}

// libjpeg's smooth upsampling: three parts of the nearer and one of the farther sample, rounded up and down in turn. At the edges the nearer one is the
// farther one too. `sums` has room for `count` + 32 numbers.
INLINE const uint8_t *enlarge(const uint8_t *near, const uint8_t *far, uint32_t count, bool down, uint16_t *sums, uint8_t *out) {
    uint16_t *s = sums + 16;
    for (uint32_t i = 0; i < count; i += 16) {
        u16x16 v, other;
        load_samples(near + i, &v);
        load_samples(far + i, &other);
        if (down) v = v * 3 + other;
        memcpy(s + i, &v, 32);
    }
    s[-1] = s[0];
    s[count] = s[count - 1];
    const uint16_t low = down ? 8 : 1, high = down ? 7 : 2, shift = down ? 4 : 2;
    for (uint32_t i = 0; i < count; i += 16) {
        u16x16 v, left, right;
        load_sums(s + i, &v), load_sums(s + i - 1, &left), load_sums(s + i + 1, &right);
        const u8x16 even = __builtin_convertvector((v * 3 + left + low) >> shift, u8x16);
        const u8x16 odd = __builtin_convertvector((v * 3 + right + high) >> shift, u8x16);
        const u8x16 first = __builtin_shufflevector(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const u8x16 second = __builtin_shufflevector(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        memcpy(out + 2 * i, &first, 16);
        memcpy(out + 2 * i + 16, &second, 16);
    }
    return out;
}

// JFIF's colours with 16 bits behind the point, rounded as libjpeg's jdcolor.c has it.
INLINE void colours(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *rgb, uint32_t width) {
    for (uint32_t x = 0; x < width; x += 16, rgb += 48) {
        u8x16 bytes[3];
        memcpy(&bytes[0], y + x, 16), memcpy(&bytes[1], cb + x, 16), memcpy(&bytes[2], cr + x, 16);
        const i32x16 light = __builtin_convertvector(bytes[0], i32x16), b = __builtin_convertvector(bytes[1], i32x16) - 128,
                     r = __builtin_convertvector(bytes[2], i32x16) - 128;
        const u8x16 red = SAMPLES(light + ((r * 91881 + 32768) >> 16));
        const u8x16 green = SAMPLES(light + ((b * -22554 + r * -46802 + 32768) >> 16));
        const u8x16 blue = SAMPLES(light + ((b * 116130 + 32768) >> 16));
        const u8x16 rg0 = __builtin_shufflevector(red, green, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
        const u8x16 rg1 = __builtin_shufflevector(red, green, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
        const u8x16 rg2 = __builtin_shufflevector(red, green, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
        const u8x16 out0 = __builtin_shufflevector(rg0, blue, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15);
        const u8x16 out1 = __builtin_shufflevector(rg1, blue, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15);
        const u8x16 out2 = __builtin_shufflevector(rg2, blue, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31);
        if (x + 16 > width) {
            uint8_t end[48];
            memcpy(end, &out0, 16), memcpy(end + 16, &out1, 16), memcpy(end + 32, &out2, 16);
            memcpy(rgb, end, (size_t)(width - x) * 3);
            break;
        }
        memcpy(rgb, &out0, 16), memcpy(rgb + 16, &out1, 16), memcpy(rgb + 32, &out2, 16);
    }
}

INLINE void row(const jpeg_frame *f, const uint8_t *y, const uint8_t *const near[2], const uint8_t *const far[2], uint8_t *rgb, void *scratch) {
    const uint32_t across = f->components[0].across, down = f->components[0].down, count = (f->width + across - 1) / across;
    const uint8_t *chroma[2] = {near[0], near[1]};
    if (across == 2) {
        uint8_t *lines = scratch;
        uint16_t *sums = (uint16_t *)(void *)(lines + 2 * ((size_t)f->width + 64));
        for (int c = 0; c < 2; c++) {
            uint8_t *out = lines + (size_t)c * (f->width + 64);
            // Constants in each call, for the compiler.
            chroma[c] = down == 2 ? enlarge(near[c], far[c], count, true, sums, out) : enlarge(near[c], far[c], count, false, sums, out);
        }
    }
    colours(y, chroma[0], chroma[1], rgb, f->width);
}

#define VARIANT(name, attribute)                                                                                                                       \
    attribute static bool transform_##name(const uint16_t steps[64], const int16_t *blocks, const uint8_t *extents, uint32_t count, uint8_t *samples,   \
                                           size_t stride) {                                                                                            \
        return transform(steps, blocks, extents, count, samples, stride);                                                                              \
    }                                                                                                                                                  \
    attribute static void row_##name(const jpeg_frame *f, const uint8_t *y, const uint8_t *const near[2], const uint8_t *const far[2], uint8_t *rgb,    \
                                     void *scratch) {                                                                                                  \
        row(f, y, near, far, rgb, scratch);                                                                                                            \
    }

VARIANT(plain, )
#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2"))))
VARIANT(avx512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi"))))
#endif

jpeg_kernels opsin_jpeg_kernels(void) {
#if defined(__x86_64__)
    const char *forced = getenv("OPSIN_CPU_ISA");
    const bool plain = forced && strcmp(forced, "generic") == 0, below512 = plain || (forced && strcmp(forced, "avx2") == 0);
    if (!below512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi"))
        return (jpeg_kernels){transform_avx512, row_avx512};
    if (!plain && __builtin_cpu_supports("avx2")) return (jpeg_kernels){transform_avx2, row_avx2};
#endif
    return (jpeg_kernels){transform_plain, row_plain};
}
