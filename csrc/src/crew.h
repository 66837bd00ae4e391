/* The threads and the scratch memory of one plan.
 *
 * A crew of n threads is the calling thread and n - 1 workers, parked from creation to destruction. A job is
 * a function called once per task; tasks are handed out in order, one at a time, to whoever is free. Or it is
 * a walk over blocks of rows, of which each thread has a stretch (share.h).
 */
#ifndef AK_CREW_H
#define AK_CREW_H

#include <audiokern/common.h>
#include "share.h"

typedef struct ak_crew ak_crew;

/* One task of a job. scratch: the thread's own scratch_bytes, aligned to 64, contents undefined. */
typedef void (*ak_task)(const void *job, void *scratch, size_t task);

/* Starts the workers and allocates scratch for each thread.
 * Errors: AK_ERR_ARGUMENT (threads < 0), AK_ERR_MEMORY, AK_ERR_THREADS. */
ak_status ak_crew_create(ak_crew **crew, int threads, size_t scratch_bytes);

/* Runs task(job, scratch, 0 .. tasks - 1) and returns when all are done.
 * work == NULL: on the crew's threads and scratch; concurrent calls wait for one another.
 * work != NULL: on the calling thread with work as its scratch; concurrent calls run at once.
 * Errors: AK_ERR_ALIGNMENT. */
ak_status ak_crew_run(ak_crew *crew, void *work, ak_task task, const void *job, size_t tasks);

/* Walks over some blocks of some rows: calls ak_share_next until it returns 0. */
typedef void (*ak_walker)(const void *job, void *scratch, ak_share *share);

/* Calls the walker once on each thread, until all blocks 0 .. blocks - 1 of rows 0 .. rows - 1 are done. No
 * stretch of less than `least` blocks is begun while others are at it. work and errors as above. */
ak_status ak_crew_walk(ak_crew *crew, void *work, ak_walker walker, const void *job, size_t rows,
                       size_t blocks, size_t least);

int ak_crew_threads(const ak_crew *crew);

/* Bytes of scratch per thread: what a caller's workspace must hold. */
size_t ak_crew_scratch_bytes(const ak_crew *crew);

/* Stops the workers; NULL is allowed. */
void ak_crew_destroy(ak_crew *crew);

#endif
