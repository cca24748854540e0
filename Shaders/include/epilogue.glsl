// What a convolution does to its sums: OpsinGraph's Epilogue. The including shader declares FUNCTION, SLOPE and RESIDUAL as constants.
#ifndef EPILOGUE_GLSL
#define EPILOGUE_GLSL
#include "activations.glsl"
#define RESIDUAL_NONE 0
#define RESIDUAL_AFTER 1
#define RESIDUAL_BEFORE 2

vec4 finish(vec4 sum, vec4 residual) {
    if (RESIDUAL == RESIDUAL_BEFORE) sum += residual;
    sum = activate(sum, FUNCTION, SLOPE);
    if (RESIDUAL == RESIDUAL_AFTER) sum += residual;
    return sum;
}
#endif
