/* Sample formats: codes come back as codes, and no neighbour is touched. */
#include "check.h"

static void check_format(ak_format format, size_t rows, size_t columns, const ak_options *options)
{
    size_t bytes = ak_format_bytes(format), stride = columns + 3,
           held = rows ? (rows - 1) * stride + columns : 0;
    float *x = check_memory(held * sizeof(float)), *y = check_memory(held * sizeof(float));
    float *z = check_memory(held * sizeof(float));
    unsigned char *codes = check_memory(held * bytes), *again = check_memory(held * bytes);
    ak_block block = {rows, columns, stride, stride};
    ak_quantize *plan;
    check_noise(x, held, 4);
    CHECK(ak_quantize_create(&plan, format, options) == AK_OK);
    CHECK(ak_quantize_encode(plan, NULL, block, x, codes) == AK_OK);
    CHECK(ak_quantize_decode(plan, NULL, block, codes, y) == AK_OK);
    CHECK(ak_quantize_encode(plan, NULL, block, y, again) == AK_OK);
    CHECK(ak_quantize_decode(plan, NULL, block, again, z) == AK_OK);
    for (size_t r = 0; r < rows; r++) /* samples, because mu-law has two zeros */
        CHECK(memcmp(y + r * stride, z + r * stride, columns * sizeof(float)) == 0);
    if (format == AK_FORMAT_ALAW) {
        int16_t *pcm = check_memory(held * sizeof *pcm);
        CHECK(ak_quantize_decode_i16(plan, NULL, block, codes, pcm) == AK_OK);
        CHECK(ak_quantize_encode_i16(plan, NULL, block, pcm, again) == AK_OK);
        CHECK(!held || codes[0] == again[0]);
        free(pcm);
    }
    block.to_stride = columns ? columns - 1 : 0;
    CHECK(rows < 2 || !columns || ak_quantize_encode(plan, NULL, block, x, codes) == AK_ERR_SIZE);
    ak_quantize_destroy(plan);
    free(again);
    free(codes);
    free(z);
    free(y);
    free(x);
}

static void check_int8(ak_scale axis, size_t rows, size_t columns, const ak_options *options)
{
    float *x = check_memory(rows * columns * sizeof(float)),
          *y = check_memory(rows * columns * sizeof(float));
    float *scales = check_memory((axis == AK_SCALE_TENSOR ? 1
                                  : axis == AK_SCALE_ROW  ? rows
                                                          : columns) *
                                 sizeof(float));
    int8_t *codes = check_memory(rows * columns);
    ak_block block = {rows, columns, columns, columns};
    ak_int8 *plan;
    check_noise(x, rows * columns, 5);
    CHECK(ak_int8_create(&plan, axis, options) == AK_OK);
    CHECK(ak_int8_scales(plan, block, x, scales) == AK_OK);
    CHECK(ak_int8_encode(plan, NULL, block, x, scales, codes) == AK_OK);
    CHECK(ak_int8_decode(plan, NULL, block, codes, scales, y) == AK_OK);
    for (size_t i = 0; i < rows * columns; i++) CHECK(fabsf(x[i] - y[i]) < 0.0040f);
    ak_int8_destroy(plan);
    free(codes);
    free(scales);
    free(y);
    free(x);
}

void check_quantize(const ak_options *options)
{
    static const size_t shapes[][2] = {{0, 5},   {1, 1},  {1, 63},    {3, 64},
                                       {2, 130}, {5, 17}, {1, 40000}, {2, 20000}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int format = 0; format < AK_FORMAT_COUNT; format++)
            check_format((ak_format)format, shapes[i][0], shapes[i][1], options);
        for (int axis = 0; axis < AK_SCALE_COUNT; axis++)
            check_int8((ak_scale)axis, shapes[i][0], shapes[i][1], options);
    }
}
