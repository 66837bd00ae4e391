/* Vector quantization: codewords find themselves, sums come back. */
#include "check.h"

static void check_shape(size_t stages, size_t size, size_t dim, size_t count, const ak_options *options)
{
    float *books = check_memory(stages * size * dim * sizeof(float));
    float *x = check_memory(count * dim * sizeof(float)), *y = check_memory(count * dim * sizeof(float));
    int32_t *indices = check_memory(count * stages * sizeof *indices);
    ak_vq_layout layout = {stages, 1};
    ak_vq *plan;
    check_noise(books, stages * size * dim, 9);
    for (size_t i = 0; i < count; i++) memcpy(x + i * dim, books + i % size * dim, dim * sizeof(float));
    CHECK(ak_vq_create(&plan, stages, size, dim, books, options) == AK_OK);
    CHECK(ak_vq_encode(plan, NULL, count, x, dim, stages, indices, layout) == AK_OK);
    for (size_t i = 0; i < count; i++) CHECK(indices[i * stages] == (int32_t)(i % size));
    CHECK(ak_vq_decode(plan, NULL, count, indices, layout, 1, y, dim) == AK_OK);
    CHECK(memcmp(x, y, count * dim * sizeof(float)) == 0);
    CHECK(ak_vq_decode(plan, NULL, count, indices, layout, stages, y, dim) == AK_OK);
    CHECK(ak_vq_encode(plan, NULL, count, x, dim, stages + 1, indices, layout) == AK_ERR_SIZE);
    indices[0] = (int32_t)size;
    CHECK(ak_vq_decode(plan, NULL, 1, indices, layout, 1, y, dim) == AK_ERR_ARGUMENT);
    ak_vq_destroy(plan);
    free(indices);
    free(y);
    free(x);
    free(books);
}

void check_vq(const ak_options *options)
{
    check_shape(1, 1, 1, 1, options);
    check_shape(2, 5, 3, 11, options);
    check_shape(3, 64, 16, 97, options);
    check_shape(1, 1024, 8, 250, options);
    check_shape(2, 130, 33, 200, options);
    check_shape(2, 70, 130, 99, options);
}
