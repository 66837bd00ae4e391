/* Resampling: constants stay what they are, and streams give the bits of the whole. */
#include "check.h"

static const int rates[][2] = {{48000, 16000}, {44100, 16000}, {16000, 24000}, {48000, 44100},
                               {1, 1},         {7, 5},         {44100, 44101}, {1, 20}};
enum { RATES = sizeof rates / sizeof *rates };

static ak_resample *plan_of(int pair, ak_resample_quality quality, const ak_options *options)
{
    ak_resample_config config = {.rate_in = rates[pair][0], .rate_out = rates[pair][1], .quality = quality};
    ak_resample *plan;
    CHECK(ak_resample_create(&plan, &config, options) == AK_OK);
    return plan;
}

static void check_constant(const ak_resample *plan, size_t channels, size_t samples)
{
    size_t length = ak_resample_length(plan, samples);
    float *x = check_memory(channels * samples * sizeof(float)),
          *y = check_memory(channels * length * sizeof(float));
    for (size_t i = 0; i < channels * samples; i++) x[i] = 0.5f;
    CHECK(ak_resample_execute(plan, NULL, channels, samples, x, samples, y, length) == AK_OK);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = length / 3; i < length - length / 3; i++)
            CHECK(samples < 6 * ak_resample_reach(plan) || fabsf(y[c * length + i] - 0.5f) < 1e-3f);
    free(y);
    free(x);
}

void check_resample(const ak_options *options)
{
    for (int pair = 0; pair < RATES; pair++)
        for (int quality = 0; quality < AK_RESAMPLE_CUSTOM; quality++) {
            ak_resample *plan = plan_of(pair, (ak_resample_quality)quality, options);
            check_constant(plan, 1, 1);
            check_constant(plan, 2, 777);
            check_constant(plan, 1,
                           rates[pair][1] > 10 * rates[pair][0] ? 5001 : 60001); /* enough for the FFT */
            ak_resample_destroy(plan);
        }
}

static void check_stream(const ak_resample *plan, size_t channels, size_t samples, unsigned seed)
{
    size_t length = ak_resample_length(plan, samples), taken = 0, given = 0, wrote;
    float *x = check_memory(channels * samples * sizeof(float)),
          *whole = check_memory(channels * length * sizeof(float));
    float *y = check_memory(channels * length * sizeof(float));
    check_noise(x, channels * samples, seed);
    ak_resample_stream *stream;
    CHECK(ak_resample_stream_create(&stream, plan, channels) == AK_OK);
    CHECK(ak_resample_stream_write(stream, samples, x, samples, whole, length, &wrote) == AK_OK);
    CHECK(ak_resample_stream_flush(stream, whole + wrote, length, NULL) == AK_OK);
    while (taken < samples) {
        size_t piece = 1 + (seed = seed * 1103515245u + 12345u) / 65536 % 700;
        if (piece > samples - taken) piece = samples - taken;
        size_t ready = ak_resample_stream_ready(stream, piece);
        CHECK(ak_resample_stream_write(stream, piece, x + taken, samples, y + given, length, &wrote) ==
              AK_OK);
        CHECK(wrote == ready);
        taken += piece;
        given += wrote;
    }
    CHECK(given + ak_resample_stream_rest(stream) == length);
    CHECK(ak_resample_stream_flush(stream, y + given, length, NULL) == AK_OK);
    CHECK(memcmp(y, whole, channels * length * sizeof(float)) == 0);
    ak_resample_stream_destroy(stream);
    free(y);
    free(whole);
    free(x);
}

void check_streams(const ak_options *options)
{
    for (int pair = 0; pair < RATES; pair++)
        for (int quality = AK_RESAMPLE_LOW; quality < AK_RESAMPLE_CUSTOM; quality++) {
            ak_resample *plan = plan_of(pair, (ak_resample_quality)quality, options);
            check_stream(plan, 1, 5003, 7);
            check_stream(plan, 3, 1200, 8);
            ak_resample_destroy(plan);
        }
}
