#include "broadcast16.h"

OPSIN_INLINE void add(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_broadcast_arguments g = *(const opsin_broadcast_arguments *)arguments;
#define LOOP(function) broadcast_rows((broadcast_kind){.activation = function}, &g, first, last)
    FOR_ACTIVATION(g.activation, LOOP)
#undef LOOP
}

OPSIN_EACH_ISA(add, add)
