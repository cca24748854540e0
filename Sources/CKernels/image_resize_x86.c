#include "image_resize_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vnni")))

static void put3(uint8_t *to, uint32_t rgb) {
    memcpy(to, &rgb, 2);
    to[2] = (uint8_t)(rgb >> 16);
}

// Four taps of RGB at a time: lanes are (r, g, b, -) of taps 0 and 1, then of taps 2 and 3; each 16-bit pair meets a pair of coefficients.
// A coefficient is high * 4096 + low because the exact 22-bit product needs more than the 16 bits that a pairwise multiply takes.
AVX2 void opsin_resize_horizontal_rgb_avx2(const opsin_resize_pass *p, const uint8_t *const rows[4], uint8_t *const to[4], int32_t count) {
    const opsin_resize_axis *axis = p->axis;
    const __m256i pick = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    const __m256i spread = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    const __m128i half = _mm_set1_epi32(OPSIN_RESIZE_HALF);
    for (int32_t x = 0; x < axis->count; x++) {
        const size_t at = (size_t)(axis->start[x] - p->source_origin) * 3;
        const int16_t *high = axis->high + (size_t)x * (size_t)axis->stride, *low = axis->low + (size_t)x * (size_t)axis->stride;
        __m256i h[4], l[4];
        for (int r = 0; r < 4; r++) h[r] = l[r] = _mm256_setzero_si256();
        for (int32_t t = 0; t < axis->taps[x]; t += 4) {
            const __m256i ch = _mm256_permutevar8x32_epi32(_mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(high + t))), spread);
            const __m256i cl = _mm256_permutevar8x32_epi32(_mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(low + t))), spread);
            for (int r = 0; r < 4; r++) {
                const __m128i bytes = _mm_loadu_si128((const __m128i *)(rows[r] + at + (size_t)t * 3));
                const __m256i pairs = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), pick);
                h[r] = _mm256_add_epi32(h[r], _mm256_madd_epi16(pairs, ch));
                l[r] = _mm256_add_epi32(l[r], _mm256_madd_epi16(pairs, cl));
            }
        }
        for (int r = 0; r < count; r++) {
            const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(h[r], 12), l[r]);
            __m128i v = _mm_add_epi32(_mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1)), half);
            v = _mm_srai_epi32(v, OPSIN_RESIZE_PRECISION);
            v = _mm_packus_epi16(_mm_packs_epi32(v, v), v);
            put3(to[r] + (size_t)x * 3, (uint32_t)_mm_cvtsi128_si32(v));
        }
    }
}

// Sixteen taps of gray at a time.
AVX2 void opsin_resize_horizontal_gray_avx2(const opsin_resize_pass *p, const uint8_t *const rows[4], uint8_t *const to[4], int32_t count) {
    const opsin_resize_axis *axis = p->axis;
    for (int32_t x = 0; x < axis->count; x++) {
        const size_t at = (size_t)(axis->start[x] - p->source_origin);
        const int16_t *high = axis->high + (size_t)x * (size_t)axis->stride, *low = axis->low + (size_t)x * (size_t)axis->stride;
        __m256i h[4], l[4];
        for (int r = 0; r < 4; r++) h[r] = l[r] = _mm256_setzero_si256();
        for (int32_t t = 0; t < axis->taps[x]; t += 16) {
            const __m256i ch = _mm256_loadu_si256((const __m256i *)(high + t)), cl = _mm256_loadu_si256((const __m256i *)(low + t));
            for (int r = 0; r < 4; r++) {
                const __m256i samples = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(rows[r] + at + (size_t)t)));
                h[r] = _mm256_add_epi32(h[r], _mm256_madd_epi16(samples, ch));
                l[r] = _mm256_add_epi32(l[r], _mm256_madd_epi16(samples, cl));
            }
        }
        for (int r = 0; r < count; r++) {
            const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(h[r], 12), l[r]);
            __m128i v = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
            v = _mm_add_epi32(v, _mm_shuffle_epi32(v, 0x4E));
            v = _mm_add_epi32(v, _mm_shuffle_epi32(v, 0xB1));
            to[r][x] = opsin_resize_clip(_mm_cvtsi128_si32(v) + OPSIN_RESIZE_HALF);
        }
    }
}

