/* How blocks are shared, and where workers wake up. */
#include "check.h"
#include "aside.h"
#include "crew.h"

#include <time.h>

#ifdef __linux__
#    include <errno.h>
#    include <linux/filter.h>
#    include <linux/seccomp.h>
#    include <sys/prctl.h>
#    include <sys/syscall.h>
#    include <sys/wait.h>
#    include <unistd.h>
#endif

enum { ROWS = 3, BLOCKS = 57, MOST_THREADS = 8 };

/* ---- every block once, and in few stretches ---------------------------------------------------------------
 */

typedef struct visits {
    int of[ROWS][BLOCKS], fresh[ROWS][BLOCKS];
    atomic_int slow; /* threads that take their time, one of them */
} visits;

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
}

static void visit(const void *arg, void *scratch, ak_share *share)
{
    visits *v = *(visits *const *)arg;
    int slow = atomic_fetch_add(&v->slow, 1) == 0;
    size_t row = ROWS, next = 0;
    for (ak_place at; ak_share_next(share, &at);) {
        CHECK(at.row < ROWS && at.block < BLOCKS);
        CHECK(at.fresh == (at.row != row || at.block != next));
        v->of[at.row][at.block]++; /* no other thread's */
        v->fresh[at.row][at.block] = at.fresh;
        row = at.row;
        next = at.block + 1;
        if (slow) nap();
    }
    (void)scratch;
}

static int count_fresh(const visits *v)
{
    int fresh = 0;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t b = 0; b < BLOCKS; b++) {
            CHECK(v->of[r][b] == 1);
            fresh += v->fresh[r][b];
        }
    return fresh;
}

static void check_walks(int threads, void *work)
{
    ak_crew *crew;
    CHECK(ak_crew_create(&crew, threads, 64) == AK_OK);
    for (int round = 0; round < 20; round++) {
        visits *v = check_memory(sizeof *v);
        CHECK(ak_crew_walk(crew, work, visit, &v, ROWS, BLOCKS, 2) == AK_OK);
        int fresh = count_fresh(v);
        CHECK(fresh >= ROWS && fresh <= ROWS + ROWS * BLOCKS / 2); /* two blocks or more a stretch */
        CHECK(fresh == ROWS || (threads > 1 && !work));
        free(v);
    }
    ak_crew_destroy(crew);
}

/* Two threads in one, by turns: what each is given is known. */
static void check_halves(void)
{
    ak_slot slots[2];
    ak_share a = ak_share_make(slots, 2, 1, 100, 2), b = a;
    a.own = 0;
    b.own = 1;
    ak_place at;
    CHECK(ak_share_next(&a, &at) && at.block == 0 && at.fresh);
    CHECK(ak_share_next(&b, &at) && at.block == 51 && at.fresh); /* of 1 .. 99 the back half, 49 */
    CHECK(ak_share_next(&b, &at) && at.block == 52 && !at.fresh);
    for (size_t i = 1; i < 51; i++) CHECK(ak_share_next(&a, &at) && at.block == i && !at.fresh);
    CHECK(ak_share_next(&a, &at) && at.block == 77 && at.fresh); /* of 53 .. 99 the back half, 23 */
    for (size_t i = 53; i < 77; i++) CHECK(ak_share_next(&b, &at) && at.block == i);
    for (size_t i = 78; i < 97; i++) CHECK(ak_share_next(&a, &at) && at.block == i);
    CHECK(!ak_share_next(&b, &at)); /* three are not worth sharing */
    for (size_t i = 97; i < 100; i++) CHECK(ak_share_next(&a, &at) && at.block == i);
    CHECK(!ak_share_next(&a, &at) && !ak_share_next(&b, &at));
}

/* Runs: an eighth of a stretch, never past a row, and each block once. */
static void check_runs(void)
{
    ak_slot slots[2];
    ak_share threads[2] = {ak_share_make(slots, 2, 2, 50, 1)};
    threads[1] = threads[0];
    threads[0].own = 0;
    threads[1].own = 1;
    ak_place at;
    int seen[100] = {0}, longest = 0;
    for (size_t turn = 0, idle = 0, count; idle < 2; turn++) {
        count = ak_share_run(&threads[turn % 2], &at);
        idle = count ? 0 : idle + 1;
        if (turn == 0) CHECK(count == 12 && at.row == 0 && at.block == 0);
        if (turn == 1) CHECK(count == 5 && at.row == 1 && at.block == 6); /* of 12 .. 99 the back half, 44 */
        if (!count) continue;
        CHECK(at.block + count <= 50);
        for (size_t i = 0; i < count; i++) seen[at.row * 50 + at.block + i]++;
        if ((int)count > longest) longest = (int)count;
    }
    for (int i = 0; i < 100; i++) CHECK(seen[i] == 1);
    CHECK(longest == 12);
    ak_share alone = ak_share_make(slots, 1, 2, 50, 1);
    alone.own = 0;
    CHECK(ak_share_run(&alone, &at) == 50 && at.row == 0 && ak_share_run(&alone, &at) == 50 && at.row == 1);
    CHECK(!ak_share_run(&alone, &at));
}

