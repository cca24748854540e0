// Sums and maxima over a workgroup of LOCAL threads (constant 0, a power of two), through shared memory: no subgroup operations are needed.
#ifndef WORKGROUP_GLSL
#define WORKGROUP_GLSL
shared float workgroup_values[LOCAL];

float workgroup_sum(float value) {
    const uint i = gl_LocalInvocationIndex;
    barrier();
    workgroup_values[i] = value;
    for (uint half_width = LOCAL / 2; half_width > 0; half_width /= 2) {
        barrier();
        if (i < half_width) workgroup_values[i] += workgroup_values[i + half_width];
    }
    barrier();
    return workgroup_values[0];
}

// NaN where any value is.
float workgroup_max(float value) {
    const uint i = gl_LocalInvocationIndex;
    barrier();
    workgroup_values[i] = value;
    for (uint half_width = LOCAL / 2; half_width > 0; half_width /= 2) {
        barrier();
        if (i < half_width) {
            const float other = workgroup_values[i + half_width];
            if (isnan(other) || other > workgroup_values[i]) workgroup_values[i] = other;
        }
    }
    barrier();
    return workgroup_values[0];
}
#endif
