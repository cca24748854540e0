// kernels_amx.c on emulated tiles, for tests on machines without AMX.
#define OPSIN_AMX_EMULATED 1
#define OPSIN_SUFFIX amx_emulated
#include "kernels_amx.c"
