#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes b = {data, size};
    ak_options options = take_options(&b);
    int n = (int)take_size(&b, 700) - 1;
    size_t rows = take_size(&b, 20), gap = take_size(&b, 3);
    ak_fft_plan *plan;
    if (ak_fft_create(&plan, n, &options)) return 0;
    size_t bins = (size_t)n / 2 + 1, x_stride = (size_t)n + gap, stride = bins + gap;
    size_t x_size = (rows ? (rows - 1) * x_stride + (size_t)n : 0) * sizeof(float);
    size_t spectrum_size = (rows ? (rows - 1) * stride + bins : 0) * 2 * sizeof(float);
    float *x = take_memory(&b, x_size), *y = output_memory(x_size), *spectrum = output_memory(spectrum_size);
    ak_fft_forward(plan, x, (ptrdiff_t)x_stride, rows, spectrum, (ptrdiff_t)stride, NULL);
    ak_fft_inverse(plan, spectrum, (ptrdiff_t)stride, rows, y, (ptrdiff_t)x_stride, NULL);
    ak_fft_destroy(plan);
    free(spectrum);
    free(y);
    free(x);
    return 0;
}
