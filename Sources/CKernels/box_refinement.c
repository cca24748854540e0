#include <math.h>
#include "include/box_refinement.h"

// log(x / (1 - x)) of x in 0..1, both terms at least epsilon; written so that NaN stays.
static float inverse_sigmoid(float x, float epsilon) {
    const float inside = x < 0 ? 0 : x > 1 ? 1 : x, rest = 1 - inside;
    return logf((inside < epsilon ? epsilon : inside) / (rest < epsilon ? epsilon : rest));
}

void opsin_box_refinement(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_box_refinement_arguments a = *(const opsin_box_refinement_arguments *)arguments;
    const size_t strips = (a.boxes + a.strip - 1) / a.strip;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / strips, begin = task % strips * a.strip, end = begin + a.strip < a.boxes ? begin + a.strip : a.boxes;
        for (size_t box = begin; box < end; box++) {
            const float *reference = a.reference + ((a.repeated ? 0 : image * a.boxes) + box) * a.size;
            for (size_t c = 0; c < 4; c++) {
                const size_t at = (image * a.boxes + box) * 4 + c;
                const float moved = c < a.size ? a.delta[at] + inverse_sigmoid(reference[c], a.epsilon) : a.delta[at];
                a.y[at] = 1 / (1 + expf(-moved));
            }
        }
    }
}
