/* A small test runner: every kernel on every instruction set of this machine, from C.
 *
 * Its use is to run under the sanitizers. The numbers are tested at large from Python, in tests/csrc.
 */
#ifndef AK_CHECK_H
#define AK_CHECK_H

#include <audiokern/audiokern.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts a failure and goes on. */
#define CHECK(holds) ((holds) ? (void)0 : check_failed(#holds, __FILE__, __LINE__))
void check_failed(const char *what, const char *file, int line);

/* How many so far. */
int check_failures(void);

/* Zeroed memory of exactly that size, so that an address sanitizer sees one step beyond; ends the program
 * where there is none. */
void *check_memory(size_t bytes);

/* A workspace: aligned to 64. */
void *check_work(size_t bytes);

/* Uniform in -1 .. 1, the same at every run. */
void check_noise(float *x, size_t count, unsigned seed);

/* The tests, each with the instruction set and threads of its options. */
void check_spectra(const ak_options *options);
void check_mel(const ak_options *options);
void check_quantize(const ak_options *options);
void check_resample(const ak_options *options);
void check_streams(const ak_options *options);
void check_vq(const ak_options *options);
void check_sieve(const ak_options *options);
void check_wav(const ak_options *options);
void check_sharing(const ak_options *options);
void check_crew(const ak_options *options);

#endif
