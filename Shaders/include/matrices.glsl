// Matrices of 16 x 16 that a subgroup multiplies together, fp16 with fp32 sums. The including shader has the axis MATRICES: `nv` is GL_NV_cooperative_matrix,
// `khr` the same for VK_KHR_cooperative_matrix, into which the build turns it (ShaderCompiler/CooperativeMatrixKHR.swift; 17 columns mark a right factor there,
// since NV's types do not say which factor they are), `emulated` the same in plain GLSL, so that everything around the matrices is tested on devices without
// them. There a factor is a place in shared memory, which must not change until it was multiplied, and a sum one of the SUMS places of each of SUBGROUPS
// subgroups; each lane has every SUBGROUP-th element.
#ifndef MATRICES_GLSL
#define MATRICES_GLSL
//! shared MATRICES nv khr emulated
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#ifndef MATRICES_EMULATED
#extension GL_KHR_memory_scope_semantics : require
#extension GL_NV_cooperative_matrix : require
#extension GL_KHR_shader_subgroup_basic : require
#define SUBGROUP_ID gl_SubgroupID
#define LANE gl_SubgroupInvocationID
#define MATRIX_A fcoopmatNV<16, gl_ScopeSubgroup, 16, 16>
#ifdef MATRICES_KHR
#define MATRIX_B fcoopmatNV<16, gl_ScopeSubgroup, 16, 17>
#else
#define MATRIX_B fcoopmatNV<16, gl_ScopeSubgroup, 16, 16>
#endif
#define MATRIX_C fcoopmatNV<32, gl_ScopeSubgroup, 16, 16>
#define CLEAR(c, place) c = MATRIX_C(0.0);
#define LOAD(m, from, at, pitch) coopMatLoadNV(m, from, at, pitch, false);
#define LOAD_TRANSPOSED(m, from, at, pitch) coopMatLoadNV(m, from, at, pitch, true);
#define LOAD_SUM(c, place, from, at, pitch) coopMatLoadNV(c, from, at, pitch, false);
#define MULTIPLY_ADD(a, from_a, b, from_b, c) c = coopMatMulAddNV(a, b, c);
#define STORE(c, to, at, pitch) coopMatStoreNV(c, to, at, pitch, false);
#else
#define SUBGROUP_ID (gl_LocalInvocationIndex / SUBGROUP)
#define LANE (gl_LocalInvocationIndex % SUBGROUP)
struct Factor { uint at, row, column; };
shared float emulated_sums[SUBGROUPS * SUMS * 256];
#define MATRIX_A Factor
#define MATRIX_B Factor
#define MATRIX_C uint
#define ELEMENTS for (uint e = LANE; e < 256; e += SUBGROUP)
#define PLACE(c, place) c = (SUBGROUP_ID * SUMS + place) * 256;
#define CLEAR(c, place) { PLACE(c, place) ELEMENTS emulated_sums[c + e] = 0.0; }
#define LOAD(m, from, start, pitch) m = Factor(start, pitch, 1);
#define LOAD_TRANSPOSED(m, from, start, pitch) m = Factor(start, 1, pitch);
#define LOAD_SUM(c, place, from, start, pitch) { PLACE(c, place) ELEMENTS emulated_sums[c + e] = from[(start) + e / 16 * (pitch) + e % 16]; }
#define MULTIPLY_ADD(a, from_a, b, from_b, c) { ELEMENTS { \
    float sum_e = emulated_sums[c + e]; \
    for (uint d = 0; d < 16; d++) sum_e += float(from_a[a.at + e / 16 * a.row + d * a.column]) * float(from_b[b.at + d * b.row + e % 16 * b.column]); \
    emulated_sums[c + e] = sum_e; \
} }
#define STORE(c, to, start, pitch) { ELEMENTS to[(start) + e / 16 * (pitch) + e % 16] = emulated_sums[c + e]; }
#endif
#endif
