/* Which instruction sets exist in this build and on this CPU, and which one a plan gets. */
#include "dispatch.h"

#include <stdlib.h>
#include <string.h>
#if defined(AK_HAVE_AVX512) || defined(AK_HAVE_AVXVNNI) || defined(AK_HAVE_AMX)
#    include <cpuid.h>
#endif
#ifdef AK_HAVE_AMX
#    include <sys/syscall.h>
#    include <unistd.h>
#endif

static const char *const names[AK_ISA_COUNT] = {"auto", "portable", "neon", "avx2", "avx512"};

const char *ak_isa_name(ak_isa isa)
{
    return (unsigned)isa < AK_ISA_COUNT ? names[isa] : "unknown";
}

int ak_isa_usable(ak_isa isa)
{
    switch (isa) {
    case AK_ISA_PORTABLE:
        return 1;
#ifdef AK_HAVE_NEON
    case AK_ISA_NEON:
        return 1; /* every AArch64 CPU has it */
#endif
#ifdef AK_HAVE_AVX2
    case AK_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi");
#endif
#ifdef AK_HAVE_AVX512
    case AK_ISA_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
#endif
    default:
        return 0;
    }
}

#ifdef AK_HAVE_AVX512
static int forbidden(const char *variable)
{
    const char *word = getenv(variable);
    return word && strcmp(word, "0") == 0;
}
#endif

int ak_cpu_icelake(void)
{
#ifdef AK_HAVE_AVX512
    if (forbidden("AUDIOKERN_ICELAKE")) return 0;
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("bmi");
#else
    return 0;
#endif
}

int ak_cpu_split512(void)
{
#ifdef AK_HAVE_AVX512
    const unsigned leaf = 0x8000001a, whole = 1 << 3; /* called FP512 */
    unsigned a, b, c, d;
    const char *word = getenv("AUDIOKERN_SPLIT512");
    if (word && (strcmp(word, "0") == 0 || strcmp(word, "1") == 0)) return *word == '1';
    return __builtin_cpu_is("amd") && __get_cpuid(leaf, &a, &b, &c, &d) && !(a & whole);
#else
    return 0;
#endif
}

int ak_cpu_avxvnni(void)
{
#ifdef AK_HAVE_AVXVNNI
    unsigned a, b, c, d;
    if (forbidden("AUDIOKERN_AVXVNNI") || !__get_cpuid_count(7, 1, &a, &b, &c, &d)) return 0;
    return a >> 4 & 1; /* by name, compilers know it only of late */
#else
    return 0;
#endif
}

int ak_cpu_amx(void)
{
#ifdef AK_HAVE_AMX
    enum { TILE = 1 << 24, INT8 = 1 << 25, REQUEST = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM */
    unsigned a, b, c, d;
    if (!ak_cpu_icelake() || forbidden("AUDIOKERN_AMX") || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    if (!(d & TILE) || !(d & INT8)) return 0;
    return syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
#else
    return 0;
#endif
}

ak_status ak_isa_choose(ak_isa wanted, ak_isa *chosen)
{
    if (!chosen || (unsigned)wanted >= AK_ISA_COUNT) return AK_ERR_ARGUMENT;
    if (wanted == AK_ISA_AUTO) {
        const char *word = getenv("AUDIOKERN_ISA");
        if (word && *word && strcmp(word, "auto") != 0) {
            int isa = AK_ISA_PORTABLE;
            while (isa < AK_ISA_COUNT && strcmp(word, names[isa]) != 0) isa++;
            if (isa == AK_ISA_COUNT) return AK_ERR_ISA_UNKNOWN;
            wanted = (ak_isa)isa;
        } else {
            int isa = AK_ISA_COUNT - 1;
            while (!ak_isa_usable((ak_isa)isa)) isa--; /* ends at portable */
            wanted = (ak_isa)isa;
        }
    }
    if (!ak_isa_usable(wanted)) return AK_ERR_ISA_MISSING;
    *chosen = wanted;
    return AK_OK;
}
