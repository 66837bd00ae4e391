/* Runs every test on every instruction set, with one thread and with three. */
#include "check.h"

static int failures;

void check_failed(const char *what, const char *file, int line)
{
    failures++;
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
}

int check_failures(void)
{
    return failures;
}

void *check_memory(size_t bytes)
{
    void *p = calloc(bytes ? bytes : 1, 1);
    if (!p) abort();
    return p;
}

void *check_work(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, bytes ? bytes : 64)) abort();
    memset(p, 0x5a, bytes);
    return p;
}

void check_noise(float *x, size_t count, unsigned seed)
{
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(int32_t)state * 0x1p-31f;
    }
}

static void check_status(void)
{
    for (int s = 0; s < AK_STATUS_COUNT; s++) CHECK(strlen(ak_status_text((ak_status)s)) > 0);
    CHECK(ak_status_text((ak_status)-1) && ak_status_text((ak_status)1000));
    ak_isa isa;
    CHECK(ak_isa_choose((ak_isa)99, &isa) == AK_ERR_ARGUMENT);
    CHECK(ak_isa_choose(AK_ISA_AUTO, NULL) == AK_ERR_ARGUMENT);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(const ak_options *);
    } tests[] = {{"spectra", check_spectra},   {"mel", check_mel},         {"quantize", check_quantize},
                 {"resample", check_resample}, {"streams", check_streams}, {"vq", check_vq},
                 {"sieve", check_sieve},       {"wav", check_wav},         {"sharing", check_sharing},
                 {"crew", check_crew}};
    check_status();
    for (int isa = AK_ISA_PORTABLE; isa < AK_ISA_COUNT; isa++) {
        if (!ak_isa_usable((ak_isa)isa)) continue;
        for (int threads = 1; threads <= 3; threads += 2) {
            ak_options options = {threads, (ak_isa)isa};
            for (size_t t = 0; t < sizeof tests / sizeof *tests; t++) {
                int before = failures;
                tests[t].run(&options);
                printf("%-8s %d threads  %-8s %s\n", ak_isa_name((ak_isa)isa), threads, tests[t].name,
                       failures == before ? "ok" : "FAILED");
            }
        }
    }
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
