#include "broadcast16.h"

OPSIN_INLINE void multiply(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_broadcast_arguments g = *(const opsin_broadcast_arguments *)arguments;
#define MULTIPLY(half_a, half_y) broadcast_rows((broadcast_kind){1, OPSIN_ACTIVATION_IDENTITY, half_a, half_y}, &g, first, last)
    if (g.half_a && g.half_y) MULTIPLY(1, 1);
    else if (g.half_a) MULTIPLY(1, 0);
    else if (g.half_y) MULTIPLY(0, 1);
    else MULTIPLY(0, 0);
#undef MULTIPLY
}

OPSIN_EACH_ISA(multiply, multiply)
