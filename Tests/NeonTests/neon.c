// The CPU kernels of each instruction set of this machine against their definitions, and against the generic kernels.
#include "check.h"

int main(void) {
    const opsin_cpu_features here = opsin_cpu_detect();
    const bool runs[] = {here.generic, here.neon, here.avx2, here.avx512};
    printf("kernels of");
    for (opsin_isa isa = OPSIN_ISA_GENERIC; isa <= OPSIN_ISA_AVX512; isa++) {
        if (!runs[isa]) continue;
        isas[isa_count++] = isa;
        printf(" %s", name_of(isa));
    }
    printf("\n");
    static const struct {
        const char *name;
        void (*check)(void);
    } families[] = {
        {"products", check_products}, {"winograd", check_winograd}, {"depthwise", check_depthwise}, {"attention", check_attention},
        {"rows", check_rows},         {"maps", check_maps},         {"images", check_images},       {"executor", check_executor},
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const size_t passed_before = passed_count, failed_before = failed_count;
        restart_random();
        families[i].check();
        release_all();
        printf("%-10s %zu passed, %zu failed\n", families[i].name, passed_count - passed_before, failed_count - failed_before);
        fflush(stdout);
    }
    printf("%zu passed, %zu failed\n", passed_count, failed_count);
    return failed_count != 0;
}
