// Which instruction sets the kernels are built for, and which of them this machine has.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// Ordered: a larger one is preferred. Values are stable within a build only.
typedef enum {
    OPSIN_ISA_GENERIC = 0, // plain vectors, whatever the compiler's baseline has
    OPSIN_ISA_NEON = 1,    // AArch64 Advanced SIMD
    OPSIN_ISA_AVX2 = 2,    // AVX2 + FMA + F16C
    OPSIN_ISA_AVX512 = 3,  // AVX-512 F, BW, DQ, VL + FMA
} opsin_isa;

typedef struct {
    bool generic, neon, avx2, avx512; // can run here
    bool avx512_bf16;                 // VDPBF16PS
    bool amx_bf16;                    // AMX tiles with bf16, usable (the kernel granted the tile state)
    bool avx_vnni, avx512_vnni;       // VPDPBUSD on 256 and on 512 bits
    bool amx_int8;                    // AMX tiles with bytes, usable as above
    bool neon_dot;                    // SDOT
} opsin_cpu_features;

// What this machine has; asked once, then remembered. Any thread.
opsin_cpu_features opsin_cpu_detect(void);

// Physical cores that this process may keep busy: its affinity, and the CPU limits of its control groups. At least 1. Reads /sys: not for a hot path.
uint32_t opsin_cpu_available(void);
