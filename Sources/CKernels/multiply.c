#include "broadcast16.h"

OPSIN_INLINE void multiply(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_broadcast_arguments g = *(const opsin_broadcast_arguments *)arguments;
    broadcast_rows(1, OPSIN_ACTIVATION_IDENTITY, &g, first, last);
}

OPSIN_EACH_ISA(multiply, multiply)
