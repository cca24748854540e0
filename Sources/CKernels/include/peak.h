// What this machine can do at most, measured: the roofs that reports hold kernels against.
#pragma once
#include "isa.h"

// Floating-point operations a second of `threads` threads at once in fused multiply-adds of fp32. Takes about 10 ms. 0 when threads cannot start.
double opsin_peak_fp32(opsin_isa isa, uint32_t threads);

// The same for VDPBF16PS; 0 where the machine has none.
double opsin_peak_bf16(uint32_t threads);

// The same for products of bytes with 32-bit sums, a multiply-add being two, as `isa` has them best.
double opsin_peak_int8(opsin_isa isa, uint32_t threads);

// Bytes a second that `threads` threads read from memory, over 64 MiB a thread. 0 without memory.
double opsin_peak_read(uint32_t threads);
