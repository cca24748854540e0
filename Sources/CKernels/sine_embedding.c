#include <math.h>
#include "include/sine_embedding.h"

void opsin_sine_embedding(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_sine_embedding_arguments a = *(const opsin_sine_embedding_arguments *)arguments;
    const size_t end = last * a.strip < a.count ? last * a.strip : a.count;
    for (size_t i = first * a.strip; i < end; i++) {
        for (size_t j = 0; j < a.features; j += 2) {
            a.y[i * a.features + j] = sinf(a.x[i] * a.factor[j]);
            a.y[i * a.features + j + 1] = cosf(a.x[i] * a.factor[j + 1]);
        }
    }
}
