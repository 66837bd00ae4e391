/* mu-law of 8 bits without segments: floor(255 (F(x) + 1) / 2 + 1 / 2), F(x) = sgn(x) ln(1 + 255 |x|) / ln
 * 256.
 *
 * Grid and block: any. Bytes: 4 and 1 a sample, in accesses of 16 and 4 bytes; both are limited by memory. */
#include "common.cuh"

__device__ inline unsigned char code_of(float x)
{
    const float magnitude = log2f(fmaf(255.f, fminf(fabsf(x), 1.f), 1.f)) * (127.5f / 8.f);
    return (unsigned char)floorf(128.f + (x < 0.f ? -magnitude : magnitude));
}

extern "C" __global__ void mulaw_encode(const float *x, size_t count, unsigned char *out)
{
    const size_t thread = blockIdx.x * (size_t)blockDim.x + threadIdx.x,
                 threads = gridDim.x * (size_t)blockDim.x;
    for (size_t i = thread; i < count / 4; i += threads) {
        const float4 v = ((const float4 *)x)[i];
        ((uchar4 *)out)[i] = make_uchar4(code_of(v.x), code_of(v.y), code_of(v.z), code_of(v.w));
    }
    for (size_t i = count / 4 * 4 + thread; i < count; i += threads) out[i] = code_of(x[i]);
}

extern "C" __global__ void mulaw_decode(const unsigned char *code, size_t count, const float *value,
                                        float *out)
{
    const size_t thread = blockIdx.x * (size_t)blockDim.x + threadIdx.x,
                 threads = gridDim.x * (size_t)blockDim.x;
    for (size_t i = thread; i < count / 4; i += threads) {
        const uchar4 c = ((const uchar4 *)code)[i];
        ((float4 *)out)[i] = make_float4(value[c.x], value[c.y], value[c.z], value[c.w]);
    }
    for (size_t i = count / 4 * 4 + thread; i < count; i += threads) out[i] = value[code[i]];
}
