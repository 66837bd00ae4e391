/* WAV files by mmap: samples come as float32, and no more of a file is read than is asked for.
 *
 * Understood are RIFF/WAVE and RF64 (EBU Tech 3306) with PCM of 8 (unsigned), 16, 24 and 32 bits and with
 * IEEE floats of 32 and 64 bits, plain or WAVE_FORMAT_EXTENSIBLE; the format stands before the samples, other
 * chunks anywhere. An integer of n bits becomes its value / 2^(n - 1), which lies in -1 .. 1; floats stay as
 * they are, those of 64 bits rounded.
 * Where a file ends before its header says, what is there counts.
 *
 * A file that another process shortens while it is mapped ends this one by SIGBUS, as with every mmap.
 */
#ifndef AUDIOKERN_WAV_H
#define AUDIOKERN_WAV_H

#include <audiokern/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ak_wav_encoding {
    AK_WAV_U8 = 0,
    AK_WAV_S16 = 1,
    AK_WAV_S24 = 2,
    AK_WAV_S32 = 3,
    AK_WAV_F32 = 4,
    AK_WAV_F64 = 5,
    AK_WAV_ENCODING_COUNT
} ak_wav_encoding;

typedef struct ak_wav_info {
    uint64_t frames; /* samples of each channel that are really there */
    uint64_t offset; /* of the first sample, in bytes from the start of the file */
    uint32_t sample_rate;
    uint32_t channels;
    ak_wav_encoding encoding;
} ak_wav_info;

/* Reads the header of the file that lies in bytes[0 .. size).
 * Errors: AK_ERR_ARGUMENT, AK_ERR_FORMAT. */
AK_API ak_status ak_wav_parse(const void *bytes, size_t size, ak_wav_info *info);

typedef struct ak_wav ak_wav;

/* Maps a file and reads its header. Errors: AK_ERR_ARGUMENT, AK_ERR_FILE (errno says more), AK_ERR_FORMAT,
 * AK_ERR_MEMORY. */
AK_API ak_status ak_wav_open(ak_wav **wav, const char *path);

AK_API ak_wav_info ak_wav_about(const ak_wav *wav);

/* Frames start .. start + frames - 1 into out, channels interleaved: frames * channels floats. Any number of
 * threads may read one file at once.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE (the file has no such frames). */
AK_API ak_status ak_wav_read(const ak_wav *wav, uint64_t start, size_t frames, float *out);

/* Unmaps it; NULL is allowed. */
AK_API void ak_wav_close(ak_wav *wav);

/* Batches of crops out of many files: a plan holds nothing but its threads. */
typedef struct ak_wav_batch ak_wav_batch;

/* options may be NULL; its isa is not used. Errors: AK_ERR_ARGUMENT, AK_ERR_MEMORY, AK_ERR_THREADS. */
AK_API ak_status ak_wav_batch_create(ak_wav_batch **plan, const ak_options *options);

/* Crop i is frames starts[i] .. starts[i] + frames - 1 of the mono file paths[i], into out[i * stride ..];
 * what lies beyond a file's end becomes zeros. Each file is opened, mapped and closed. Errors:
 * AK_ERR_ARGUMENT, AK_ERR_SIZE (stride < frames, or a file with several channels), and those of ak_wav_open;
 * *failed (NULL is allowed) is then the first crop that could not be read. */
AK_API ak_status ak_wav_batch_read(ak_wav_batch *plan, const char *const *paths, const uint64_t *starts,
                                   size_t count, size_t frames, float *out, size_t stride, size_t *failed);

AK_API void ak_wav_batch_destroy(ak_wav_batch *plan);

#ifdef __cplusplus
}
#endif
#endif
