#include "pool2d16.h"

OPSIN_INLINE void max_pool2d(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_pool2d_arguments a = *(const opsin_pool2d_arguments *)arguments;
    pool_rows(1, &a, first, last);
}

OPSIN_EACH_ISA(max_pool2d, max_pool2d)
