// glslang's C interface (Debian: glslang-dev), linked statically into ShaderCompiler only.
#ifndef OPSIN_GLSLANG_C_H
#define OPSIN_GLSLANG_C_H
#include <glslang/Include/glslang_c_interface.h>
#include <glslang/Public/resource_limits_c.h>
#endif
