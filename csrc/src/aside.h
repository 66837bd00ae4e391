/* Wakes a thread on another processor than the one that wakes it.
 *
 * Linux puts a woken thread where it slept before or beside its waker, and on a machine that is busy, or was
 * some milliseconds ago, it does not look for an idle processor. A worker that lands beside the caller waits
 * until the caller's time slice is over, which is longer than most calls: two threads on one processor, with
 * the other one idle. So, from before it is woken until it runs, a worker may not use the caller's processor.
 * The same goes for a worker that is made.
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

/* Sets `without`, from what `thread` may use. 0 where that would leave nothing, where nothing would change,
 * and on a machine of more than CPU_SETSIZE processors. */
static inline int ak_aside_find(ak_aside *a, pthread_t thread)
{
    int here = sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE) return 0;
    if (pthread_getaffinity_np(thread, sizeof a->home, &a->home) != 0 || !CPU_ISSET(here, &a->home)) return 0;
    a->without = a->home;
    CPU_CLR(here, &a->without);
    return CPU_COUNT(&a->without) > 0;
}

/* By the waker, while the thread sleeps. */
static inline void ak_aside_begin(ak_aside *a, pthread_t thread)
{
    if (a->is || !ak_aside_find(a, thread)) return;
    a->is = pthread_setaffinity_np(thread, sizeof a->without, &a->without) == 0;
}

/* By the maker: pthread_create, of a thread that is born aside. Where that fails, as it does in a sandbox
 * that forbids threads to choose their processors, or cannot be asked for, as with musl, it is born anywhere.
 */
static inline int ak_aside_create(ak_aside *a, pthread_t *thread, void *(*start)(void *), void *arg)
{
#    ifdef __GLIBC__
    pthread_attr_t attributes;
    if (ak_aside_find(a, pthread_self()) && pthread_attr_init(&attributes) == 0) {
        a->is = pthread_attr_setaffinity_np(&attributes, sizeof a->without, &a->without) == 0;
        int error = a->is ? pthread_create(thread, &attributes, start, arg) : -1;
        pthread_attr_destroy(&attributes);
        if (!error) return 0;
        a->is = 0;
    }
#    else
    (void)a;
#    endif
    return pthread_create(thread, NULL, start, arg);
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

static inline int ak_aside_create(ak_aside *a, pthread_t *thread, void *(*start)(void *), void *arg)
{
    (void)a;
    return pthread_create(thread, NULL, start, arg);
}

static inline void ak_aside_end(ak_aside *a)
{
    (void)a;
}
#endif

#endif
