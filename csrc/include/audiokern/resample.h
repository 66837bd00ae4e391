/* Resampling by any rational ratio with a linear-phase filter, whole signals or streams.
 *
 * Output sample n lies at the time of input sample n * rate_in / rate_out: there is no delay. The signal is
 * taken as zero outside its ends. n input samples give ceil(n * rate_out / rate_in) output samples.
 */
#ifndef AUDIOKERN_RESAMPLE_H
#define AUDIOKERN_RESAMPLE_H

#include <audiokern/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Frequencies are fractions of the Nyquist frequency of the lower of the two rates. The Kaiser-windowed
 * filters are within 10^(-attenuation / 20) of 1 up to the passband's end, and that far down from the
 * stopband's start, images and aliases alike. */
typedef enum ak_resample_quality {
    AK_RESAMPLE_LOW = 0,  /* sinc under a Hann window, 6 zero crossings, rolloff 0.99: torchaudio's default */
    AK_RESAMPLE_FAST = 1, /* 100 dB, passband 0.90, stopband 1 */
    AK_RESAMPLE_HQ = 2,   /* 125 dB, passband 0.9255, stopband 1: -0.1 dB at 0.94 */
    AK_RESAMPLE_VHQ =
        3, /* 150 dB, passband 0.9255, stopband 1; sums in float64, rounded to float32 at the end */
    AK_RESAMPLE_CUSTOM = 4,
    AK_RESAMPLE_QUALITY_COUNT
} ak_resample_quality;

/* How whole signals are computed; streams always use the direct filter. */
typedef enum ak_resample_method {
    AK_RESAMPLE_AUTO = 0,   /* blocks by FFT where that is faster, else the direct filter */
    AK_RESAMPLE_DIRECT = 1, /* the direct filter: the bits that a stream gives */
    AK_RESAMPLE_METHOD_COUNT
} ak_resample_method;

typedef struct ak_resample_config {
    int rate_in, rate_out; /* > 0; only their ratio counts */
    ak_resample_quality quality;
    /* For AK_RESAMPLE_CUSTOM only. attenuation in dB, 20 .. 180; above 130 dB the sums are float64. */
    double passband, stopband; /* 0 < passband < stopband <= 2 - passband */
    double attenuation;
    ak_resample_method method;
} ak_resample_config;

typedef struct ak_resample ak_resample;

/* options may be NULL.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE (a filter of more than 256 MiB: ratios of ten thousand and more),
 * AK_ERR_MEMORY, AK_ERR_THREADS, AK_ERR_ISA_*. */
AK_API ak_status ak_resample_create(ak_resample **plan, const ak_resample_config *config,
                                    const ak_options *options);

/* Output samples for a whole signal of `samples` input samples; 0 where that does not fit a size_t. */
AK_API size_t ak_resample_length(const ak_resample *plan, size_t samples);

/* Input samples on each side of an output sample's time that count in it. */
AK_API size_t ak_resample_reach(const ak_resample *plan);

/* Bytes of a workspace (see common.h). */
AK_API size_t ak_resample_work_bytes(const ak_resample *plan);

/* Resamples `channels` signals of `samples` each. Channel c is in[c * in_stride ..] and goes to
 * out[c * out_stride ..], ak_resample_length(plan, samples) samples. in and out must not overlap.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE (a stride below the length, with more than one channel; a length that
 * does not fit), AK_ERR_ALIGNMENT. */
AK_API ak_status ak_resample_execute(const ak_resample *plan, void *work, size_t channels, size_t samples,
                                     const float *in, size_t in_stride, float *out, size_t out_stride);

AK_API void ak_resample_destroy(ak_resample *plan);

/* ---- streams ----------------------------------------------------------------------------------------------
 *
 * A stream resamples a signal that arrives in pieces of any size. All its outputs together are the very bits
 * that AK_RESAMPLE_DIRECT gives for the whole signal, however it was cut; where AK_RESAMPLE_AUTO takes the
 * FFT, the two differ by the filter's stopband and float32's rounding, below -(attenuation) dB of the signal.
 * An output appears once ak_resample_reach() input samples beyond its time have arrived and the group of 16
 * outputs that it belongs to is complete. A stream belongs to one thread at a time; it needs its plan as long
 * as it lives. */
typedef struct ak_resample_stream ak_resample_stream;

/* Errors: AK_ERR_ARGUMENT (channels is 0), AK_ERR_MEMORY. */
AK_API ak_status ak_resample_stream_create(ak_resample_stream **stream, const ak_resample *plan,
                                           size_t channels);

/* The most output samples that a stream still owes beyond its input's time, its delay. */
AK_API size_t ak_resample_stream_delay(const ak_resample_stream *stream);

/* How many output samples the next `samples` input samples will give. */
AK_API size_t ak_resample_stream_ready(const ak_resample_stream *stream, size_t samples);

/* Takes `samples` input samples of each channel and writes the ak_resample_stream_ready(stream, samples)
 * outputs of each channel that they complete; *written (may be NULL) is that number.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE (strides); after an error the stream is as before. */
AK_API ak_status ak_resample_stream_write(ak_resample_stream *stream, size_t samples, const float *in,
                                          size_t in_stride, float *out, size_t out_stride, size_t *written);

/* How many output samples the flush will give. */
AK_API size_t ak_resample_stream_rest(const ak_resample_stream *stream);

/* Ends the signal: writes the outputs that are still owed, ak_resample_stream_rest() of them, and makes the
 * stream ready for another signal. */
AK_API ak_status ak_resample_stream_flush(ak_resample_stream *stream, float *out, size_t out_stride,
                                          size_t *written);

/* Forgets all input. */
AK_API void ak_resample_stream_reset(ak_resample_stream *stream);

AK_API void ak_resample_stream_destroy(ak_resample_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
