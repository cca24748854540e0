#include "include/int8.h"
#include "int8_kernels.h"
#include <pthread.h>

#if defined(__x86_64__)
static bool tiles_work;
static pthread_once_t tiles_tried = PTHREAD_ONCE_INIT;
static void try_tiles(void) { tiles_work = opsin_int8_amx_works(); }
#endif

bool opsin_int8_available(opsin_int8_kind kind) {
    const opsin_cpu_features here = opsin_cpu_detect();
    switch (kind) {
    case OPSIN_INT8_GENERIC: return true;
    case OPSIN_INT8_NEON: return here.neon;
    case OPSIN_INT8_NEON_DOT: return here.neon_dot;
    case OPSIN_INT8_AVX2: return here.avx2;
    case OPSIN_INT8_AVX_VNNI: return here.avx_vnni;
    case OPSIN_INT8_AVX512_VNNI: return here.avx512_vnni;
    case OPSIN_INT8_AMX:
#if defined(__x86_64__)
        if (here.amx_int8) pthread_once(&tiles_tried, try_tiles);
        return here.amx_int8 && tiles_work;
#else
        return false;
#endif
    }
    return false;
}

opsin_int8_kind opsin_int8_best(opsin_isa isa) {
    static const opsin_int8_kind of_avx512[] = {OPSIN_INT8_AMX, OPSIN_INT8_AVX512_VNNI, OPSIN_INT8_AVX_VNNI, OPSIN_INT8_AVX2};
    const opsin_int8_kind *kinds = of_avx512;
    switch (isa) {
    case OPSIN_ISA_AVX512: break;
    case OPSIN_ISA_AVX2: kinds = of_avx512 + 2; break;
    case OPSIN_ISA_NEON: return opsin_int8_available(OPSIN_INT8_NEON_DOT) ? OPSIN_INT8_NEON_DOT : OPSIN_INT8_NEON;
    default: return OPSIN_INT8_GENERIC;
    }
    while (*kinds != OPSIN_INT8_AVX2 && !opsin_int8_available(*kinds)) kinds++;
    return *kinds;
}

const char *opsin_int8_name(opsin_int8_kind kind) {
    static const char *const names[] = {"generic", "neon", "neon_dot", "avx2", "avx_vnni", "avx512_vnni", "amx_int8"};
    return names[kind];
}
