/* What this machine can do: the yardstick for every other kernel. */
#ifndef AUDIOKERN_LIMITS_H
#define AUDIOKERN_LIMITS_H

#include <audiokern/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A measurement repeated many times: the best of the repetitions, their median, and how many there were. */
typedef struct ak_limit {
    double best;
    double median;
    int repetitions;
} ak_limit;

typedef enum ak_traffic {
    AK_TRAFFIC_READ = 0,  /* loads only; bytes read count */
    AK_TRAFFIC_COPY = 1,  /* loads and ordinary stores; bytes read plus bytes written count */
    AK_TRAFFIC_STREAM = 2 /* loads and non-temporal stores where the CPU has them; counted as copy */
} ak_traffic;

/* Peak single-precision multiply-add rate in GFLOP/s (an FMA is two operations; where the instruction set has
 * none, a multiplication and an addition), of all options->threads threads together, in registers.
 * seconds: about how long to measure, > 0. Allocates; meant for reports, not for inner loops.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_MEMORY, AK_ERR_THREADS, AK_ERR_ISA_*. */
AK_API ak_status ak_limit_fma(double seconds, const ak_options *options, ak_limit *gflops);

/* Additions of integers in registers, 1e9 a second, of all threads together; otherwise as ak_limit_fma. They
 * need nearly all that a core can begin in a cycle, where multiply-adds need two of it: when somebody else
 * computes on the core's other hardware thread, a host's other guest for instance, these become fewer, and
 * those need not. */
AK_API ak_status ak_limit_add(double seconds, const ak_options *options, ak_limit *gadds);

/* Bandwidth in GB/s (1e9 bytes) of all threads together. Each thread works on buffers of its own that
 * together hold `bytes` per thread (a copy's source and destination are half of it each; at least 4096):
 * choose bytes to fit a cache level or to exceed all of them. Errors: as ak_limit_fma. */
AK_API ak_status ak_limit_bandwidth(size_t bytes, ak_traffic kind, double seconds, const ak_options *options,
                                    ak_limit *gbytes);

#ifdef __cplusplus
}
#endif
#endif
