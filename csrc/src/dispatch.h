/* Choice of the instruction set at run time.
 *
 * Every file in src/kernels/ is compiled once per instruction set; its only external symbols carry the suffix
 * of the set (AK_NAME in simd.h) and are listed in a table of function pointers, one per topic:
 *
 *     AK_DECLARE(const ak_fft_kernels, ak_fft_kernels)           in the topic's internal header
 *     const ak_fft_kernels *k = AK_SELECT(ak_fft_kernels, isa);  in the file that creates plans
 */
#ifndef AK_DISPATCH_H
#define AK_DISPATCH_H

#include <audiokern/common.h>

/* CMake defines AK_HAVE_<set> for the sets compiled into this build. */
#ifdef AK_HAVE_AVX2
#    define AK_IF_AVX2(...) __VA_ARGS__
#else
#    define AK_IF_AVX2(...)
#endif
#ifdef AK_HAVE_AVX512
#    define AK_IF_AVX512(...) __VA_ARGS__
#else
#    define AK_IF_AVX512(...)
#endif
#ifdef AK_HAVE_AVXVNNI
#    define AK_IF_AVXVNNI(...) __VA_ARGS__
#else
#    define AK_IF_AVXVNNI(...)
#endif
#ifdef AK_HAVE_AMX
#    define AK_IF_AMX(...) __VA_ARGS__
#else
#    define AK_IF_AMX(...)
#endif
#ifdef AK_HAVE_NEON
#    define AK_IF_NEON(...) __VA_ARGS__
#else
#    define AK_IF_NEON(...)
#endif

/* Declares `type name_<isa>` for every instruction set of this build. */
#define AK_DECLARE(type, name)                                                                               \
    extern type name##_portable;                                                                             \
    AK_IF_AVX2(extern type name##_avx2;)                                                                     \
    AK_IF_AVX512(extern type name##_avx512;) AK_IF_NEON(extern type name##_neon;)

/* The address of name_<isa>; isa comes from ak_isa_choose, so it is one that this build holds. A build of the
 * portable set alone has nothing to choose from, and isa counts as used all the same. */
#define AK_SELECT(name, isa)                                                                                 \
    ((void)(isa), AK_IF_AVX512((isa) == AK_ISA_AVX512 ? &name##_avx512 :)                                    \
                          AK_IF_AVX2((isa) == AK_ISA_AVX2 ? &name##_avx2 :)                                  \
                              AK_IF_NEON((isa) == AK_ISA_NEON ? &name##_neon :) &                            \
                      name##_portable)

/* Whether an AVX-512 plan may use the kernels built for what came with Ice Lake and Zen 4: VNNI (sums of
 * products of bytes) and VBMI (tables of bytes). Their names end in _icelake. AUDIOKERN_ICELAKE=0 forbids it.
 */
int ak_cpu_icelake(void);

/* Whether AVX-512's vectors are computed in halves, as by Zen 4: arithmetic then costs what it does in 256
 * bits. AUDIOKERN_SPLIT512=0 or 1 says so instead. */
int ak_cpu_split512(void);

/* Whether an AVX2 plan may use AVX-VNNI, the same sums in 256 bits. AUDIOKERN_AVXVNNI=0 forbids it. */
int ak_cpu_avxvnni(void);

/* Whether an AVX-512 plan may use AMX's tiles of bytes. Asks the operating system for them, which gives them
 * to the whole process and for good; from then on it refuses alternate signal stacks that could not hold them
 * (some 11 KiB). AUDIOKERN_AMX=0 forbids it, and so does AUDIOKERN_ICELAKE=0. */
int ak_cpu_amx(void);

#endif
