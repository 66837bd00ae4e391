/* Plans for 8-bit integers with scales. */
#include <audiokern/quantize.h>
#include "block.h"
#include "crew.h"
#include "memory.h"
#include "quantize.h"

#define CHUNK 16384 /* elements of one task */

struct ak_int8 {
    ak_crew *crew;
    const ak_int8_kernels *kernels;
    ak_scale axis;
};

ak_status ak_int8_create(ak_int8 **plan, ak_scale axis, const ak_options *options)
{
    ak_options o = options ? *options : (ak_options){1, AK_ISA_AUTO};
    if (!plan || (unsigned)axis >= AK_SCALE_COUNT) return AK_ERR_ARGUMENT;
    *plan = NULL;
    ak_isa isa;
    ak_status status = ak_isa_choose(o.isa, &isa);
    if (status) return status;
    ak_int8 *p = ak_alloc(sizeof *p);
    if (!p) return AK_ERR_MEMORY;
    p->axis = axis;
    p->kernels = AK_SELECT(ak_int8_kernels, isa);
    status = ak_crew_create(&p->crew, o.threads, 0);
    if (status) {
        ak_int8_destroy(p);
        return status;
    }
    *plan = p;
    return AK_OK;
}

size_t ak_int8_work_bytes(const ak_int8 *plan)
{
    return ak_crew_scratch_bytes(plan->crew);
}

void ak_int8_destroy(ak_int8 *plan)
{
    if (!plan) return;
    ak_crew_destroy(plan->crew);
    free(plan);
}

ak_status ak_int8_scales(const ak_int8 *plan, ak_block block, const float *samples, float *scales)
{
    if (!plan) return AK_ERR_ARGUMENT;
    block.to_stride = block.from_stride;
    ak_status status = ak_block_check(block, samples, scales);
    if (status) return status;
    size_t count = plan->axis == AK_SCALE_TENSOR ? 1
                   : plan->axis == AK_SCALE_ROW  ? block.rows
                                                 : block.columns;
    if (count && !scales) return AK_ERR_ARGUMENT;
    if (plan->axis == AK_SCALE_TENSOR) block = ak_block_joined(block);
    for (size_t i = 0; i < count; i++) scales[i] = 0.0f;
    for (size_t row = 0; row < block.rows && block.columns; row++) {
        const float *x = samples + row * block.from_stride;
        if (plan->axis == AK_SCALE_COLUMN) {
            plan->kernels->peak_each(x, scales, block.columns);
        } else {
            float *peak = plan->axis == AK_SCALE_ROW ? scales + row : scales;
            *peak = plan->kernels->peak(x, block.columns, *peak);
        }
    }
    for (size_t i = 0; i < count; i++) scales[i] /= 127.0f;
    return AK_OK;
}

/* One of the two directions; the other's pointers are NULL. */
typedef struct conversion {
    const ak_int8_kernels *kernels;
    ak_scale axis;
    const float *scales;
    const float *samples_from;
    int8_t *codes_to;
    const int8_t *codes_from;
    float *samples_to;
    ak_block block;
    size_t chunks; /* tasks of one row */
} conversion;

static void convert_task(const void *job, void *scratch, size_t task)
{
    const conversion *c = job;
    (void)scratch;
    size_t row = task / c->chunks, column = task % c->chunks * CHUNK;
    size_t count = c->block.columns - column < CHUNK ? c->block.columns - column : CHUNK;
    size_t from = row * c->block.from_stride + column, to = row * c->block.to_stride + column;
    if (c->axis == AK_SCALE_COLUMN) {
        if (c->codes_to)
            c->kernels->encode_each(c->samples_from + from, c->codes_to + to, count, c->scales + column);
        else
            c->kernels->decode_each(c->codes_from + from, c->samples_to + to, count, c->scales + column);
    } else {
        float scale = c->scales[c->axis == AK_SCALE_ROW ? row : 0];
        if (c->codes_to)
            c->kernels->encode(c->samples_from + from, c->codes_to + to, count, scale);
        else
            c->kernels->decode(c->codes_from + from, c->samples_to + to, count, scale);
    }
}

static ak_status run(const ak_int8 *plan, void *work, conversion *c)
{
    if (ak_block_empty(c->block)) return AK_OK;
    if (!c->scales) return AK_ERR_ARGUMENT;
    c->kernels = plan->kernels;
    c->axis = plan->axis;
    if (plan->axis == AK_SCALE_TENSOR) c->block = ak_block_joined(c->block);
    c->chunks = (c->block.columns + CHUNK - 1) / CHUNK;
    return ak_crew_run(plan->crew, work, convert_task, c, c->block.rows * c->chunks);
}

ak_status ak_int8_encode(const ak_int8 *plan, void *work, ak_block block, const float *samples,
                         const float *scales, int8_t *codes)
{
    if (!plan) return AK_ERR_ARGUMENT;
    ak_status status = ak_block_check(block, samples, codes);
    if (status) return status;
    return run(plan, work,
               &(conversion){.scales = scales, .samples_from = samples, .codes_to = codes, .block = block});
}

ak_status ak_int8_decode(const ak_int8 *plan, void *work, ak_block block, const int8_t *codes,
                         const float *scales, float *samples)
{
    if (!plan) return AK_ERR_ARGUMENT;
    ak_status status = ak_block_check(block, codes, samples);
    if (status) return status;
    return run(plan, work,
               &(conversion){.scales = scales, .codes_from = codes, .samples_to = samples, .block = block});
}
