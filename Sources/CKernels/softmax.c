#include "include/softmax.h"
#include "each_isa.h"
#include "softmax_row.h"

OPSIN_INLINE void softmax(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_softmax_arguments a = *(const opsin_softmax_arguments *)arguments;
    const size_t end = last * a.strip < a.rows ? last * a.strip : a.rows;
    for (size_t row = first * a.strip; row < end; row++) softmax_row(a.x + row * a.channels, a.y + row * a.channels, a.channels);
}

OPSIN_EACH_ISA(softmax, softmax)
