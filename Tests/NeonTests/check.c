#include "check.h"
#include <stdarg.h>
#include <sys/mman.h>

opsin_isa isas[4];
size_t isa_count;
size_t passed_count, failed_count;

typedef struct {
    char *base;
    size_t bytes;
    float *at;
    size_t count, guard; // guard: floats behind the last
} block;
static block blocks[256];
static size_t block_count;

// NaNs of our own, which arithmetic does not make.
static const uint32_t guard_bits = 0x7fc5a5a5, poison_bits = 0x7fd01501;
enum { page = 65536 };

static uint32_t bits_of(float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static void fill(float *at, size_t count, uint32_t bits) {
    for (size_t i = 0; i < count; i++) memcpy(at + i, &bits, sizeof bits);
}

static float *take(size_t count) {
    const size_t used = divided_up(count, 16) * 64 + 64, bytes = divided_up(used, page) * page + page;
    char *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || block_count == 256 || mprotect(base + bytes - page, page, PROT_NONE) != 0) {
        fprintf(stderr, "no memory for %zu floats\n", count);
        exit(2);
    }
    float *at = (float *)(void *)(base + bytes - page - used);
    const size_t guard = used / sizeof(float) - count;
    fill(at + count, guard, guard_bits);
    blocks[block_count++] = (block){base, bytes, at, count, guard};
    return at;
}

void release_all(void) {
    while (block_count) block_count--, munmap(blocks[block_count].base, blocks[block_count].bytes);
}

bool guards_stand(void) {
    for (size_t b = 0; b < block_count; b++) {
        for (size_t i = 0; i < blocks[b].guard; i++) {
            if (bits_of(blocks[b].at[blocks[b].count + i]) != guard_bits) return false;
        }
    }
    return true;
}

static uint32_t state;

void restart_random(void) { state = 2463534242u; }

uint32_t random_bits(void) {
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    return state;
}

float *random_floats(size_t count, float low, float high) {
    float *at = take(count);
    for (size_t i = 0; i < count; i++) at[i] = low + (high - low) * (float)(random_bits() >> 8) * 0x1p-24f;
    return at;
}

float *zero_floats(size_t count) {
    float *at = take(count);
    memset(at, 0, count * sizeof *at);
    return at;
}

float *output_floats(size_t count) {
    float *at = take(count);
    fill(at, count, poison_bits);
    return at;
}

float *padded_floats(size_t count, float low, float high) {
    float *at = random_floats(divided_up(count, 16) * 16, low, high);
    for (size_t i = count; i % 16; i++) at[i] = 0;
    return at;
}

size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

void run(opsin_task_fn task, const void *arguments, size_t tasks, size_t scratch) {
    static opsin_team *teams[3];
    static uint32_t turn;
    const uint32_t threads = turn++ % 3 + 1;
    opsin_team **team = &teams[threads - 1];
    if (!*team) *team = opsin_team_create(threads);
    if (!*team) {
        fprintf(stderr, "no team of %u threads\n", threads);
        exit(2);
    }
    const size_t stride = divided_up(scratch, 64) * 64;
    const opsin_step step = {task, arguments, tasks};
    opsin_team_run(*team, &step, 1, output_floats(threads * stride / sizeof(float)), stride, NULL);
}

expectation expect(const double *want, size_t count, const char *format, ...) {
    expectation e = {.want = want, .count = count};
    va_list list;
    va_start(list, format);
    vsnprintf(e.name, sizeof e.name, format, list);
    va_end(list);
    for (size_t i = 0; i < count; i++) e.scale += isnan(want[i]) ? 0 : want[i] * want[i] / (double)count;
    e.scale = sqrt(e.scale);
    return e;
}

void verdict(bool passed, const char *format, ...) {
    if (passed) {
        passed_count++;
        return;
    }
    if (++failed_count > 40) return;
    va_list list;
    va_start(list, format);
    printf("FAILED ");
    vprintf(format, list);
    printf("\n");
    va_end(list);
}

static bool close_to(double want, double got, double scale) {
    if (isnan(want) || isnan(got)) return isnan(want) && isnan(got);
    return got == want || fabs(got - want) <= 1e-5 * fmax(fabs(want), scale);
}

const char *name_of(opsin_isa isa) {
    static const char *const names[] = {"generic", "neon", "avx2", "avx512"};
    return names[isa];
}

void compare(expectation *e, opsin_isa isa, const float *y) {
    if (isa == OPSIN_ISA_GENERIC) e->generic = memcpy(output_floats(e->count), y, e->count * sizeof *y);
    for (size_t i = 0; i < e->count; i++) {
        const bool written = bits_of(y[i]) != poison_bits;
        if (written && close_to(e->want[i], y[i], e->scale) && close_to(e->generic[i], y[i], e->scale)) continue;
        verdict(false, "%s, %s, element %zu of %zu: %.9g%s, expected %.9g, generic gave %.9g", e->name, name_of(isa), i, e->count, (double)y[i],
                written ? "" : " (never written)", e->want[i], (double)e->generic[i]);
        return;
    }
    verdict(guards_stand(), "%s, %s: wrote behind a value", e->name, name_of(isa));
}

double activated(int32_t activation, double slope, double v) {
    switch (activation) {
    case OPSIN_ACTIVATION_RELU: return v < 0 ? 0 : v;
    case OPSIN_ACTIVATION_RELU6: return v < 0 ? 0 : v > 6 ? 6 : v;
    case OPSIN_ACTIVATION_LEAKY_RELU: return v < 0 ? v * slope : v;
    case OPSIN_ACTIVATION_GELU: return v * 0.5 * erfc(-v * M_SQRT1_2);
    case OPSIN_ACTIVATION_SILU: return v / (1 + exp(-v));
    case OPSIN_ACTIVATION_SIGMOID: return 1 / (1 + exp(-v));
    case OPSIN_ACTIVATION_HARD_SWISH: return isnan(v) ? v : v * fmin(fmax(v + 3, 0), 6) / 6;
    case OPSIN_ACTIVATION_HARD_SIGMOID: return isnan(v) ? v : fmin(fmax(v + 3, 0), 6) / 6;
    case OPSIN_ACTIVATION_TANH: return tanh(v);
    default: return v;
    }
}
