/* audiokern: what every part of the library shares - status codes, instruction sets, plan options.
 *
 * Conventions of the whole library
 *   - A plan is created once for a shape, executed many times, and destroyed. A plan never changes after
 *     creation: any number of threads may use one plan at the same time.
 *   - No execute function allocates, locks out other plans, or touches global state.
 *   - Buffers belong to the caller. Strides count elements, not bytes, unless their name says otherwise.
 *   - No buffer needs any alignment beyond that of its element, except a workspace (64 bytes).
 *   - Every function that can fail returns an ak_status; ak_status_text() puts it in words.
 *
 * Scratch memory and threads
 *   Execute functions take a `void *work`.
 *     work == NULL  the plan's own scratch and its own threads are used; calls with NULL on the same plan
 *                   wait for one another.
 *     work != NULL  the caller's scratch is used: ak_<topic>_work_bytes(plan) bytes, aligned to 64; the call
 *                   runs on the calling thread alone, and any number of such calls run at once.
 */
#ifndef AUDIOKERN_COMMON_H
#define AUDIOKERN_COMMON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#    define AK_API __attribute__((visibility("default")))
#else
#    define AK_API
#endif

#define AK_VERSION_MAJOR 0
#define AK_VERSION_MINOR 1
#define AK_VERSION_PATCH 0

typedef enum ak_status {
    AK_OK = 0,
    AK_ERR_ARGUMENT = 1,    /* a NULL pointer, a negative count, an enum value that does not exist */
    AK_ERR_SIZE = 2,        /* a size that the kernel does not support, or sizes that do not fit together */
    AK_ERR_SHORT = 3,       /* the signal is too short for the padding or framing asked for */
    AK_ERR_MEMORY = 4,      /* out of memory */
    AK_ERR_THREADS = 5,     /* a worker thread could not be started */
    AK_ERR_ISA_UNKNOWN = 6, /* AUDIOKERN_ISA names no instruction set that audiokern knows */
    AK_ERR_ISA_MISSING = 7, /* the instruction set asked for is not built in, or this CPU lacks it */
    AK_ERR_WINDOW = 8,      /* the window cannot be inverted at this hop: a sample has no weight */
    AK_ERR_ALIGNMENT = 9,   /* a workspace that is not aligned to 64 bytes */
    AK_ERR_FILE = 10,       /* a file cannot be opened or mapped; errno says why */
    AK_ERR_FORMAT = 11,     /* a file is damaged, or of a kind that is not understood */
    AK_STATUS_COUNT
} ak_status;

/* One English sentence for a status; never NULL. */
AK_API const char *ak_status_text(ak_status status);

/* Instruction sets. Portable is plain C with 4-wide vectors: it runs everywhere. */
typedef enum ak_isa {
    AK_ISA_AUTO = 0, /* AUDIOKERN_ISA from the environment where set, else the best that the CPU has */
    AK_ISA_PORTABLE = 1,
    AK_ISA_NEON = 2,
    AK_ISA_AVX2 = 3,   /* AVX2 with FMA and BMI; with AVX-VNNI vector quantization uses it, too, unless
                        * AUDIOKERN_AVXVNNI is 0 in the environment */
    AK_ISA_AVX512 = 4, /* AVX-512 F, BW, DQ, VL; with VNNI and VBMI some kernels use them, too, unless
                        * AUDIOKERN_ICELAKE is 0 in the environment; with AMX vector quantization has Linux
                        * give it to the process, unless that or AUDIOKERN_AMX is 0. Where the CPU computes
                        * 512 bits in halves (Zen 4) or AUDIOKERN_SPLIT512 is 1, not 0, some use 256 */
    AK_ISA_COUNT
} ak_isa;

/* "portable", "neon", "avx2", "avx512", "auto"; "unknown" for anything else. */
AK_API const char *ak_isa_name(ak_isa isa);

/* 1 where this build holds the kernels of isa and this CPU can run them, else 0. */
AK_API int ak_isa_usable(ak_isa isa);

/* The instruction set that a plan created with `wanted` uses.
 * Errors: AK_ERR_ISA_UNKNOWN (AUDIOKERN_ISA holds another word), AK_ERR_ISA_MISSING, AK_ERR_ARGUMENT. */
AK_API ak_status ak_isa_choose(ak_isa wanted, ak_isa *chosen);

/* How a plan runs. NULL in place of a pointer to it means { 1, AK_ISA_AUTO }. */
typedef struct ak_options {
    int threads; /* threads of one execute call, the caller's included; 0 or 1 starts none */
    ak_isa isa;
} ak_options;

#ifdef __cplusplus
}
#endif
#endif
