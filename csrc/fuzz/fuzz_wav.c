#include "fuzz.h"

#include <stdio.h>
#include <unistd.h>

/* Any bytes as a file: the header alone, then mapped, its ends read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[] = "/tmp/audiokern-fuzz-XXXXXX";
    static int file = -1;
    void *exact = output_memory(size);
    if (size) memcpy(exact, data, size);
    ak_wav_info info;
    ak_status parsed = ak_wav_parse(exact, size, &info);
    free(exact);
    if (file < 0) {
        file = mkstemp(path);
        if (file < 0) abort();
        unlink(path);
    }
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    if (ftruncate(file, 0) || pwrite(file, data, size, 0) != (ssize_t)size) abort();
    ak_wav *wav;
    ak_status opened = ak_wav_open(&wav, name);
    if ((opened == AK_OK) != (parsed == AK_OK)) abort();
    if (opened) return 0;
    uint64_t frames = info.frames, part = frames < 16 ? frames : 16;
    float *out = output_memory((size_t)part * info.channels * sizeof(float));
    if (ak_wav_read(wav, 0, (size_t)part, out) || ak_wav_read(wav, frames - part, (size_t)part, out)) abort();
    if (ak_wav_read(wav, frames, 1, out) != AK_ERR_SIZE) abort();
    free(out);
    ak_wav_close(wav);
    return 0;
}
