/* WAV files: what was written comes back, and what is no WAV file is refused. */
#include "check.h"

#include <errno.h>
#include <unistd.h>

enum { FRAMES = 1000, HEADER = 44 };

static unsigned char *file_of(int frames)
{
    unsigned char *bytes = check_memory((size_t)(HEADER + 2 * frames));
    static const unsigned char header[HEADER] = {
        'R', 'I', 'F',  'F',  0, 0, 0, 0,    'W', 'A', 'V', 'E', 'f', 'm', 't', ' ', 16,  0,   0, 0, 1, 0,
        1,   0,   0x80, 0x3e, 0, 0, 0, 0x7d, 0,   0,   2,   0,   16,  0,   'd', 'a', 't', 'a', 0, 0, 0, 0};
    memcpy(bytes, header, HEADER);
    bytes[40] = (unsigned char)(2 * frames), bytes[41] = (unsigned char)(2 * frames >> 8);
    for (int i = 0; i < frames; i++)
        bytes[HEADER + 2 * i] = (unsigned char)i, bytes[HEADER + 2 * i + 1] = (unsigned char)(i >> 8);
    return bytes;
}

static void check_parse(void)
{
    unsigned char *bytes = file_of(FRAMES);
    ak_wav_info info;
    CHECK(ak_wav_parse(bytes, HEADER + 2 * FRAMES, &info) == AK_OK);
    CHECK(info.frames == FRAMES && info.channels == 1 && info.sample_rate == 16000);
    CHECK(info.encoding == AK_WAV_S16 && info.offset == HEADER);
    CHECK(ak_wav_parse(bytes, HEADER + 101, &info) == AK_OK && info.frames == 50);
    for (size_t size = 0; size < HEADER; size++) {
        unsigned char *part = check_memory(size); /* of exactly that size: one step beyond is seen */
        memcpy(part, bytes, size);
        CHECK(ak_wav_parse(part, size, &info) == AK_ERR_FORMAT);
        free(part);
    }
    CHECK(ak_wav_parse(NULL, 0, &info) == AK_ERR_ARGUMENT);
    free(bytes);
}

void check_wav(const ak_options *options)
{
    char path[] = "/tmp/audiokern-check-XXXXXX";
    int file = mkstemp(path);
    unsigned char *bytes = file_of(FRAMES);
    CHECK(file >= 0 && write(file, bytes, HEADER + 2 * FRAMES) == HEADER + 2 * FRAMES);
    close(file);
    check_parse();
    ak_wav *wav;
    float *out = check_memory(7 * FRAMES * sizeof *out);
    CHECK(ak_wav_open(&wav, path) == AK_OK);
    CHECK(ak_wav_about(wav).frames == FRAMES);
    CHECK(ak_wav_read(wav, 10, FRAMES - 10, out) == AK_OK);
    for (int i = 0; i < FRAMES - 10; i++) CHECK(out[i] == (float)(i + 10) / 32768);
    CHECK(ak_wav_read(wav, 10, FRAMES - 9, out) == AK_ERR_SIZE);
    CHECK(ak_wav_read(wav, FRAMES + 1, 0, out) == AK_ERR_SIZE);
    ak_wav_close(wav);
    CHECK(ak_wav_open(&wav, "/nowhere/at/all.wav") == AK_ERR_FILE && !wav);
    errno = 0;
    CHECK(ak_wav_open(&wav, "/tmp") == AK_ERR_FILE && errno == EISDIR);
    CHECK(ak_wav_open(&wav, "/dev/null") == AK_ERR_FILE && errno == ENODEV);

    const char *paths[7] = {path, path, path, path, path, path, path};
    uint64_t starts[7] = {0, 1, 2, 900, 999, 1000, UINT64_MAX};
    size_t failed = 99;
    ak_wav_batch *plan;
    CHECK(ak_wav_batch_create(&plan, options) == AK_OK);
    CHECK(ak_wav_batch_read(plan, paths, starts, 7, 100, out, 101, &failed) == AK_OK && failed == 99);
    for (size_t i = 0; i < 7; i++)
        for (size_t t = 0; t < 100; t++)
            CHECK(out[i * 101 + t] == (starts[i] < FRAMES - t ? (float)(starts[i] + t) / 32768 : 0));
    paths[4] = "/nowhere";
    CHECK(ak_wav_batch_read(plan, paths, starts, 7, 100, out, 101, &failed) == AK_ERR_FILE && failed == 4);
    CHECK(ak_wav_batch_read(plan, paths, starts, 7, 100, out, 99, NULL) == AK_ERR_SIZE);
    ak_wav_batch_destroy(plan);
    unlink(path);
    free(bytes);
    free(out);
}
