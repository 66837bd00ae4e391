/* Mapped WAV files and crops of them: see wav.h. The header is read in wav_header.c. */
#include <audiokern/wav.h>
#include "crew.h"
#include "memory.h"
#include "wav.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct ak_wav {
    const unsigned char *bytes;
    size_t size;
    ak_wav_info info;
};

struct ak_wav_batch {
    ak_crew *crew;
};

static ak_status map(ak_wav *wav, const char *path)
{
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return AK_ERR_FILE;
    ak_status status = AK_ERR_FILE;
    if (fstat(file, &about) == 0) {
        wav->size = (size_t)about.st_size;
        if (S_ISREG(about.st_mode))
            status = wav->size ? AK_OK : AK_ERR_FORMAT;
        else
            errno = S_ISDIR(about.st_mode) ? EISDIR : ENODEV; /* as opening and mapping others would say */
    }
    if (status == AK_OK) {
        void *p = mmap(NULL, wav->size, PROT_READ, MAP_PRIVATE, file, 0);
        wav->bytes = p;
        if (p == MAP_FAILED) status = AK_ERR_FILE;
    }
    close(file);
    if (status != AK_OK) return status;
    status = ak_wav_parse(wav->bytes, wav->size, &wav->info);
    if (status != AK_OK) munmap((void *)wav->bytes, wav->size);
    return status;
}

ak_status ak_wav_open(ak_wav **wav, const char *path)
{
    if (!wav || !path) return AK_ERR_ARGUMENT;
    *wav = NULL;
    ak_wav *made = ak_alloc(sizeof *made);
    if (!made) return AK_ERR_MEMORY;
    ak_status status = map(made, path);
    if (status != AK_OK) {
        free(made);
        return status;
    }
    *wav = made;
    return AK_OK;
}

ak_wav_info ak_wav_about(const ak_wav *wav)
{
    return wav ? wav->info : (ak_wav_info){0};
}

ak_status ak_wav_read(const ak_wav *wav, uint64_t start, size_t frames, float *out)
{
    if (!wav || (!out && frames)) return AK_ERR_ARGUMENT;
    const ak_wav_info *info = &wav->info;
    if (start > info->frames || frames > info->frames - start) return AK_ERR_SIZE;
    size_t frame = (size_t)info->channels * ak_wav_bytes(info->encoding);
    ak_wav_convert(info->encoding, wav->bytes + info->offset + start * frame, frames * info->channels, out);
    return AK_OK;
}

void ak_wav_close(ak_wav *wav)
{
    if (!wav) return;
    munmap((void *)wav->bytes, wav->size);
    free(wav);
}

typedef struct crops {
    const char *const *paths;
    const uint64_t *starts;
    size_t frames, stride;
    float *out;
    _Atomic size_t *failed; /* the first crop that could not be read */
} crops;

static ak_status crop(const crops *job, size_t i)
{
    ak_wav wav;
    ak_status status = job->paths[i] ? map(&wav, job->paths[i]) : AK_ERR_ARGUMENT;
    if (status != AK_OK) return status;
    float *out = job->out + i * job->stride;
    uint64_t start = job->starts[i] < wav.info.frames ? job->starts[i] : wav.info.frames;
    uint64_t left = wav.info.frames - start;
    size_t there = left < job->frames ? (size_t)left : job->frames;
    status = wav.info.channels == 1 ? ak_wav_read(&wav, start, there, out) : AK_ERR_SIZE;
    if (status == AK_OK) memset(out + there, 0, (job->frames - there) * sizeof *out);
    munmap((void *)wav.bytes, wav.size);
    return status;
}

static void crop_task(const void *argument, void *scratch, size_t task)
{
    const crops *job = argument;
    (void)scratch;
    if (crop(job, task) == AK_OK) return;
    size_t first = atomic_load(job->failed);
    while (task < first && !atomic_compare_exchange_weak(job->failed, &first, task)) {
    }
}

ak_status ak_wav_batch_create(ak_wav_batch **plan, const ak_options *options)
{
    if (!plan) return AK_ERR_ARGUMENT;
    *plan = NULL;
    ak_wav_batch *made = ak_alloc(sizeof *made);
    if (!made) return AK_ERR_MEMORY;
    ak_status status = ak_crew_create(&made->crew, options ? options->threads : 1, 0);
    if (status != AK_OK) {
        free(made);
        return status;
    }
    *plan = made;
    return AK_OK;
}

ak_status ak_wav_batch_read(ak_wav_batch *plan, const char *const *paths, const uint64_t *starts,
                            size_t count, size_t frames, float *out, size_t stride, size_t *failed)
{
    if (!plan || (count && (!paths || !starts || (!out && frames)))) return AK_ERR_ARGUMENT;
    if (stride < frames) return AK_ERR_SIZE;
    _Atomic size_t first = SIZE_MAX;
    crops job = {paths, starts, frames, stride, out, &first};
    ak_crew_run(plan->crew, NULL, crop_task, &job, count);
    size_t bad = atomic_load(&first);
    if (bad == SIZE_MAX) return AK_OK;
    if (failed) *failed = bad;
    ak_status status = crop(&job, bad); /* once more, for the reason */
    return status == AK_OK ? AK_ERR_FILE : status;
}

void ak_wav_batch_destroy(ak_wav_batch *plan)
{
    if (!plan) return;
    ak_crew_destroy(plan->crew);
    free(plan);
}
