/* Wakes a thread on another processor than the one that wakes it.
 *
 * Linux puts a woken thread where it slept before or beside its waker, and on a machine that is busy, or was
 * some milliseconds ago, it does not look for an idle processor. A worker that lands beside the caller waits
 * until the caller's time slice is over, which is longer than most calls: two threads on one processor, with
 * the other one idle. So, from before it is woken until it runs, a worker may not use the caller's processor.
 */
#ifndef AK_ASIDE_H
#define AK_ASIDE_H

#include <pthread.h>

#ifdef __linux__
#    include <sched.h>

typedef struct ak_aside {
    int is;
    cpu_set_t home, without;
} ak_aside;

/* By the waker, while the thread sleeps. A thread that has no other processor, or is aside already, stays as
 * it is; so does one on a machine of more than CPU_SETSIZE processors. */
static inline void ak_aside_begin(ak_aside *a, pthread_t thread)
{
    int here = sched_getcpu();
    if (a->is || here < 0 || here >= CPU_SETSIZE) return;
    if (pthread_getaffinity_np(thread, sizeof a->home, &a->home) != 0 || !CPU_ISSET(here, &a->home)) return;
    a->without = a->home;
    CPU_CLR(here, &a->without);
    a->is = CPU_COUNT(&a->without) > 0 && pthread_setaffinity_np(thread, sizeof a->without, &a->without) == 0;
}

/* By the thread itself, as soon as it runs. Where somebody else has moved it meanwhile, theirs holds. */
static inline void ak_aside_end(ak_aside *a)
{
    cpu_set_t now;
    if (!a->is) return;
    a->is = 0;
    if (pthread_getaffinity_np(pthread_self(), sizeof now, &now) == 0 && CPU_EQUAL(&now, &a->without))
        pthread_setaffinity_np(pthread_self(), sizeof a->home, &a->home);
}
#else
typedef struct ak_aside {
    int is;
} ak_aside;

static inline void ak_aside_begin(ak_aside *a, pthread_t thread)
{
    (void)a, (void)thread;
}

static inline void ak_aside_end(ak_aside *a)
{
    (void)a;
}
#endif

#endif
