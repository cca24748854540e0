#include "activation16.h"
#include "each_isa.h"

OPSIN_INLINE void activate_range(int32_t activation, float slope, const float *x, float *y, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        f32x16 v = FROM16(x + i);
        activate16(activation, slope, &v);
        AT16(y + i) = v;
    }
    if (i < count) {
        f32x16 v;
        load_part(x + i, &v, count - i, 0);
        activate16(activation, slope, &v);
        store_part(y + i, &v, count - i);
    }
}

// Tasks are chunks, so that a range of them is one run of elements.
OPSIN_INLINE void activation(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_activation_arguments a = *(const opsin_activation_arguments *)arguments;
    const size_t begin = first * a.chunk, end = last * a.chunk < a.count ? last * a.chunk : a.count;
    if (begin >= end) return;
#define LOOP(function) activate_range(function, a.slope, a.x + begin, a.y + begin, end - begin)
    FOR_ACTIVATION(a.activation, LOOP)
#undef LOOP
}

OPSIN_EACH_ISA(activation, activation)
