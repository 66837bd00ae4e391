#include "fuzz.h"

static size_t span(size_t rows, size_t stride, size_t columns)
{
    return rows ? (rows > 1 ? (rows - 1) * stride : 0) + columns : 0;
}

static ak_block take_block(bytes *b)
{
    ak_block block = {take_size(b, 5), take_size(b, 300), 0, 0};
    block.from_stride = block.columns + take_size(b, 3);
    block.to_stride = block.columns + take_size(b, 3);
    if (take(b) % 16 == 0) block.from_stride = take_size(b, 300); /* perhaps too small: refused */
    return block;
}

static void formats(bytes *b, const ak_options *options)
{
    ak_format format = (ak_format)take_enum(b, AK_FORMAT_COUNT);
    ak_block k = take_block(b);
    ak_quantize *plan;
    if (ak_quantize_create(&plan, format, options)) return;
    size_t from = span(k.rows, k.from_stride, k.columns), to = span(k.rows, k.to_stride, k.columns);
    void *source = take_memory(b, from * sizeof(float)), *target = output_memory(to * sizeof(float));
    ak_quantize_encode(plan, NULL, k, source, target);
    ak_quantize_decode(plan, NULL, k, source, target);
    ak_quantize_encode_i16(plan, NULL, k, source, target);
    ak_quantize_decode_i16(plan, NULL, k, source, target);
    ak_quantize_destroy(plan);
    free(target);
    free(source);
}

static void int8(bytes *b, const ak_options *options)
{
    ak_scale axis = (ak_scale)take_enum(b, AK_SCALE_COUNT);
    ak_block k = take_block(b);
    ak_int8 *plan;
    if (ak_int8_create(&plan, axis, options)) return;
    size_t from = span(k.rows, k.from_stride, k.columns), to = span(k.rows, k.to_stride, k.columns);
    size_t count = axis == AK_SCALE_TENSOR ? 1 : axis == AK_SCALE_ROW ? k.rows : k.columns;
    void *source = take_memory(b, from * sizeof(float)), *target = output_memory(to * sizeof(float));
    float *scales = take_memory(b, count * sizeof(float));
    ak_int8_encode(plan, NULL, k, source, scales, target);
    ak_int8_decode(plan, NULL, k, source, scales, target);
    ak_int8_scales(plan, k, source, scales);
    ak_int8_destroy(plan);
    free(scales);
    free(target);
    free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes b = {data, size};
    ak_options options = take_options(&b);
    if (take(&b) % 2)
        formats(&b, &options);
    else
        int8(&b, &options);
    return 0;
}
