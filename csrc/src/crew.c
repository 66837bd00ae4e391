/* Parked worker threads: see crew.h.
 *
 * A run opens a gate, works, closes the gate, and waits for the workers that are still inside. A worker that
 * wakes up too late finds the gate closed and goes back to wait: a run never waits for a worker that did not
 * start, so a busy machine costs no more than the help it fails to give.
 *
 * The gate is one word: the number of the run, whether it is open, and how many workers are inside. Workers
 * spin on it before they park on a condition variable, because kernels are called back to back and waking a
 * parked thread costs more than a small STFT: 70 us until it runs, on a virtual machine, and 40 of the
 * caller's own. After some tens of microseconds they offer their processor to others between one look and the
 * next.
 */
#include "crew.h"
#include "aside.h"
#include "memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define SPINS 4000         /* pauses; some tens of microseconds */
#define LOOK_ON_NS 1000000 /* and then, before parking; others who want to run end it sooner */

#define INSIDE UINT64_C(0xffff) /* of the gate: workers inside */
#define OPEN UINT64_C(0x10000)
#define RUN UINT64_C(0x20000) /* one run further */

typedef struct worker {
    ak_crew *crew;
    int index;
    pthread_t thread;
    int parked; /* waits on `wake`; this under `park` */
    ak_aside aside;
} worker;

struct ak_crew {
    int threads;
    size_t scratch_bytes;
    unsigned char *scratch; /* threads x scratch_bytes */
    ak_slot *slots;         /* threads */
    pid_t owner;            /* workers do not survive fork() */

    pthread_mutex_t in_use; /* held by the caller for the whole run */

    pthread_mutex_t park;
    pthread_cond_t wake;

