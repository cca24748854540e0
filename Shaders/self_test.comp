#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   FEATURE fp16 int8 subgroups coopmat shared_sizes coopmat_khr
//! const  0 LOCAL 64
#ifdef FEATURE_FP16
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif
#ifdef FEATURE_INT8
#extension GL_EXT_shader_8bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#endif
#ifdef FEATURE_SUBGROUPS
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_vote : require
#define REDUCTION_SUBGROUPS 1
#endif
#if defined(FEATURE_COOPMAT) || defined(FEATURE_COOPMAT_KHR)
#define MATRICES
#pragma use_vulkan_memory_model
#extension GL_KHR_memory_scope_semantics : require
#extension GL_NV_cooperative_matrix : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif

// One small computation with each optional feature, whose result the host knows. Drivers have listed features that compute wrong numbers.
layout(local_size_x_id = 0) in;

#ifdef FEATURE_FP16
// y = x / 2 + 1 in fp32 from fp16 storage, and back to fp16.
layout(std430, binding = 0) readonly buffer X { float16_t x[]; };
layout(std430, binding = 1) writeonly buffer Y { float16_t y[]; };
void main() {
    const uint i = gl_GlobalInvocationID.x;
    y[i] = float16_t(float(x[i]) * 0.5 + 1.0);
}
#endif

#ifdef FEATURE_INT8
// y = 3 * x - 1, wrapped to 8 bits.
layout(std430, binding = 0) readonly buffer X { int8_t x[]; };
layout(std430, binding = 1) writeonly buffer Y { int8_t y[]; };
void main() {
    const uint i = gl_GlobalInvocationID.x;
    y[i] = int8_t(int8_t(3) * x[i] - int8_t(1));
}
#endif

#ifdef FEATURE_SUBGROUPS
// y = 1 where the subgroup's sum and shuffle agree with the same through shared memory, and the workgroup's sum and maximum with those of one thread.
layout(std430, binding = 0) readonly buffer X { uint x[]; };
layout(std430, binding = 1) writeonly buffer Y { uint y[]; };
layout(constant_id = 0) const uint LOCAL = 64;
#include "workgroup.glsl"
shared uint lanes[128];
void main() {
    const uint i = gl_GlobalInvocationID.x, first = gl_SubgroupID * gl_SubgroupSize, partner = gl_SubgroupInvocationID ^ 1;
    lanes[gl_LocalInvocationIndex] = 0;
    lanes[gl_LocalInvocationIndex + 64] = 0;
    barrier();
    lanes[min(first + gl_SubgroupInvocationID, 127)] = x[i];
    barrier();
    uint sum = 0;
    for (uint lane = 0; lane < gl_SubgroupSize; lane++) sum += lanes[min(first + lane, 127)];
    const uint other = subgroupShuffle(x[i], partner);
    const bool agree = subgroupAdd(x[i]) == sum && (partner >= gl_SubgroupSize || other == lanes[min(first + partner, 127)]);
    uint all = 0, largest = 0;
    for (uint e = 0; e < LOCAL; e++) {
        all += x[e];
        largest = max(largest, x[e]);
    }
    const bool reduce = workgroup_sum(float(x[i])) == float(all) && workgroup_max(float(x[i])) == float(largest);
    y[i] = agree && reduce ? 1 : 0;
}
#endif

#ifdef FEATURE_SHARED_SIZES
// y[i] = x[63 - i] + y[i - 1] of the round before, through two arrays whose sizes are constants: one that lies over the other shows.
layout(std430, binding = 0) readonly buffer X { uint x[]; };
layout(std430, binding = 1) writeonly buffer Y { uint y[]; };
layout(constant_id = 0) const uint LOCAL = 1;
shared uint turned[LOCAL];
shared uvec4 wide[LOCAL + 3];
void main() {
    const uint i = gl_LocalInvocationIndex;
    turned[LOCAL - 1 - i] = x[i];
    wide[i + 3] = uvec4(i, 2 * i, 3 * i, 4 * i);
    barrier();
    y[i] = turned[i] + wide[(i + 1) % LOCAL + 3].w;
}
#endif

#ifdef MATRICES
// Four times y = a * b, 16 x 16 each, fp16 with fp32 sums, by as many subgroups; a is x[0..<256], b the rest. A driver whose subgroups have fewer or more lanes
// than it says makes another number of them, and nothing is stored: the kernels count on four.
#ifdef FEATURE_COOPMAT_KHR
#define RIGHT_COLUMNS 17  // matrices.glsl says why
#else
#define RIGHT_COLUMNS 16
#endif
layout(std430, binding = 0) readonly buffer X { float16_t x[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
void main() {
    if (gl_NumSubgroups != 4) return;
    fcoopmatNV<16, gl_ScopeSubgroup, 16, 16> a;
    fcoopmatNV<16, gl_ScopeSubgroup, 16, RIGHT_COLUMNS> b;
    fcoopmatNV<32, gl_ScopeSubgroup, 16, 16> sum = fcoopmatNV<32, gl_ScopeSubgroup, 16, 16>(0.0);
    coopMatLoadNV(a, x, 0, 16, false);
    coopMatLoadNV(b, x, 256, 16, false);
    sum = coopMatMulAddNV(a, b, sum);
    coopMatStoreNV(sum, y, 256 * gl_SubgroupID, 16, false);
}
#endif
