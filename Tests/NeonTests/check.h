// What the kernel checks share: memory with guards, random numbers, the comparison, the count.
#pragma once
#include "CKernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The instruction sets of this machine, the generic one first.
extern opsin_isa isas[4];
extern size_t isa_count;
const char *name_of(opsin_isa isa);

// Checks so far.
extern size_t passed_count, failed_count;

// Floats at a 64-byte boundary, 64 readable bytes behind the last one, then a page that may not be touched. What may be read but not written holds a
// pattern that is a NaN: whoever uses it spoils the result, whoever writes it is found out by `compare`. All are gone with `release_all`.
float *random_floats(size_t count, float low, float high);
float *zero_floats(size_t count);
// Poisoned with NaN.
float *output_floats(size_t count);
void release_all(void);
// Whether nothing was written behind any value.
bool guards_stand(void);

// `count` parameters between low and high, and zeros up to a multiple of 16.
float *padded_floats(size_t count, float low, float high);
uint32_t random_bits(void);
// Begins the numbers again: each family starts so, and its data are the same on every machine.
void restart_random(void);
size_t divided_up(size_t a, size_t b);

// Runs a step on a team of 1, 2 or 3 threads in turn, each with `scratch` poisoned bytes of its own.
void run(opsin_task_fn task, const void *arguments, size_t tasks, size_t scratch);

// What a case must give on each instruction set.
typedef struct {
    char name[160];
    size_t count;
    const double *want; // from the definition, in double precision
    double scale;       // errors are relative to this or the value itself, whichever is larger; `expect` makes it the root of the mean square
    float *generic;     // what the generic kernel gave
} expectation;

expectation expect(const double *want, size_t count, const char *format, ...) __attribute__((format(printf, 3, 4)));
// Counts one check: `y` is within 1e-5 of `want`, and of what the generic kernels gave; nothing was written behind any value.
void compare(expectation *e, opsin_isa isa, const float *y);
// Counts one check with its own verdict.
void verdict(bool passed, const char *format, ...) __attribute__((format(printf, 2, 3)));

// f(v) by its definition. OPSIN_ACTIVATION_*.
double activated(int32_t activation, double slope, double v);

void check_products(void);
void check_winograd(void);
void check_depthwise(void);
void check_attention(void);
void check_rows(void);
void check_maps(void);
void check_images(void);
void check_int8(void);
void check_executor(void);
