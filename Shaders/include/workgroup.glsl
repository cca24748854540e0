// Sums and maxima over a workgroup of LOCAL threads (constant 0, a power of two), by the axis REDUCTION: `memory` halves them in shared memory, `subgroups`
// adds up within each subgroup first and shares one value of each, with two barriers in place of eight.
//
// Subgroups are taken as the driver makes them, of 4 to 128 lanes: nothing is derived from gl_SubgroupSize, since Intel's drivers may report 32 and run 8 or 16
// lanes, and a workgroup smaller than a subgroup fills it in part. So there is a place for every thread's subgroup, and all of them are read by their number.
// REDUCTION_EMULATED is the same with made-up subgroups of SUBGROUP lanes, to test every size on one device.
#ifndef WORKGROUP_GLSL
#define WORKGROUP_GLSL
//! shared REDUCTION memory subgroups
#define LEAST -3.402823466e38
shared float workgroup_values[LOCAL];

#ifdef REDUCTION_MEMORY
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
#else
#ifdef REDUCTION_EMULATED
shared float emulated_lanes[LOCAL];
#define SUBGROUPS ((LOCAL + SUBGROUP - 1) / SUBGROUP)
#define SUBGROUP_INDEX (gl_LocalInvocationIndex / SUBGROUP)
#define IS_FIRST (gl_LocalInvocationIndex % SUBGROUP == 0)
float lanes_sum(float value) {
    barrier();
    emulated_lanes[gl_LocalInvocationIndex] = value;
    barrier();
    float sum = 0.0;
    for (uint lane = SUBGROUP_INDEX * SUBGROUP; lane < min((SUBGROUP_INDEX + 1) * SUBGROUP, LOCAL); lane++) sum += emulated_lanes[lane];
    return sum;
}
float lanes_max(float value) {
    barrier();
    emulated_lanes[gl_LocalInvocationIndex] = value;
    barrier();
    float largest = LEAST;
    for (uint lane = SUBGROUP_INDEX * SUBGROUP; lane < min((SUBGROUP_INDEX + 1) * SUBGROUP, LOCAL); lane++) {
        if (isnan(emulated_lanes[lane])) return emulated_lanes[lane];
        largest = max(largest, emulated_lanes[lane]);
    }
    return largest;
}
#else
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#define SUBGROUPS gl_NumSubgroups
#define SUBGROUP_INDEX gl_SubgroupID
#define IS_FIRST subgroupElect()
float lanes_sum(float value) { return subgroupAdd(value); }
// What subgroupMax() makes of NaN is not said.
float lanes_max(float value) {
    const float largest = subgroupMax(isnan(value) ? LEAST : value);
    return subgroupAny(isnan(value)) ? uintBitsToFloat(0x7fc00000u) : largest;
}
#endif

// Shares one value of each subgroup.
void share(float part) {
    barrier();
    if (IS_FIRST) workgroup_values[SUBGROUP_INDEX] = part;
    barrier();
}

float workgroup_sum(float value) {
    share(lanes_sum(value));
    float sum = 0.0;
    for (uint s = 0; s < SUBGROUPS; s++) sum += workgroup_values[s];
    return sum;
}

// NaN where any value is.
float workgroup_max(float value) {
    share(lanes_max(value));
    float largest = workgroup_values[0];
    for (uint s = 1; s < SUBGROUPS; s++) {
        const float other = workgroup_values[s];
        if (isnan(other) || other > largest) largest = other;
    }
    return largest;
}
#endif
#endif
