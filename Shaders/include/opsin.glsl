// What every shader shares: the element types of activations and weights in storage, and the flat index. Arithmetic is fp32 everywhere.
#ifndef OPSIN_GLSL
#define OPSIN_GLSL
//! shared STORAGE f32 f16

#ifdef STORAGE_F16
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define T float16_t
#define T4 f16vec4
#else
#define T float
#define T4 vec4
#endif

// Number of this invocation, counted over a grid of x by y workgroups: y is used only where x alone is too small (Device limits).
#define FLAT_INDEX (gl_GlobalInvocationID.x + gl_GlobalInvocationID.y * gl_NumWorkGroups.x * gl_WorkGroupSize.x)

// Number of this workgroup, counted over a grid of x by y.
#define FLAT_GROUP (gl_WorkGroupID.x + gl_WorkGroupID.y * gl_NumWorkGroups.x)

// A buffer that is read by element (`x`) and by quads of channels (`x4`).
#define READ_BOTH(number, name) \
    layout(std430, binding = number) readonly buffer name##Elements { T name[]; }; \
    layout(std430, binding = number) readonly buffer name##Quads { T4 name##4[]; }
#define WRITE_BOTH(number, name) \
    layout(std430, binding = number) writeonly buffer name##Elements { T name[]; }; \
    layout(std430, binding = number) writeonly buffer name##Quads { T4 name##4[]; }

// `v` where a channel exists, 0 behind the last.
vec4 existing(vec4 v, uint left) { return mix(vec4(0.0), v, lessThan(uvec4(0, 1, 2, 3), uvec4(left))); }

// Four channels from element `at` on, of which `left` exist; `aligned` says that all four do and start a quad. No branches: they are what drivers compile
// slowest.
#define LOAD_QUAD(name, at, aligned, left) ((aligned) ? vec4(name##4[(at) >> 2]) : existing(vec4(name[at], \
    name[(at) + min(1u, (left) - 1u)], name[(at) + min(2u, (left) - 1u)], name[(at) + min(3u, (left) - 1u)]), left))
#define STORE_QUAD(name, at, aligned, left, value) \
    if (aligned) { \
        name##4[(at) >> 2] = T4(value); \
    } else { \
        for (uint quad_i = 0; quad_i < min(left, 4u); quad_i++) name[(at) + quad_i] = T((value)[quad_i]); \
    }

#endif
