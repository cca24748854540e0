#version 450
//! axis   MODE read write
//! const  0 LOCAL 256

// One pass over a buffer that no cache holds, for `opsin peak`: neighbouring threads touch neighbouring quads.
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { uint QUADS, THREADS; };

#ifdef MODE_WRITE
layout(std430, binding = 0) writeonly buffer X { vec4 x[]; };
void main() {
    for (uint i = gl_GlobalInvocationID.x; i < QUADS; i += THREADS) x[i] = vec4(float(i & 1023u));
}
#else
layout(std430, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
void main() {
    vec4 a = vec4(0.0), b = vec4(0.0), c = vec4(0.0), d = vec4(0.0);
    // QUADS is a multiple of 4 * THREADS.
    for (uint i = gl_GlobalInvocationID.x; i < QUADS; i += 4 * THREADS) {
        a += x[i];
        b += x[i + THREADS];
        c += x[i + 2 * THREADS];
        d += x[i + 3 * THREADS];
    }
    const vec4 sum = a + b + c + d;
    y[gl_GlobalInvocationID.x & 4095u] = sum.x + sum.y + sum.z + sum.w;
}
#endif
