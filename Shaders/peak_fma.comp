#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   UNIT f32 f16 coopmat
//! const  0 LOCAL 64
#ifndef UNIT_F32
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif
#ifdef UNIT_COOPMAT
#pragma use_vulkan_memory_model
#extension GL_KHR_memory_scope_semantics : require
#extension GL_NV_cooperative_matrix : require
#endif

// Multiply-adds without memory, for `opsin peak`: independent chains, so that latency is hidden. The result is stored, so that nothing is dropped.
layout(local_size_x_id = 0) in;
layout(std430, binding = 0) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { uint ROUNDS; float FACTOR; };

#ifdef UNIT_COOPMAT
// Four products of 16 x 16 matrices a round and subgroup, fp16 with fp32 sums: 4 * 2 * 16^3 operations.
void main() {
    fcoopmatNV<16, gl_ScopeSubgroup, 16, 16> a = fcoopmatNV<16, gl_ScopeSubgroup, 16, 16>(float16_t(FACTOR));
    fcoopmatNV<32, gl_ScopeSubgroup, 16, 16> s0 = fcoopmatNV<32, gl_ScopeSubgroup, 16, 16>(0.0), s1 = s0, s2 = s0, s3 = s0;
    for (uint r = 0; r < ROUNDS; r++) {
        s0 = coopMatMulAddNV(a, a, s0);
        s1 = coopMatMulAddNV(a, a, s1);
        s2 = coopMatMulAddNV(a, a, s2);
        s3 = coopMatMulAddNV(a, a, s3);
    }
    float sum = 0.0;
    for (uint i = 0; i < s0.length(); i++) sum += s0[i] + s1[i] + s2[i] + s3[i];
    y[gl_LocalInvocationIndex] = sum;
}
#else
#ifdef UNIT_F16
#define V f16vec4
#define E float16_t
#else
#define V vec4
#define E float
#endif

// Eight chains of four lanes a thread: 64 operations a round.
void main() {
    const V k = V(E(FACTOR)), b = V(E(float(gl_LocalInvocationIndex & 7) * 0.125));
    V a0 = b, a1 = b + k, a2 = b - k, a3 = b * k, a4 = k, a5 = -k, a6 = -b, a7 = b + b;
    for (uint r = 0; r < ROUNDS; r++) {
        a0 = a0 * k + b;
        a1 = a1 * k + b;
        a2 = a2 * k + b;
        a3 = a3 * k + b;
        a4 = a4 * k + b;
        a5 = a5 * k + b;
        a6 = a6 * k + b;
        a7 = a7 * k + b;
    }
    const vec4 sum = vec4(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7);
    y[gl_LocalInvocationIndex] = sum.x + sum.y + sum.z + sum.w;
}
#endif
