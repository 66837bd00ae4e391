/* Timing of the loops in kernels/limits_kernels.c: many short repetitions, the best and the median. */
#include <audiokern/limits.h>
#include "limits.h"
#include "crew.h"
#include "memory.h"

#include <time.h>

#define MAX_REPETITIONS 4096
#define SHORTEST 2e-3 /* seconds of one repetition: the clock and the crew's wake-up vanish in it */

typedef struct probe {
    const ak_limit_kernels *kernels;
    int kind; /* an ak_traffic, FMA or ADD */
    size_t rounds;
    size_t floats;        /* of each buffer */
    float *from, *to;     /* one buffer per thread, behind one another */
    volatile float *sink; /* one per thread, so that no loop is optimised away */
} probe;

enum { FMA = -1, ADD = -2 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void probe_task(const void *job, void *scratch, size_t task)
{
    const probe *p = job;
    (void)scratch;
    const float *from = p->from + task * p->floats;
    float *to = p->to + task * p->floats;
    float sum = 0;
    if (p->kind == FMA) sum = p->kernels->fma(p->rounds);
    if (p->kind == ADD) sum = p->kernels->add(p->rounds);
    for (size_t i = 0; p->kind >= 0 && i < p->rounds; i++) {
        switch (p->kind) {
        case AK_TRAFFIC_READ:
            sum += p->kernels->read(from, p->floats);
            break;
        case AK_TRAFFIC_COPY:
            p->kernels->copy(to, from, p->floats);
            break;
        default:
            p->kernels->stream(to, from, p->floats);
            break;
        }
        __asm__ volatile("" ::: "memory"); /* every round really happens */
    }
    p->sink[task * (AK_ALIGN / sizeof(float))] = sum;
}

static double time_once(ak_crew *crew, const probe *p)
{
    double start = now();
    ak_crew_run(crew, NULL, probe_task, p, (size_t)ak_crew_threads(crew));
    return now() - start;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* unit: work of one round of one thread, in 1e9 (operations or bytes). */
static ak_status measure(ak_crew *crew, probe *p, double unit, double seconds, ak_limit *result)
{
    double *rate = ak_alloc(MAX_REPETITIONS * sizeof *rate);
    if (!rate) return AK_ERR_MEMORY;
    p->rounds = 1;
    double took;
    while ((took = time_once(crew, p)) < SHORTEST && p->rounds < SIZE_MAX / 4) p->rounds *= 2;
    int n = 0;
    for (double end = now() + seconds; n < MAX_REPETITIONS && (n < 3 || now() < end); n++) {
        took = time_once(crew, p);
        rate[n] = (double)ak_crew_threads(crew) * (double)p->rounds * unit / took;
    }
    qsort(rate, (size_t)n, sizeof *rate, by_value);
    *result = (ak_limit){.best = rate[n - 1], .median = rate[n / 2], .repetitions = n};
    free(rate);
    return AK_OK;
}

static ak_status run(probe *p, double unit, double seconds, const ak_options *options, ak_limit *result)
{
    ak_isa isa;
    ak_status status = ak_isa_choose(options ? options->isa : AK_ISA_AUTO, &isa);
    if (status != AK_OK) return status;
    ak_crew *crew;
    if ((status = ak_crew_create(&crew, options ? options->threads : 1, 0)) != AK_OK) return status;
    size_t threads = (size_t)ak_crew_threads(crew);
    p->kernels = AK_SELECT(ak_limit_kernels, isa);
    if (p->kind == FMA) unit = 1e-9 * p->kernels->flops_per_round;
    if (p->kind == ADD) unit = 1e-9 * p->kernels->adds_per_round;
    p->sink = ak_alloc(threads * AK_ALIGN);
    p->from = ak_alloc(threads * p->floats * sizeof(float));
    p->to = ak_alloc(p->kind == AK_TRAFFIC_READ ? 0 : threads * p->floats * sizeof(float));
    status = p->sink && p->from && p->to ? measure(crew, p, unit, seconds, result) : AK_ERR_MEMORY;
    free((void *)p->sink);
    free(p->from);
    free(p->to);
    ak_crew_destroy(crew);
    return status;
}

ak_status ak_limit_fma(double seconds, const ak_options *options, ak_limit *gflops)
{
    if (!gflops || !(seconds > 0)) return AK_ERR_ARGUMENT;
    return run(&(probe){.kind = FMA}, 0, seconds, options, gflops);
}

ak_status ak_limit_add(double seconds, const ak_options *options, ak_limit *gadds)
{
    if (!gadds || !(seconds > 0)) return AK_ERR_ARGUMENT;
    return run(&(probe){.kind = ADD}, 0, seconds, options, gadds);
}

ak_status ak_limit_bandwidth(size_t bytes, ak_traffic kind, double seconds, const ak_options *options,
                             ak_limit *gbytes)
{
    if (!gbytes || !(seconds > 0) || (unsigned)kind > AK_TRAFFIC_STREAM || bytes < 4096)
        return AK_ERR_ARGUMENT;
    if (bytes > SIZE_MAX / 8192) return AK_ERR_MEMORY;
    size_t buffers = kind == AK_TRAFFIC_READ ? 1 : 2;
    size_t floats = bytes / buffers / sizeof(float) / 256 * 256;
    double unit = 1e-9 * (double)(floats * sizeof(float) * buffers);
    return run(&(probe){.kind = (int)kind, .floats = floats}, unit, seconds, options, gbytes);
}
