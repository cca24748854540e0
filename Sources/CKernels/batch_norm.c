#include "include/batch_norm.h"
#include "each_isa.h"

OPSIN_INLINE void batch_norm(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_batch_norm_arguments a = *(const opsin_batch_norm_arguments *)arguments;
    const size_t end = last * a.strip < a.rows ? last * a.strip : a.rows, whole = a.channels / 16 * 16;
    for (size_t row = first * a.strip; row < end; row++) {
        const float *x = a.x + row * a.channels;
        float *y = a.y + row * a.channels;
        for (size_t c = 0; c < whole; c += 16) AT16(y + c) = FROM16(x + c) * FROM16(a.scale + c) + FROM16(a.shift + c);
        if (whole == a.channels) continue;
        const f32x16 v = FROM16(x + whole) * FROM16(a.scale + whole) + FROM16(a.shift + whole);
        store_part(y + whole, &v, a.channels - whole);
    }
}

OPSIN_EACH_ISA(batch_norm, batch_norm)