    _Atomic uint64_t gate;
    atomic_int stop;
    atomic_size_t next; /* task */
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

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
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

/* Enters the gate of a run later than `seen`, if it is open. Returns the run or, where there is none, `seen`.
 */
static uint64_t try_enter(ak_crew *c, uint64_t seen)
{
    uint64_t gate = atomic_load_explicit(&c->gate, memory_order_relaxed);
    while ((gate & OPEN) && gate / RUN != seen)
        if (atomic_compare_exchange_weak_explicit(&c->gate, &gate, gate + 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return gate / RUN;
    return seen;
}

static uint64_t enter(worker *w, uint64_t seen)
{
    ak_crew *c = w->crew;
    uint64_t run = seen;
    for (int i = 0; i < SPINS && run == seen; i++) {
        run = try_enter(c, seen);
        if (run == seen) pause_cpu();
    }
    for (int64_t until = now_ns() + LOOK_ON_NS; run == seen && now_ns() < until;) {
        sched_yield();
        run = try_enter(c, seen);
    }
    if (run != seen) return run;
    pthread_mutex_lock(&c->park);
    w->parked = 1;
    while ((run = try_enter(c, seen)) == seen) {
        pthread_cond_wait(&c->wake, &c->park);
        ak_aside_end(&w->aside);
    }
    w->parked = 0;
    pthread_mutex_unlock(&c->park);
    return run;
}

static void *worker_main(void *arg)
{
    worker *w = arg;
    ak_crew *c = w->crew;
    ak_aside_end(&w->aside);
    for (uint64_t run = 0;;) {
        run = enter(w, run);
        int stop = atomic_load_explicit(&c->stop, memory_order_relaxed);
        if (!stop) work_off(c, w->index);
        atomic_fetch_sub_explicit(&c->gate, 1, memory_order_release);
        if (stop) return NULL;
    }
}

/* Under `park`, so that a worker about to wait either finds the gate open or is woken by the broadcast. */
static void open_gate(ak_crew *c)
{
    pthread_mutex_lock(&c->park);
    uint64_t run = atomic_load_explicit(&c->gate, memory_order_relaxed) / RUN + 1;
    atomic_store_explicit(&c->gate, run * RUN | OPEN, memory_order_release);
    int parked = 0;
    for (int i = 0; i < c->threads - 1; i++) {
        if (!c->workers[i].parked) continue;
        ak_aside_begin(&c->workers[i].aside, c->workers[i].thread);
        parked++;
    }
    pthread_mutex_unlock(&c->park);
    if (parked) pthread_cond_broadcast(&c->wake);
}

static void close_gate(ak_crew *c)
{
    atomic_fetch_and_explicit(&c->gate, ~OPEN, memory_order_relaxed);
    for (int i = 0; atomic_load_explicit(&c->gate, memory_order_acquire) & INSIDE; i++) {
        if (i < SPINS)
            pause_cpu();
        else
            usleep(20); /* a worker was descheduled: let it have this core */
    }
}

static void stop_workers(ak_crew *c, int started)
{
    if (getpid() != c->owner) return; /* a forked child has none */
    atomic_store_explicit(&c->stop, 1, memory_order_relaxed);
    open_gate(c); /* and leave it open: everyone is to come in and see */
    for (int i = 0; i < started; i++) pthread_join(c->workers[i].thread, NULL);
}

static void release(ak_crew *c)
{
    if (getpid() == c->owner) pthread_cond_destroy(&c->wake); /* it would wait for those who do not survive */
    pthread_mutex_destroy(&c->park);
    pthread_mutex_destroy(&c->in_use);
    free(c->scratch);
    free(c->slots);
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
    c->slots = ak_alloc((size_t)threads * sizeof *c->slots);
    if (scratch_bytes) c->scratch = ak_alloc((size_t)threads * scratch_bytes);
    if (!c->slots || (scratch_bytes && !c->scratch)) {
        release(c);
        return AK_ERR_MEMORY;
    }
    for (int i = 0; i < threads - 1; i++) {
        worker *w = &c->workers[i];
        *w = (worker){.crew = c, .index = i + 1};
        if (ak_aside_create(&w->aside, &w->thread, worker_main, w) != 0) {
            stop_workers(c, i);
            release(c);
            return AK_ERR_THREADS;
        }
    }
    *crew = c;
    return AK_OK;
}

/* Under `in_use`. */
static void run(ak_crew *c, ak_task task, const void *job, size_t tasks)
{
    if (c->threads == 1 || tasks < 2 || getpid() != c->owner) {
        for (size_t t = 0; t < tasks; t++) task(job, c->scratch, t);
    } else {
        c->task = task;
        c->job = job;
        c->tasks = tasks;
        atomic_store_explicit(&c->next, 0, memory_order_relaxed);
        open_gate(c);
        work_off(c, 0);
        close_gate(c);
    }
}

ak_status ak_crew_run(ak_crew *c, void *work, ak_task task, const void *job, size_t tasks)
{
    if (work) {
        if (!ak_is_aligned(work)) return AK_ERR_ALIGNMENT;
        for (size_t t = 0; t < tasks; t++) task(job, work, t);
        return AK_OK;
    }
    pthread_mutex_lock(&c->in_use);
    run(c, task, job, tasks);
    pthread_mutex_unlock(&c->in_use);
    return AK_OK;
}

typedef struct walk {
    ak_walker walker;
    const void *job;
    ak_share share;
} walk;

/* Tasks are threads here; whoever comes too late finds that all is done. */
static void walk_task(const void *arg, void *scratch, size_t task)
{
    const walk *w = arg;
    ak_share share = w->share;
    share.own = task;
    w->walker(w->job, scratch, &share);
}

ak_status ak_crew_walk(ak_crew *c, void *work, ak_walker walker, const void *job, size_t rows, size_t blocks,
                       size_t least)
{
    walk w = {.walker = walker, .job = job};
    if (work) {
        if (!ak_is_aligned(work)) return AK_ERR_ALIGNMENT;
        ak_slot alone;
        w.share = ak_share_make(&alone, 1, rows, blocks, least);
        walk_task(&w, work, 0);
        return AK_OK;
    }
    pthread_mutex_lock(&c->in_use);
    w.share = ak_share_make(c->slots, (size_t)c->threads, rows, blocks, least);
    run(c, walk_task, &w, (size_t)c->threads);
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
