/* One plan in several threads at once, with a workspace each and with the plan's own: what the thread
 * sanitizer is to look at. */
#include "check.h"

#include <pthread.h>

enum { CALLERS = 4, SAMPLES = 4000, VECTORS = 250, DIM = 16 };

typedef struct shared {
    const ak_stft_plan *stft;
    const ak_resample *resample;
    const ak_quantize *quantize;
    const ak_vq *vq;
    const float *x;
} shared;

typedef struct caller {
    pthread_t thread;
    const shared *plans;
    int owns_work;
} caller;

static void *call_all(void *argument)
{
    const caller *c = argument;
    const shared *p = c->plans;
    size_t length = ak_resample_length(p->resample, SAMPLES);
    float *y = check_memory(length * sizeof(float)), *spectrum = check_memory(26 * 129 * 2 * sizeof(float));
    unsigned char *codes = check_memory(SAMPLES);
    int32_t *indices = check_memory(VECTORS * sizeof *indices);
    void *work[4] = {NULL, NULL, NULL, NULL};
    if (c->owns_work) {
        work[0] = check_work(ak_stft_work_bytes(p->stft));
        work[1] = check_work(ak_resample_work_bytes(p->resample));
        work[2] = check_work(ak_quantize_work_bytes(p->quantize));
        work[3] = check_work(ak_vq_work_bytes(p->vq));
    }
    for (int round = 0; round < 3; round++) {
        CHECK(ak_stft_execute(p->stft, p->x, 1, SAMPLES - 160, 0, spectrum, 0, 129, work[0]) == AK_OK);
        CHECK(ak_resample_execute(p->resample, work[1], 1, SAMPLES, p->x, 0, y, 0) == AK_OK);
        CHECK(ak_quantize_encode(p->quantize, work[2], (ak_block){1, SAMPLES, 0, 0}, p->x, codes) == AK_OK);
        CHECK(ak_vq_encode(p->vq, work[3], VECTORS, p->x, DIM, 1, indices, (ak_vq_layout){1, 0}) == AK_OK);
    }
    for (int i = 0; i < 4; i++) free(work[i]);
    free(indices);
    free(codes);
    free(spectrum);
    free(y);
    return NULL;
}

void check_sharing(const ak_options *options)
{
    float *x = check_memory(SAMPLES * sizeof(float));
    ak_stft_config stft = {.n_fft = 256, .hop = 160, .center = AK_CENTER_FRAME};
    ak_resample_config resample = {.rate_in = 3, .rate_out = 2, .quality = AK_RESAMPLE_FAST};
    ak_stft_plan *s;
    ak_resample *r;
    ak_quantize *q;
    ak_vq *v;
    check_noise(x, SAMPLES, 10);
    CHECK(ak_stft_create(&s, &stft, options) == AK_OK);
    CHECK(ak_resample_create(&r, &resample, options) == AK_OK);
    CHECK(ak_quantize_create(&q, AK_FORMAT_MULAW, options) == AK_OK);
    CHECK(ak_vq_create(&v, 1, 100, DIM, x, options) == AK_OK);
    shared plans = {s, r, q, v, x};
    caller callers[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (caller){.plans = &plans, .owns_work = i % 2};
        CHECK(pthread_create(&callers[i].thread, NULL, call_all, &callers[i]) == 0);
    }
    for (int i = 0; i < CALLERS; i++) pthread_join(callers[i].thread, NULL);
    ak_vq_destroy(v);
    ak_quantize_destroy(q);
    ak_resample_destroy(r);
    ak_stft_destroy(s);
    free(x);
}
