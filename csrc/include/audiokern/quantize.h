/* Samples in fewer bits: mu-law, A-law, 16-bit and 8-bit integers, half precision.
 *
 * All conversions are exact: each result is the one that the definition beside its format gives, on every
 * instruction set, while the calling thread rounds to nearest, as C programs do unless they ask otherwise.
 * NaN is encoded as silence by every integer format.
 */
#ifndef AUDIOKERN_QUANTIZE_H
#define AUDIOKERN_QUANTIZE_H

#include <audiokern/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ak_format {
    /* Continuous mu-law companding on 256 levels, as torchaudio and librosa define it; uint8_t codes.
     *   encode  floor((y + 1) / 2 * 255 + 0.5),  y = sign(x) ln(1 + 255 |x|) / ln(256),  x clipped to [-1, 1]
     *   decode  sign(y) (256^|y| - 1) / 255,  y = 2 q / 255 - 1
     * Both equal the definition evaluated in float64 (decoded values are then rounded to float32). */
    AK_FORMAT_MULAW = 0,

    /* G.711 mu-law codes of 16-bit linear PCM; float samples become PCM as AK_FORMAT_INT16 says. The two
     * differ in the codes of negative samples only, because the recommendation leaves open on which side of a
     * decision value a sample on it lies: G191 is the ITU-T's reference software (magnitude ~x >> 2), SUN is
     * Sun's g711.c, SoX and Python's former audioop (magnitude -(x >> 2)). Decoding is the same. */
    AK_FORMAT_ULAW_G191 = 1,
    AK_FORMAT_ULAW_SUN = 2,

    /* G.711 A-law codes of 16-bit linear PCM (all references agree). */
    AK_FORMAT_ALAW = 3,

    AK_FORMAT_INT16 = 4,    /* int16_t: 32768 x, rounded half to even, saturated; decode q / 32768 */
    AK_FORMAT_FLOAT16 = 5,  /* IEEE binary16 in uint16_t, rounded half to even; NaN stays (a quiet) NaN */
    AK_FORMAT_BFLOAT16 = 6, /* bfloat16 in uint16_t, rounded half to even; NaN stays (a quiet) NaN */
    AK_FORMAT_COUNT
} ak_format;

/* Bytes of one code: 1 or 2; 0 where the format does not exist. */
AK_API size_t ak_format_bytes(ak_format format);

typedef struct ak_quantize ak_quantize;

/* A plan for one format. options may be NULL.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_MEMORY, AK_ERR_THREADS, AK_ERR_ISA_*. */
AK_API ak_status ak_quantize_create(ak_quantize **plan, ak_format format, const ak_options *options);

/* Bytes of a workspace (see common.h). */
AK_API size_t ak_quantize_work_bytes(const ak_quantize *plan);

/* A block of rows x columns elements: element (r, c) of the source is from[r * from_stride + c], and likewise
 * of the target. Rows must not overlap in the target; source and target must not overlap. */
typedef struct ak_block {
    size_t rows, columns;
    size_t from_stride, to_stride; /* in elements; at least columns, unless rows < 2 */
} ak_block;

/* float samples to codes and back. codes: ak_format_bytes() each, aligned to that.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE (a stride below columns), AK_ERR_ALIGNMENT (work). */
AK_API ak_status ak_quantize_encode(const ak_quantize *plan, void *work, ak_block block, const float *samples,
                                    void *codes);
AK_API ak_status ak_quantize_decode(const ak_quantize *plan, void *work, ak_block block, const void *codes,
                                    float *samples);

/* 16-bit PCM to codes and back, for the G.711 formats only.
 * Errors: as above; AK_ERR_ARGUMENT for another format. */
AK_API ak_status ak_quantize_encode_i16(const ak_quantize *plan, void *work, ak_block block,
                                        const int16_t *pcm, uint8_t *codes);
AK_API ak_status ak_quantize_decode_i16(const ak_quantize *plan, void *work, ak_block block,
                                        const uint8_t *codes, int16_t *pcm);

AK_API void ak_quantize_destroy(ak_quantize *plan);

/* Symmetric 8-bit integers with scales: q = x / scale in float32, rounded half to even and clipped to
 * [-127, 127]; decoded x = q * scale. A scale of 0 encodes (and decodes) silence. */
typedef enum ak_scale {
    AK_SCALE_TENSOR = 0, /* one scale */
    AK_SCALE_ROW = 1,    /* scales[rows] */
    AK_SCALE_COLUMN = 2, /* scales[columns]: one per band where a row is a frame */
    AK_SCALE_COUNT
} ak_scale;

typedef struct ak_int8 ak_int8;

AK_API ak_status ak_int8_create(ak_int8 **plan, ak_scale axis, const ak_options *options);
AK_API size_t ak_int8_work_bytes(const ak_int8 *plan);

/* scales: the largest finite or infinite |x| of the tensor, row or column, divided by 127 (NaN is skipped).
 * The block's to_stride is ignored. Runs on the calling thread. Errors: as ak_quantize_encode. */
AK_API ak_status ak_int8_scales(const ak_int8 *plan, ak_block block, const float *samples, float *scales);

AK_API ak_status ak_int8_encode(const ak_int8 *plan, void *work, ak_block block, const float *samples,
                                const float *scales, int8_t *codes);
AK_API ak_status ak_int8_decode(const ak_int8 *plan, void *work, ak_block block, const int8_t *codes,
                                const float *scales, float *samples);

AK_API void ak_int8_destroy(ak_int8 *plan);

#ifdef __cplusplus
}
#endif
#endif
