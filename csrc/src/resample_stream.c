/* Streams: the input that outputs still need, kept between writes.
 *
 * The buffer of a channel holds samples start .. received - 1 of the signal. Outputs come in whole groups, so
 * that the sums are those of the whole signal, bit for bit.
 */
#include "memory.h"
#include "resample.h"

#define LEAST_PIECE 4096 /* samples taken into the buffer at once */
#define MOST_PIECE 65536

struct ak_resample_stream {
    const ak_resample *plan;
    size_t channels, capacity; /* of a channel's buffer */
    int64_t start, received;   /* inputs */
    int64_t written;           /* outputs, a multiple of AK_GROUP */
    float *buffers;
};

/* Enough input at once for the direct filter to run several periods together. */
static size_t piece_of(const ak_filter *f)
{
    int64_t wanted = f->period_in < MOST_PIECE / AK_PERIODS ? AK_PERIODS * f->period_in : MOST_PIECE;
    return wanted < LEAST_PIECE ? LEAST_PIECE : (size_t)wanted;
}

ak_status ak_resample_stream_create(ak_resample_stream **stream, const ak_resample *plan, size_t channels)
{
    if (!stream || !plan || !channels) return AK_ERR_ARGUMENT;
    *stream = NULL;
    size_t capacity = plan->filter.window + (size_t)(plan->filter.down / plan->filter.up) + 1;
    capacity = ak_round_up(capacity + piece_of(&plan->filter), AK_ALIGN / sizeof(float));
    if (channels > SIZE_MAX / 4 / sizeof(float) / capacity) return AK_ERR_MEMORY;
    ak_resample_stream *s = ak_alloc(sizeof *s);
    if (!s) return AK_ERR_MEMORY;
    s->plan = plan;
    s->channels = channels;
    s->capacity = capacity;
    s->buffers = ak_alloc(channels * capacity * sizeof(float));
    if (!s->buffers) {
        ak_resample_stream_destroy(s);
        return AK_ERR_MEMORY;
    }
    *stream = s;
    return AK_OK;
}

void ak_resample_stream_destroy(ak_resample_stream *s)
{
    if (!s) return;
    free(s->buffers);
    free(s);
}

void ak_resample_stream_reset(ak_resample_stream *s)
{
    s->start = s->received = s->written = 0;
}

size_t ak_resample_stream_delay(const ak_resample_stream *s)
{
    return (size_t)ak_resample_outputs(&s->plan->filter, s->plan->filter.reach) + AK_GROUP;
}

/* The end of the last group that `received` inputs complete: output n needs the inputs up to
 * floor(n * down / up) + reach. */
static int64_t complete(const ak_resample_stream *s, int64_t received)
{
    int64_t reach = (int64_t)s->plan->filter.reach;
    if (received <= reach) return 0;
    return ak_resample_outputs(&s->plan->filter, (size_t)(received - reach)) / AK_GROUP * AK_GROUP;
}

static int fits(const ak_resample_stream *s, size_t samples)
{
    return samples <= (size_t)(INT64_MAX - s->received) &&
           ak_resample_outputs(&s->plan->filter, (size_t)s->received + samples) >= 0;
}

size_t ak_resample_stream_ready(const ak_resample_stream *s, size_t samples)
{
    return fits(s, samples) ? (size_t)(complete(s, s->received + (int64_t)samples) - s->written) : 0;
}

size_t ak_resample_stream_rest(const ak_resample_stream *s)
{
    return (size_t)(ak_resample_outputs(&s->plan->filter, (size_t)s->received) - s->written);
}

static float *buffer_of(const ak_resample_stream *s, size_t channel)
{
    return s->buffers + channel * s->capacity;
}

static void outputs(const ak_resample_stream *s, int64_t to, float *out, size_t out_stride)
{
    for (size_t c = 0; c < s->channels; c++) {
        ak_stretch in = {buffer_of(s, c), s->start, s->received};
        ak_resample_direct(s->plan, in, s->written, to, out + c * out_stride);
    }
}

/* Drops the input that no later output needs. */
static void advance(ak_resample_stream *s)
{
    int64_t between, needed = ak_filter_first(&s->plan->filter, s->written, &between);
    if (needed > s->received) needed = s->received;
    if (needed <= s->start) return;
    size_t keep = (size_t)(s->received - needed);
    for (size_t c = 0; c < s->channels; c++) {
        float *b = buffer_of(s, c);
        memmove(b, b + (needed - s->start), keep * sizeof(float));
    }
    s->start = needed;
}

static void append(ak_resample_stream *s, size_t samples, const float *in, size_t in_stride)
{
    size_t held = (size_t)(s->received - s->start);
    for (size_t c = 0; c < s->channels; c++)
        memcpy(buffer_of(s, c) + held, in + c * in_stride, samples * sizeof(float));
    s->received += (int64_t)samples;
}

ak_status ak_resample_stream_write(ak_resample_stream *s, size_t samples, const float *in, size_t in_stride,
                                   float *out, size_t out_stride, size_t *written)
{
    if (written) *written = 0;
    if (!s || (samples && !in)) return AK_ERR_ARGUMENT;
    if (!fits(s, samples)) return AK_ERR_SIZE;
    size_t ready = ak_resample_stream_ready(s, samples);
    if (ready && !out) return AK_ERR_ARGUMENT;
    if (s->channels > 1 && (in_stride < samples || out_stride < ready)) return AK_ERR_SIZE;
    while (samples) {
        size_t space = s->capacity - (size_t)(s->received - s->start);
        size_t piece = samples < space ? samples : space;
        append(s, piece, in, in_stride);
        int64_t to = complete(s, s->received);
        outputs(s, to, out, out_stride);
        if (out) out += to - s->written;
        s->written = to;
        advance(s);
        in += piece;
        samples -= piece;
    }
    if (written) *written = ready;
    return AK_OK;
}

ak_status ak_resample_stream_flush(ak_resample_stream *s, float *out, size_t out_stride, size_t *written)
{
    if (written) *written = 0;
    if (!s) return AK_ERR_ARGUMENT;
    size_t rest = ak_resample_stream_rest(s);
    if (rest && !out) return AK_ERR_ARGUMENT;
    if (s->channels > 1 && out_stride < rest) return AK_ERR_SIZE;
    if (rest) outputs(s, s->written + (int64_t)rest, out, out_stride);
    if (written) *written = rest;
    ak_resample_stream_reset(s);
    return AK_OK;
}
