#include "fuzz.h"

static void whole(const ak_resample *plan, bytes *b)
{
    size_t channels = take_size(b, 3), samples = take_size(b, 5000),
           length = ak_resample_length(plan, samples);
    float *x = take_memory(b, channels * samples * sizeof(float));
    float *y = output_memory(channels * length * sizeof(float));
    ak_resample_execute(plan, NULL, channels, samples, x, samples, y, length);
    free(y);
    free(x);
}

/* Writes pieces of any size; what a write says that it gives is all that it gets room for. */
static void stream(const ak_resample *plan, bytes *b)
{
    size_t channels = take_size(b, 3);
    ak_resample_stream *s;
    if (ak_resample_stream_create(&s, plan, channels)) return;
    for (int i = 0; i < 8; i++) {
        size_t samples = take_size(b, 700), ready = ak_resample_stream_ready(s, samples), wrote;
        float *x = take_memory(b, channels * samples * sizeof(float));
        float *y = output_memory(channels * ready * sizeof(float));
        if (ak_resample_stream_write(s, samples, x, samples, y, ready, &wrote) || wrote != ready) abort();
        free(y);
        free(x);
        if (take(b) % 8 == 0) ak_resample_stream_reset(s);
    }
    size_t rest = ak_resample_stream_rest(s), wrote;
    float *y = output_memory(channels * rest * sizeof(float));
    if (ak_resample_stream_flush(s, y, rest, &wrote) || wrote != rest) abort();
    ak_resample_stream_destroy(s);
    free(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes b = {data, size};
    ak_options options = take_options(&b);
    ak_resample_config c = {.rate_in = (int)take_size(&b, 400) - 1,
                            .rate_out = (int)take_size(&b, 400) - 1,
                            .quality = (ak_resample_quality)take_enum(&b, AK_RESAMPLE_QUALITY_COUNT),
                            .passband = take(&b) / 200.0,
                            .stopband = take(&b) / 200.0,
                            .attenuation = take(&b),
                            .method = (ak_resample_method)take_enum(&b, AK_RESAMPLE_METHOD_COUNT)};
    if (take(&b) % 16 == 0) c.passband = take_float(&b);
    ak_resample *plan;
    if ((double)c.rate_out > 30.0 * c.rate_in) return 0; /* valid, but slow to fuzz */
    if (ak_resample_create(&plan, &c, &options)) return 0;
    if (take(&b) % 2)
        whole(plan, &b);
    else
        stream(plan, &b);
    ak_resample_destroy(plan);
    return 0;
}
