// What every shader shares: the element types of activations and weights in storage. Arithmetic is fp32 everywhere.
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

#endif