// Two rows and 32 samples at a time; the two unpacks leave each lane in an order that the two packs undo.
AVX2 void opsin_resize_vertical_row_avx2(const opsin_resize_pass *p, int32_t y) {
    const opsin_resize_axis *axis = p->axis;
    const int32_t *high = (const int32_t *)(const void *)(axis->high + (size_t)y * (size_t)axis->stride);
    const int32_t *low = (const int32_t *)(const void *)(axis->low + (size_t)y * (size_t)axis->stride);
    const uint8_t *from = (const uint8_t *)p->source + (size_t)(axis->start[y] - p->source_origin) * p->source_stride;
    uint8_t *to = (uint8_t *)p->target + (size_t)y * p->target_stride;
    const int32_t taps = axis->taps[y];
    const __m256i zero = _mm256_setzero_si256(), half = _mm256_set1_epi32(OPSIN_RESIZE_HALF);
    int32_t column = 0;
    for (; column + 32 <= p->columns; column += 32) {
        __m256i h[4], l[4];
        for (int i = 0; i < 4; i++) h[i] = l[i] = zero;
        for (int32_t t = 0; t < taps; t += 2) {
            const uint8_t *row = from + (size_t)t * p->source_stride + (size_t)column;
            const __m256i a = _mm256_loadu_si256((const __m256i *)row);
            const __m256i b = t + 1 < taps ? _mm256_loadu_si256((const __m256i *)(row + p->source_stride)) : zero;
            const __m256i ch = _mm256_set1_epi32(high[t / 2]), cl = _mm256_set1_epi32(low[t / 2]);
            const __m256i near = _mm256_unpacklo_epi8(a, b), far = _mm256_unpackhi_epi8(a, b);
            const __m256i pairs[4] = {_mm256_unpacklo_epi8(near, zero), _mm256_unpackhi_epi8(near, zero), _mm256_unpacklo_epi8(far, zero),
                                      _mm256_unpackhi_epi8(far, zero)};
            for (int i = 0; i < 4; i++) {
                h[i] = _mm256_add_epi32(h[i], _mm256_madd_epi16(pairs[i], ch));
                l[i] = _mm256_add_epi32(l[i], _mm256_madd_epi16(pairs[i], cl));
            }
        }
        for (int i = 0; i < 4; i++) h[i] = _mm256_add_epi32(_mm256_add_epi32(_mm256_slli_epi32(h[i], 12), l[i]), half);
        for (int i = 0; i < 4; i++) h[i] = _mm256_srai_epi32(h[i], OPSIN_RESIZE_PRECISION);
        const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(h[0], h[1]), _mm256_packs_epi32(h[2], h[3]));
        _mm256_storeu_si256((__m256i *)(to + column), bytes);
    }
    opsin_resize_vertical_row(p, y, column);
}

// As the AVX2 one with four taps to a 32-bit lane: three signed digits of base 256 make the coefficient, three VPDPBUSD the exact sum.
AVX512 void opsin_resize_horizontal_rgb_avx512(const opsin_resize_pass *p, const uint8_t *const rows[4], uint8_t *const to[4], int32_t count) {
    const opsin_resize_axis *axis = p->axis;
    const size_t plane = (size_t)axis->count * (size_t)axis->stride;
    // Byte i of lane group g, channel c: sample 12 * g + 3 * i + c; the fourth channel repeats the first and is thrown away.
    const __m512i pick = _mm512_set_epi32(0x2D2A2724, 0x2F2C2926, 0x2E2B2825, 0x2D2A2724, 0x211E1B18, 0x23201D1A, 0x221F1C19, 0x211E1B18, //
                                          0x15120F0C, 0x1714110E, 0x1613100D, 0x15120F0C, 0x09060300, 0x0B080502, 0x0A070401, 0x09060300);
    const __m512i spread = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    const __m128i half = _mm_set1_epi32(OPSIN_RESIZE_HALF);
    for (int32_t x = 0; x < axis->count; x++) {
        const size_t at = (size_t)(axis->start[x] - p->source_origin) * 3;
        const int8_t *digits = axis->digits + (size_t)x * (size_t)axis->stride;
        __m512i s0[4], s1[4], s2[4];
        for (int r = 0; r < 4; r++) s0[r] = s1[r] = s2[r] = _mm512_setzero_si512();
        const int32_t taps = axis->taps[x];
        int32_t t = 0;
        for (; t + 8 < taps; t += 16) {
            const __m512i c0 = _mm512_permutexvar_epi32(spread, _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(digits + t))));
            const __m512i c1 = _mm512_permutexvar_epi32(spread, _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(digits + plane + t))));
            const __m512i c2 = _mm512_permutexvar_epi32(spread, _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(digits + 2 * plane + t))));
            for (int r = 0; r < 4; r++) {
                const __m512i bytes = _mm512_permutexvar_epi8(pick, _mm512_loadu_si512(rows[r] + at + (size_t)t * 3));
                s0[r] = _mm512_dpbusd_epi32(s0[r], bytes, c0);
                s1[r] = _mm512_dpbusd_epi32(s1[r], bytes, c1);
                s2[r] = _mm512_dpbusd_epi32(s2[r], bytes, c2);
            }
        }
        __m256i n0[4], n1[4], n2[4];
        for (int r = 0; r < 4; r++) {
            n0[r] = _mm256_add_epi32(_mm512_castsi512_si256(s0[r]), _mm512_extracti64x4_epi64(s0[r], 1));
            n1[r] = _mm256_add_epi32(_mm512_castsi512_si256(s1[r]), _mm512_extracti64x4_epi64(s1[r], 1));
            n2[r] = _mm256_add_epi32(_mm512_castsi512_si256(s2[r]), _mm512_extracti64x4_epi64(s2[r], 1));
        }
        if (t < taps) {
            const __m256i near = _mm512_castsi512_si256(spread), pick8 = _mm512_castsi512_si256(pick);
            const __m256i c0 = _mm256_permutexvar_epi32(near, _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(digits + t))));
            const __m256i c1 = _mm256_permutexvar_epi32(near, _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(digits + plane + t))));
            const __m256i c2 = _mm256_permutexvar_epi32(near, _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(digits + 2 * plane + t))));
            for (int r = 0; r < 4; r++) {
                const __m256i bytes = _mm256_permutexvar_epi8(pick8, _mm256_loadu_si256((const __m256i *)(rows[r] + at + (size_t)t * 3)));
                n0[r] = _mm256_dpbusd_epi32(n0[r], bytes, c0);
                n1[r] = _mm256_dpbusd_epi32(n1[r], bytes, c1);
                n2[r] = _mm256_dpbusd_epi32(n2[r], bytes, c2);
            }
        }
        for (int r = 0; r < count; r++) {
            const __m256i sum = _mm256_add_epi32(_mm256_add_epi32(_mm256_slli_epi32(n2[r], 16), _mm256_slli_epi32(n1[r], 8)), n0[r]);
            __m128i v = _mm_add_epi32(_mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1)), half);
            v = _mm_srai_epi32(v, OPSIN_RESIZE_PRECISION);
            v = _mm_packus_epi16(_mm_packs_epi32(v, v), v);
            put3(to[r] + (size_t)x * 3, (uint32_t)_mm_cvtsi128_si32(v));
        }
    }
}

