/* What wav.c and wav_header.c share. */
#ifndef AK_WAV_SOURCE_H
#define AK_WAV_SOURCE_H

#include <audiokern/wav.h>

/* Bytes of one sample. */
size_t ak_wav_bytes(ak_wav_encoding encoding);

/* count samples at `from`, of any alignment, little-endian, to floats. */
void ak_wav_convert(ak_wav_encoding encoding, const unsigned char *from, size_t count, float *to);

#endif