/* More blocks than half a word counts: the last ones. */
static void check_many(void)
{
    if (sizeof(size_t) < 8) return;
    const size_t blocks = (size_t)1 << 33 | 5;
    ak_slot slot;
    ak_share s = ak_share_make(&slot, 1, 1, blocks, 2);
    uint64_t units = atomic_load(&slot.units);
    CHECK(s.unit > 1 && units < UINT32_MAX && units * s.unit >= blocks);
    atomic_store(&slot.units, (units - 2) << 32 | units);
    ak_place at;
    for (size_t i = (size_t)(units - 2) * s.unit; i < blocks; i++)
        CHECK(ak_share_next(&s, &at) && at.row == 0 && at.block == i);
    CHECK(!ak_share_next(&s, &at));
}

#ifdef __linux__
/* ---- a worker wakes up elsewhere than the caller ----------------------------------------------------------
 */

typedef struct wake {
    pthread_t caller, worker;
    atomic_int processor; /* of the worker, plus 1 */
} wake;

static void meet(const void *arg, void *scratch, size_t task)
{
    wake *w = *(wake *const *)arg;
    if (pthread_equal(pthread_self(), w->caller)) {
        for (int i = 0; i < 100000 && !atomic_load(&w->processor); i++) nap();
    } else {
        w->worker = pthread_self();
        atomic_store(&w->processor, sched_getcpu() + 1);
    }
    (void)scratch, (void)task;
}

static void check_wakes(void)
{
    cpu_set_t all, here, now;
    CHECK(pthread_getaffinity_np(pthread_self(), sizeof all, &all) == 0);
    if (CPU_COUNT(&all) < 2) return;
    ak_crew *crew;
    CHECK(ak_crew_create(&crew, 2, 0) == AK_OK);
    CPU_ZERO(&here);
    CPU_SET(sched_getcpu(), &here);
    CHECK(pthread_setaffinity_np(pthread_self(), sizeof here, &here) == 0);
    wake w = {.caller = pthread_self()}, *to = &w;
    int elsewhere = 0;
    for (int round = 0; round < 5; round++) { /* the first one's worker was just made */
        if (round) nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL); /* until it is parked */
        if (round) { /* beside the caller: where it would stay */
            CHECK(pthread_setaffinity_np(w.worker, sizeof here, &here) == 0);
            CHECK(pthread_setaffinity_np(w.worker, sizeof all, &all) == 0);
        }
        atomic_store(&w.processor, 0);
        CHECK(ak_crew_run(crew, NULL, meet, &to, 2) == AK_OK);
        int processor = atomic_load(&w.processor) - 1;
        CHECK(processor >= 0);
        elsewhere += !CPU_ISSET(processor, &here);
        CHECK(pthread_getaffinity_np(w.worker, sizeof now, &now) == 0 && CPU_EQUAL(&now, &all));
    }
    CHECK(elsewhere >= 3); /* a busy machine may move one before it says where it is */
    ak_crew_destroy(crew);

    ak_aside aside = {0}; /* and whoever is moved by somebody else stays there */
    CHECK(pthread_setaffinity_np(pthread_self(), sizeof all, &all) == 0);
    ak_aside_begin(&aside, pthread_self());
    CHECK(aside.is && CPU_COUNT(&aside.without) == CPU_COUNT(&all) - 1);
    CHECK(pthread_setaffinity_np(pthread_self(), sizeof here, &here) == 0);
    ak_aside_end(&aside);
    CHECK(pthread_getaffinity_np(pthread_self(), sizeof now, &now) == 0 && CPU_EQUAL(&now, &here));
    ak_aside_begin(&aside, pthread_self()); /* nowhere else to go */
    CHECK(!aside.is);
    CHECK(pthread_setaffinity_np(pthread_self(), sizeof all, &all) == 0);
}

/* A sandbox that forbids to choose processors: plans are made and run all the same. */
static void check_forbidden(void)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct sock_filter rules[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setaffinity, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog filter = {sizeof rules / sizeof *rules, rules};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
            _exit(2); /* this kernel has no such filters */
        int before = check_failures();
        check_walks(2, NULL);
        _exit(check_failures() != before);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2));
}

/* A child inherits plans without their threads: they run in it, and are destroyed. */
static void check_fork(void)
{
    ak_fft_plan *plan;
    ak_options options = {3, AK_ISA_AUTO};
    float x[20 * 8] = {1}, spectrum[20 * 10];
    CHECK(ak_fft_create(&plan, 8, &options) == AK_OK);
    usleep(20000); /* its workers wait */
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20);
        ak_status status = ak_fft_forward(plan, x, 8, 20, spectrum, 5, NULL);
        ak_fft_destroy(plan);
        _exit(status != AK_OK || spectrum[8] != 1);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ak_fft_destroy(plan);
}
#endif

void check_crew(const ak_options *options)
{
    void *work = check_work(64);
    check_walks(options->threads, NULL);
    check_walks(options->threads, work);
    free(work);
    check_walks(MOST_THREADS, NULL);
    check_halves();
    check_runs();
    check_many();
#ifdef __linux__
    check_wakes();
    check_forbidden();
    check_fork();
#endif
}