AVX512 static __m512i load_row(const uint8_t *row, size_t stride, int32_t t, int32_t taps, __mmask64 columns) {
    return t < taps ? _mm512_maskz_loadu_epi8(columns, row + (size_t)t * stride) : _mm512_setzero_si512();
}

AVX512 void opsin_resize_vertical_row_avx512(const opsin_resize_pass *p, int32_t y) {
    const opsin_resize_axis *axis = p->axis;
    const size_t plane = (size_t)axis->count * (size_t)axis->stride, at = (size_t)y * (size_t)axis->stride;
    const uint8_t *from = (const uint8_t *)p->source + (size_t)(axis->start[y] - p->source_origin) * p->source_stride;
    uint8_t *to = (uint8_t *)p->target + (size_t)y * p->target_stride;
    const int32_t taps = axis->taps[y];
    const __m512i half = _mm512_set1_epi32(OPSIN_RESIZE_HALF);
    for (int32_t column = 0; column < p->columns; column += 64) {
        const __mmask64 mask = p->columns - column >= 64 ? ~0ull : (1ull << (p->columns - column)) - 1;
        __m512i s0[4], s1[4], s2[4];
        for (int i = 0; i < 4; i++) s0[i] = s1[i] = s2[i] = _mm512_setzero_si512();
        for (int32_t t = 0; t < taps; t += 4) {
            const uint8_t *row = from + (size_t)column;
            const __m512i a = load_row(row, p->source_stride, t, taps, mask), b = load_row(row, p->source_stride, t + 1, taps, mask);
            const __m512i c = load_row(row, p->source_stride, t + 2, taps, mask), d = load_row(row, p->source_stride, t + 3, taps, mask);
            const __m512i ab = _mm512_unpacklo_epi8(a, b), cd = _mm512_unpacklo_epi8(c, d);
            const __m512i AB = _mm512_unpackhi_epi8(a, b), CD = _mm512_unpackhi_epi8(c, d);
            const __m512i quads[4] = {_mm512_unpacklo_epi16(ab, cd), _mm512_unpackhi_epi16(ab, cd), _mm512_unpacklo_epi16(AB, CD),
                                      _mm512_unpackhi_epi16(AB, CD)};
            int32_t d0, d1, d2;
            memcpy(&d0, axis->digits + at + (size_t)t, 4);
            memcpy(&d1, axis->digits + plane + at + (size_t)t, 4);
            memcpy(&d2, axis->digits + 2 * plane + at + (size_t)t, 4);
            const __m512i c0 = _mm512_set1_epi32(d0), c1 = _mm512_set1_epi32(d1), c2 = _mm512_set1_epi32(d2);
            for (int i = 0; i < 4; i++) {
                s0[i] = _mm512_dpbusd_epi32(s0[i], quads[i], c0);
                s1[i] = _mm512_dpbusd_epi32(s1[i], quads[i], c1);
                s2[i] = _mm512_dpbusd_epi32(s2[i], quads[i], c2);
            }
        }
        for (int i = 0; i < 4; i++) {
            const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(_mm512_slli_epi32(s2[i], 16), _mm512_slli_epi32(s1[i], 8)), _mm512_add_epi32(s0[i], half));
            s0[i] = _mm512_srai_epi32(sum, OPSIN_RESIZE_PRECISION);
        }
        const __m512i bytes = _mm512_packus_epi16(_mm512_packs_epi32(s0[0], s0[1]), _mm512_packs_epi32(s0[2], s0[3]));
        _mm512_mask_storeu_epi8(to + column, mask, bytes);
    }
}
#endif
