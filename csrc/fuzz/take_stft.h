/* An STFT's configuration out of the fuzzer's bytes. */
#ifndef AK_TAKE_STFT_H
#define AK_TAKE_STFT_H

#include "fuzz.h"

/* The window, where there is one, is for the caller to free. */
static inline ak_stft_config take_stft(bytes *b, float **window)
{
    ak_stft_config c = {.n_fft = (int)take_size(b, 300) - 1,
                        .hop = (int)take_size(b, 120) - 1,
                        .win_length = (int)take_size(b, 310) - 2,
                        .window_first = take(b) % 8 == 0,
                        .center = (ak_center)take_enum(b, 4),
                        .pad = (ak_pad)take_enum(b, 3),
                        .pad_value = take(b) % 4 ? 0 : take_float(b)};
    int length = c.win_length > 0 ? c.win_length : c.n_fft;
    *window = take(b) % 2 && length > 0 ? take_memory(b, (size_t)length * sizeof(float)) : NULL;
    c.window = *window;
    return c;
}

#endif
