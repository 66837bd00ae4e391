/* Parked worker threads: see crew.h.
 *
 * A run is published by bumping `round`; workers compare it with the last round that they saw. They spin on
 * it for some microseconds before they park on a condition variable, because kernels are called back to back
 * and waking a parked thread costs more than a small STFT.
 */
#include "crew.h"
#include "memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define SPINS 4000 /* pauses before parking; some tens of microseconds */

typedef struct worker {
    ak_crew *crew;
    int index;
    pthread_t thread;
} worker;

struct ak_crew {
    int threads;
    size_t scratch_bytes;
    unsigned char *scratch; /* threads x scratch_bytes */
    pid_t owner;            /* workers do not survive fork() */

    pthread_mutex_t in_use; /* held by the caller for the whole run */

    pthread_mutex_t park;
    pthread_cond_t wake;
    int parked; /* workers that wait on `wake`, under `park` */

    atomic_uint round; /* bumped for each run */
    atomic_int stop;
    atomic_int busy; /* workers that have not finished the round */
    atomic_size_t next;
    size_t tasks;
    ak_task task;
    const void *job;

    worker workers[];
};

static inline void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void work_off(ak_crew *c, int index)
{
    void *scratch = c->scratch ? c->scratch + (size_t)index * c->scratch_bytes : NULL;
    for (;;) {
        size_t t = atomic_fetch_add_explicit(&c->next, 1, memory_order_relaxed);
        if (t >= c->tasks) return;
        c->task(c->job, scratch, t);
    }
}

/* Returns the new round. */
static unsigned await_round(ak_crew *c, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        unsigned now = atomic_load_explicit(&c->round, memory_order_acquire);
        if (now != seen) return now;
        pause_cpu();
    }
    pthread_mutex_lock(&c->park);
    c->parked++;
    unsigned now;
    while ((now = atomic_load_explicit(&c->round, memory_order_acquire)) == seen)
        pthread_cond_wait(&c->wake, &c->park);
    c->parked--;
    pthread_mutex_unlock(&c->park);
    return now;
}

static void *worker_main(void *arg)
{
    worker *w = arg;
    ak_crew *c = w->crew;
    unsigned seen = 0;
    for (;;) {
        seen = await_round(c, seen);
        if (atomic_load_explicit(&c->stop, memory_order_relaxed)) return NULL;
        work_off(c, w->index);
        atomic_fetch_sub_explicit(&c->busy, 1, memory_order_release);
    }
}

/* The bump happens under `park`, so a worker about to wait either sees it or is woken by the broadcast. */
static void publish_round(ak_crew *c)
{
    pthread_mutex_lock(&c->park);
    atomic_fetch_add_explicit(&c->round, 1, memory_order_release);
    int parked = c->parked;
    pthread_mutex_unlock(&c->park);
    if (parked) pthread_cond_broadcast(&c->wake);
}

static void stop_workers(ak_crew *c, int started)
{
    if (getpid() != c->owner) return; /* a forked child has none */
    atomic_store_explicit(&c->stop, 1, memory_order_relaxed);
    publish_round(c);
    for (int i = 0; i < started; i++) pthread_join(c->workers[i].thread, NULL);
}

static void release(ak_crew *c)
{
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->park);
    pthread_mutex_destroy(&c->in_use);
    free(c->scratch);
    free(c);
}

ak_status ak_crew_create(ak_crew **crew, int threads, size_t scratch_bytes)
{
    if (!crew || threads < 0 || threads > 4096) return AK_ERR_ARGUMENT;
    if (threads == 0) threads = 1;
    *crew = NULL;
    scratch_bytes = ak_round_up(scratch_bytes, AK_ALIGN);
    if (scratch_bytes > SIZE_MAX / 4 / (size_t)threads) return AK_ERR_MEMORY;
    ak_crew *c = ak_alloc(sizeof *c + (size_t)(threads - 1) * sizeof(worker));
    if (!c) return AK_ERR_MEMORY;
    c->threads = threads;
    c->scratch_bytes = scratch_bytes;
    c->owner = getpid();
    pthread_mutex_init(&c->in_use, NULL);
    pthread_mutex_init(&c->park, NULL);
    pthread_cond_init(&c->wake, NULL);
    if (scratch_bytes && !(c->scratch = ak_alloc((size_t)threads * scratch_bytes))) {
        release(c);
        return AK_ERR_MEMORY;
    }
    for (int i = 0; i < threads - 1; i++) {
        c->workers[i] = (worker){.crew = c, .index = i + 1};
        if (pthread_create(&c->workers[i].thread, NULL, worker_main, &c->workers[i]) != 0) {
            stop_workers(c, i);
            release(c);
            return AK_ERR_THREADS;
        }
    }
    *crew = c;
    return AK_OK;
}

ak_status ak_crew_run(ak_crew *c, void *work, ak_task task, const void *job, size_t tasks)
{
    if (work) {
        if (!ak_is_aligned(work)) return AK_ERR_ALIGNMENT;
        for (size_t t = 0; t < tasks; t++) task(job, work, t);
        return AK_OK;
    }
    pthread_mutex_lock(&c->in_use);
    if (c->threads == 1 || tasks < 2 || getpid() != c->owner) {
        for (size_t t = 0; t < tasks; t++) task(job, c->scratch, t);
    } else {
        c->task = task;
        c->job = job;
        c->tasks = tasks;
        atomic_store_explicit(&c->next, 0, memory_order_relaxed);
        atomic_store_explicit(&c->busy, c->threads - 1, memory_order_relaxed);
        publish_round(c);
        work_off(c, 0);
        for (int i = 0; atomic_load_explicit(&c->busy, memory_order_acquire) != 0; i++) {
            if (i < SPINS)
                pause_cpu();
            else
                usleep(20); /* a worker was descheduled: let it have this core */
        }
    }
    pthread_mutex_unlock(&c->in_use);
    return AK_OK;
}

int ak_crew_threads(const ak_crew *crew)
{
    return crew->threads;
}

size_t ak_crew_scratch_bytes(const ak_crew *crew)
{
    return crew->scratch_bytes;
}

void ak_crew_destroy(ak_crew *crew)
{
    if (!crew) return;
    stop_workers(crew, crew->threads - 1);
    release(crew);
}
