#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes b = {data, size};
    ak_options options = take_options(&b);
    size_t stages = take_size(&b, 3), codewords = take_size(&b, 150), dim = take_size(&b, 40);
    size_t count = take_size(&b, 200), stride = dim + take_size(&b, 3), used = take_size(&b, 4);
    float *books = take_memory(&b, stages * codewords * dim * sizeof(float));
    ak_vq *plan;
    if (!ak_vq_create(&plan, stages, codewords, dim, books, &options)) {
        size_t room = (count ? (count - 1) * stride + dim : 0) * sizeof(float);
        ak_vq_layout layout = take(&b) % 2 ? (ak_vq_layout){1, count} : (ak_vq_layout){used, 1};
        float *x = take_memory(&b, room), *y = output_memory(room);
        int32_t *indices = output_memory(count * used * sizeof *indices);
        ak_status status = ak_vq_encode(plan, NULL, count, x, stride, used, indices, layout);
        if (!status && ak_vq_decode(plan, NULL, count, indices, layout, used, y, stride)) abort();
        int32_t *garbage = take_memory(&b, count * used * sizeof *garbage);
        ak_vq_decode(plan, NULL, count, garbage, layout, used, y, stride);
        ak_vq_destroy(plan);
        free(garbage);
        free(indices);
        free(y);
        free(x);
    }
    free(books);
    return 0;
}
