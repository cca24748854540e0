#include "isa.h"
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

static opsin_cpu_features features;
static pthread_once_t detected = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

// Asks Linux for the 8 KiB of tile state that AMX needs in each thread's context; given once, it holds for the process.
static bool tiles_granted(void) {
    const long arch_req_xcomp_perm = 0x1023, xfeature_tile_data = 18;
    return syscall(SYS_arch_prctl, arch_req_xcomp_perm, xfeature_tile_data) == 0;
}

static void detect(void) {
    features.generic = true;
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    const bool saves_state = c >> 27 & 1, avx = c >> 28 & 1, fma = c >> 12 & 1, f16c = c >> 29 & 1;
    if (!saves_state || !avx) return;
    const uint64_t state = enabled_state();
    const bool ymm = (state & 0x6) == 0x6, zmm = (state & 0xe6) == 0xe6, tiles = (state & 0x60000) == 0x60000;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    const bool bmi = (b >> 3 & 1) && (b >> 8 & 1), avx2 = b >> 5 & 1;
    const bool avx512 = (b >> 16 & 1) && (b >> 17 & 1) && (b >> 30 & 1) && (b >> 31 & 1); // F, DQ, BW, VL
    const bool tile = d >> 24 & 1, amx = tile && (d >> 22 & 1), vnni = c >> 11 & 1; // AMX-TILE, AMX-BF16, AVX512_VNNI
    const bool amx_int8 = tile && (d >> 25 & 1);
    features.avx2 = ymm && avx2 && fma && f16c && bmi;
    features.avx512 = features.avx2 && zmm && avx512;
    features.avx512_vnni = features.avx512 && vnni;
    if (!features.avx2 || !__get_cpuid_count(7, 1, &a, &b, &c, &d)) return;
    features.avx_vnni = a >> 4 & 1;
    if (!features.avx512) return;
    features.avx512_bf16 = a >> 5 & 1;
    const bool granted = (amx || amx_int8) && tiles && tiles_granted();
    features.amx_bf16 = features.avx512_bf16 && amx && granted;
    features.amx_int8 = features.avx512_vnni && amx_int8 && granted;
}
#else
static void detect(void) {
    features.generic = true;
#if defined(__aarch64__)
    features.neon = true;
    const unsigned long hwcap_asimddp = 1ul << 20;
    features.neon_dot = getauxval(AT_HWCAP) & hwcap_asimddp;
#endif
}
#endif

opsin_cpu_features opsin_cpu_detect(void) {
    pthread_once(&detected, detect);
    return features;
}

// The first integer in a small file of /sys or /proc, or `otherwise`.
static long read_number(const char *path, long otherwise) {
    FILE *file = fopen(path, "re");
    if (!file) return otherwise;
    long value;
    const int found = fscanf(file, "%ld", &value);
    fclose(file);
    return found == 1 ? value : otherwise;
}

// How many CPUs' worth of time the control groups above this process grant, rounded up; a large number without a limit.
static uint32_t granted_cpus(void) {
    uint32_t limit = UINT32_MAX;
    char path[4096] = "", line[4096];
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "0::", 3) == 0) snprintf(path, sizeof path, "%s", line + 3);
    }
    if (file) fclose(file);
    path[strcspn(path, "\n")] = 0;
    for (;;) {
        char name[4200];
        snprintf(name, sizeof name, "/sys/fs/cgroup%s/cpu.max", path);
        long quota, period;
        if ((file = fopen(name, "re"))) {
            if (fscanf(file, "%ld %ld", &quota, &period) == 2 && quota > 0 && period > 0) {
                const uint32_t cpus = (uint32_t)((quota + period - 1) / period);
                if (cpus < limit) limit = cpus;
            }
            fclose(file);
        }
        char *slash = strrchr(path, '/');
        if (!slash) break;
        *slash = 0;
    }
    const long quota = read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", -1), period = read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us", -1);
    if (quota > 0 && period > 0 && (uint32_t)((quota + period - 1) / period) < limit) limit = (uint32_t)((quota + period - 1) / period);
    return limit;
}

uint32_t opsin_cpu_available(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    // A core counts once, however many of its threads may be used: (package, core) pairs seen so far.
    static const int most = CPU_SETSIZE;
    long seen[CPU_SETSIZE];
    uint32_t cores = 0;
    for (int cpu = 0; cpu < most; cpu++) {
        if (!CPU_ISSET(cpu, &allowed)) continue;
        char path[96];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/core_id", cpu);
        const long core = read_number(path, cpu);
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
        const long key = read_number(path, 0) << 32 | core;
        bool known = false;
        for (uint32_t i = 0; i < cores; i++) known |= seen[i] == key;
        if (!known) seen[cores++] = key;
    }
    const uint32_t granted = granted_cpus();
    const uint32_t usable = cores < granted ? cores : granted;
    return usable ? usable : 1;
}
