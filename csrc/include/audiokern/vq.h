/* Vector quantization: the nearest codeword, one stage or many (residual).
 *
 * The nearest codeword is the one with the smallest squared distance in float64, the first of equals. The
 * search runs in float32 and knows its own error: where the two best scores lie closer than that, the
 * candidates are compared again in float64. So the indices are those of the float64 definition; only
 * distances that agree to within some 1e-15 of their terms may be told apart differently by another order of
 * summation.
 */
#ifndef AUDIOKERN_VQ_H
#define AUDIOKERN_VQ_H

#include <audiokern/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ak_vq ak_vq;

/* A plan for `stages` codebooks of `size` codewords of `dim` floats each; codebooks holds them behind one
 * another, stage by stage, codeword by codeword, and is copied. options may be NULL.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE (a count of 0, or a product that does not fit), AK_ERR_MEMORY,
 * AK_ERR_THREADS, AK_ERR_ISA_*. */
AK_API ak_status ak_vq_create(ak_vq **plan, size_t stages, size_t size, size_t dim, const float *codebooks,
                              const ak_options *options);

/* Bytes of a workspace (see common.h). */
AK_API size_t ak_vq_work_bytes(const ak_vq *plan);

/* Where indices lie: that of vector i and stage s is indices[i * vector_stride + s * stage_stride]. */
typedef struct ak_vq_layout {
    size_t vector_stride, stage_stride;
} ak_vq_layout;

/* Quantizes `count` vectors, vector i at vectors[i * stride ..], with the first `stages` stages of the plan:
 * stage 0 takes the codeword nearest to the vector, stage s the one nearest to what the stages before left,
 * subtracted in float64. A vector that holds NaN or infinity gets index 0 wherever no distance is finite.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE (stages, stride), AK_ERR_ALIGNMENT. */
AK_API ak_status ak_vq_encode(const ak_vq *plan, void *work, size_t count, const float *vectors,
                              size_t stride, size_t stages, int32_t *indices, ak_vq_layout layout);

/* The sums, in the order of the stages, of the codewords that the indices name.
 * Errors: AK_ERR_ARGUMENT (an index outside 0 .. size - 1 too; the vectors are then undefined), AK_ERR_SIZE,
 * AK_ERR_ALIGNMENT. */
AK_API ak_status ak_vq_decode(const ak_vq *plan, void *work, size_t count, const int32_t *indices,
                              ak_vq_layout layout, size_t stages, float *vectors, size_t stride);

AK_API void ak_vq_destroy(ak_vq *plan);

#ifdef __cplusplus
}
#endif
#endif
