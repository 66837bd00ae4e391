/* Plans for the sample formats: checks, and the split of a block into tasks. */
#include <audiokern/quantize.h>
#include "block.h"
#include "crew.h"
#include "memory.h"
#include "quantize.h"

#define CHUNK 4096 /* elements that threads share */
#define LINE 64    /* bytes: a task's source begins at a multiple, but for a row's first */

struct ak_quantize {
    ak_crew *crew;
    const ak_codec *codec;
    ak_format format;
};

size_t ak_format_bytes(ak_format format)
{
    switch (format) {
    case AK_FORMAT_MULAW:
    case AK_FORMAT_ULAW_G191:
    case AK_FORMAT_ULAW_SUN:
    case AK_FORMAT_ALAW:
        return 1;
    case AK_FORMAT_INT16:
    case AK_FORMAT_FLOAT16:
    case AK_FORMAT_BFLOAT16:
        return 2;
    default:
        return 0;
    }
}

static const ak_codec *codec_of(ak_format format, ak_isa isa)
{
    switch (format) {
    case AK_FORMAT_MULAW:
        AK_IF_AVX512(if (isa == AK_ISA_AVX512 && ak_cpu_icelake()) return &ak_codec_mulaw_icelake;)
        return AK_SELECT(ak_codec_mulaw, isa);
    case AK_FORMAT_ULAW_G191:
        return AK_SELECT(ak_codec_ulaw_g191, isa);
    case AK_FORMAT_ULAW_SUN:
        return AK_SELECT(ak_codec_ulaw_sun, isa);
    case AK_FORMAT_ALAW:
        return AK_SELECT(ak_codec_alaw, isa);
    case AK_FORMAT_INT16:
        return AK_SELECT(ak_codec_int16, isa);
    case AK_FORMAT_FLOAT16:
        return AK_SELECT(ak_codec_float16, isa);
    case AK_FORMAT_BFLOAT16:
        return AK_SELECT(ak_codec_bfloat16, isa);
    default:
        return NULL;
    }
}

ak_status ak_quantize_create(ak_quantize **plan, ak_format format, const ak_options *options)
{
    ak_options o = options ? *options : (ak_options){1, AK_ISA_AUTO};
    if (!plan || !ak_format_bytes(format)) return AK_ERR_ARGUMENT;
    *plan = NULL;
    ak_isa isa;
    ak_status status = ak_isa_choose(o.isa, &isa);
    if (status) return status;
    ak_quantize *p = ak_alloc(sizeof *p);
    if (!p) return AK_ERR_MEMORY;
    p->format = format;
    p->codec = codec_of(format, isa);
    status = ak_crew_create(&p->crew, o.threads, 0);
    if (status) {
        ak_quantize_destroy(p);
        return status;
    }
    *plan = p;
    return AK_OK;
}

size_t ak_quantize_work_bytes(const ak_quantize *plan)
{
    return ak_crew_scratch_bytes(plan->crew);
}

void ak_quantize_destroy(ak_quantize *plan)
{
    if (!plan) return;
    ak_crew_destroy(plan->crew);
    free(plan);
}

/* ---- one conversion of a block --------------------------------------------------------------------------
 */

typedef struct conversion {
    ak_convert convert;
    const unsigned char *from;
    unsigned char *to;
    size_t from_size, to_size; /* bytes of an element */
    ak_block block;
} conversion;

/* Where task number `block` of a row begins. */
static size_t begin_of(const conversion *c, const unsigned char *row, size_t block)
{
    size_t skew = (0 - (uintptr_t)row) % LINE / c->from_size, column = block ? block * CHUNK + skew : 0;
    return column < c->block.columns ? column : c->block.columns;
}

static void convert_walk(const void *job, void *scratch, ak_share *share)
{
    const conversion *c = job;
    (void)scratch;
    ak_place at;
    for (size_t blocks; (blocks = ak_share_run(share, &at));) {
        const unsigned char *row = c->from + at.row * c->block.from_stride * c->from_size;
        size_t begin = begin_of(c, row, at.block);
        c->convert(row + begin * c->from_size, c->to + (at.row * c->block.to_stride + begin) * c->to_size,
                   begin_of(c, row, at.block + blocks) - begin);
    }
}

static ak_status run(const ak_quantize *plan, void *work, conversion *c)
{
    if (!plan || !c->convert) return AK_ERR_ARGUMENT;
    ak_status status = ak_block_check(c->block, c->from, c->to);
    if (status || ak_block_empty(c->block)) return status;
    c->block = ak_block_joined(c->block);
    return ak_crew_walk(plan->crew, work, convert_walk, c, c->block.rows, (c->block.columns - 1) / CHUNK + 1,
                        1);
}

ak_status ak_quantize_encode(const ak_quantize *plan, void *work, ak_block block, const float *samples,
                             void *codes)
{
    if (!plan) return AK_ERR_ARGUMENT;
    return run(plan, work,
               &(conversion){.convert = plan->codec->encode,
                             .from = (const void *)samples,
                             .to = codes,
                             .from_size = sizeof(float),
                             .to_size = ak_format_bytes(plan->format),
                             .block = block});
}

ak_status ak_quantize_decode(const ak_quantize *plan, void *work, ak_block block, const void *codes,
                             float *samples)
{
    if (!plan) return AK_ERR_ARGUMENT;
    return run(plan, work,
               &(conversion){.convert = plan->codec->decode,
                             .from = codes,
                             .to = (void *)samples,
                             .from_size = ak_format_bytes(plan->format),
                             .to_size = sizeof(float),
                             .block = block});
}

ak_status ak_quantize_encode_i16(const ak_quantize *plan, void *work, ak_block block, const int16_t *pcm,
                                 uint8_t *codes)
{
    if (!plan) return AK_ERR_ARGUMENT;
    return run(plan, work,
               &(conversion){.convert = plan->codec->encode_i16,
                             .from = (const void *)pcm,
                             .to = codes,
                             .from_size = sizeof(int16_t),
                             .to_size = 1,
                             .block = block});
}

ak_status ak_quantize_decode_i16(const ak_quantize *plan, void *work, ak_block block, const uint8_t *codes,
                                 int16_t *pcm)
{
    if (!plan) return AK_ERR_ARGUMENT;
    return run(plan, work,
               &(conversion){.convert = plan->codec->decode_i16,
                             .from = codes,
                             .to = (void *)pcm,
                             .from_size = 1,
                             .to_size = sizeof(int16_t),
                             .block = block});
}
