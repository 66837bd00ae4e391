/* Conversions of runs of samples; one table per format and instruction set. */
#ifndef AK_QUANTIZE_KERNELS_H
#define AK_QUANTIZE_KERNELS_H

#include "dispatch.h"

/* Converts count elements; no alignment beyond the elements' own. */
typedef void (*ak_convert)(const void *from, void *to, size_t count);

typedef struct ak_codec {
    ak_convert encode, decode;         /* from and to float samples */
    ak_convert encode_i16, decode_i16; /* from and to 16-bit PCM; NULL where the format has none */
} ak_codec;

AK_DECLARE(const ak_codec, ak_codec_mulaw)
AK_IF_AVX512(extern const ak_codec ak_codec_mulaw_icelake;)
AK_DECLARE(const ak_codec, ak_codec_ulaw_g191)
AK_DECLARE(const ak_codec, ak_codec_ulaw_sun)
AK_DECLARE(const ak_codec, ak_codec_alaw)
AK_DECLARE(const ak_codec, ak_codec_int16)
AK_DECLARE(const ak_codec, ak_codec_float16)
AK_DECLARE(const ak_codec, ak_codec_bfloat16)

/* 8-bit integers with scales. */
typedef struct ak_int8_kernels {
    /* one scale for the run */
    void (*encode)(const float *from, int8_t *to, size_t count, float scale);
    void (*decode)(const int8_t *from, float *to, size_t count, float scale);
    /* a scale for each element */
    void (*encode_each)(const float *from, int8_t *to, size_t count, const float *scales);
    void (*decode_each)(const int8_t *from, float *to, size_t count, const float *scales);
    /* max(start, the largest |from[i]|), without NaN */
    float (*peak)(const float *from, size_t count, float start);
    /* peaks[i] = max(peaks[i], |from[i]|), without NaN */
    void (*peak_each)(const float *from, float *peaks, size_t count);
} ak_int8_kernels;

AK_DECLARE(const ak_int8_kernels, ak_int8_kernels)

#endif
