#include "include/group_norm.h"
#include "each_isa.h"

// Mean and sum of squares around it of sixteen channels over `pixels` pixels.
OPSIN_INLINE void strip_sums(const float *x, size_t stride, size_t pixels, f32x16 *mean, f32x16 *squares) {
    f32x16 sum[2] = {SPLAT(0), SPLAT(0)};
    const f32x16 start = FROM16(x);
    for (size_t p = 0; p < pixels; p++) sum[p & 1] += FROM16(x + p * stride) - start;
    const f32x16 m = start + (sum[0] + sum[1]) / (float)pixels;
    sum[0] = sum[1] = SPLAT(0);
    for (size_t p = 0; p < pixels; p++) {
        const f32x16 v = FROM16(x + p * stride) - m;
        sum[p & 1] = v * v + sum[p & 1];
    }
    *mean = m;
    *squares = sum[0] + sum[1];
}

OPSIN_INLINE void group_norm_sums(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_group_norm_arguments a = *(const opsin_group_norm_arguments *)arguments;
    const size_t strips = (a.pixels + a.strip - 1) / a.strip, padded = (a.channels + 15) / 16 * 16;
    for (size_t task = first; task < last; task++) {
        const size_t begin = task % strips * a.strip, rest = a.pixels - begin;
        const float *x = a.x + (task / strips * a.pixels + begin) * a.channels;
        float *sums = a.sums + task * 2 * padded;
        // Lanes behind the last channel read the next pixel (or what follows the tensor) and are never used.
        for (size_t c = 0; c < a.channels; c += 16) {
            f32x16 mean, squares;
            strip_sums(x + c, a.channels, rest < a.strip ? rest : a.strip, &mean, &squares);
            AT16(sums + c) = mean;
            AT16(sums + padded + c) = squares;
        }
    }
}

// Joins channels and strips (Chan, Golub, LeVeque 1979) in double: squares around the common mean are the squares around each part's mean plus
// the part's size times the squared distance of the means.
OPSIN_INLINE void group_norm_affine(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_group_norm_arguments a = *(const opsin_group_norm_arguments *)arguments;
    const size_t strips = (a.pixels + a.strip - 1) / a.strip, padded = (a.channels + 15) / 16 * 16, width = a.channels / a.groups;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / a.groups, begin = task % a.groups * width;
        const float *sums = a.sums + image * strips * 2 * padded;
        const double count = (double)a.pixels * (double)width;
        double mean = 0, squares = 0;
        for (size_t s = 0; s < strips; s++) {
            const size_t rest = a.pixels - s * a.strip;
            const double size = (double)(rest < a.strip ? rest : a.strip);
            for (size_t c = begin; c < begin + width; c++) mean += size / count * sums[s * 2 * padded + c];
        }
        for (size_t s = 0; s < strips; s++) {
            const size_t rest = a.pixels - s * a.strip;
            const double size = (double)(rest < a.strip ? rest : a.strip);
            for (size_t c = begin; c < begin + width; c++) {
                const double distance = sums[s * 2 * padded + c] - mean;
                squares += sums[(s * 2 + 1) * padded + c] + size * distance * distance;
            }
        }
        const float factor = (float)(1.0 / sqrt(squares / count + a.epsilon));
        float *affine = a.affine + image * 2 * padded;
        for (size_t c = begin; c < begin + width; c++) {
            affine[c] = (float)mean;
            affine[padded + c] = factor;
        }
    }
}

OPSIN_INLINE void group_norm_apply(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_group_norm_arguments a = *(const opsin_group_norm_arguments *)arguments;
    const size_t strips = (a.pixels + a.strip - 1) / a.strip, padded = (a.channels + 15) / 16 * 16;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / strips, begin = task % strips * a.strip, rest = a.pixels - begin;
        const float *mean = a.affine + image * 2 * padded, *factor = mean + padded;
        const size_t offset = (image * a.pixels + begin) * a.channels;
        for (size_t p = 0; p < (rest < a.strip ? rest : a.strip); p++) {
            const float *x = a.x + offset + p * a.channels;
            float *y = a.y + offset + p * a.channels;
            size_t c = 0;
            for (; c + 16 <= a.channels; c += 16) {
                AT16(y + c) = (FROM16(x + c) - FROM16(mean + c)) * (FROM16(factor + c) * FROM16(a.weight + c)) + FROM16(a.bias + c);
            }
            if (c == a.channels) continue;
            const f32x16 v = (FROM16(x + c) - FROM16(mean + c)) * (FROM16(factor + c) * FROM16(a.weight + c)) + FROM16(a.bias + c);
            store_part(y + c, &v, a.channels - c);
        }
    }
}

OPSIN_EACH_ISA(group_norm_sums, group_norm_sums)
OPSIN_EACH_ISA(group_norm_affine, group_norm_affine)
OPSIN_EACH_ISA(group_norm_apply, group_norm_apply)
