/* An NVTX tool of a few lines: writes what it is told of domains, categories, pushes and pops to the file
 * NVTX_RECORD.
 *
 * The library that is profiled loads it through NVTX_INJECTION64_PATH and calls InitializeInjectionNvtx2.
 * Layouts and numbers are those of NVTX 3 (nvToolsExt.h, nvtxTypes.h): the interface that Nsight itself is
 * injected by. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { CALLBACKS = 1, CORE2 = 5 };
enum {
    PUSH_EX = 4,
    POP = 5,
    NAME_CATEGORY_A = 8,
    REGISTER_STRING_A = 10,
    REGISTER_STRING_W = 11,
    CREATE_A = 12
};
enum { ASCII = 1, UNICODE = 2, REGISTERED = 3 };

typedef struct {
    uint16_t version, size;
    uint32_t category;
    int32_t color_type;
    uint32_t color;
    int32_t payload_type, reserved;
    union {
        uint64_t integer;
        double real;
    } payload;
    int32_t message_type;
    const void *message;
} Attributes;

typedef struct {
    size_t size;
    int (*module_table)(int module, void (****table)(void), unsigned *size);
} Callbacks;

static FILE *record;
static int depth;

static const char *text(const Attributes *a)
{
    static char narrow[4096];
    if (a->message_type == UNICODE) {
        wcstombs(narrow, a->message, sizeof narrow);
        return narrow;
    }
    return a->message_type == ASCII || a->message_type == REGISTERED ? a->message : "";
}

static void *create(const char *name)
{
    static intptr_t made;
    fprintf(record, "domain\t%ld\t%s\n", (long)++made, name);
    return (void *)made;
}

static void category(void *domain, uint32_t id, const char *name)
{
    fprintf(record, "category\t%ld\t%u\t%s\n", (long)(intptr_t)domain, id, name);
}

/* a handle of ours is the text itself; the tool owns its copy */
static void *string_a(void *domain, const char *name)
{
    (void)domain;
    char *copy = malloc(4096);
    snprintf(copy, 4096, "%s", name);
    return copy;
}

static void *string_w(void *domain, const int32_t *name)
{
    (void)domain;
    char *copy = malloc(4096);
    wcstombs(copy, (const void *)name, 4096);
    return copy;
}

static int push(void *domain, const Attributes *a)
{
    fprintf(record, "push\t%ld\t%u\t%s\n", (long)(intptr_t)domain, a->category, text(a));
    return depth++;
}

static int pop(void *domain)
{
    fprintf(record, "pop\t%ld\n", (long)(intptr_t)domain);
    fflush(record);
    return --depth;
}

int InitializeInjectionNvtx2(const void *(*export_table)(uint32_t))
{
    const Callbacks *callbacks = export_table(CALLBACKS);
    void (***table)(void);
    unsigned size;
    record = fopen(getenv("NVTX_RECORD"), "a");
    if (!record || !callbacks || !callbacks->module_table(CORE2, &table, &size)) return 0;
    *table[PUSH_EX] = (void (*)(void))push;
    *table[POP] = (void (*)(void))pop;
    *table[NAME_CATEGORY_A] = (void (*)(void))category;
    *table[REGISTER_STRING_A] = (void (*)(void))string_a;
    *table[REGISTER_STRING_W] = (void (*)(void))string_w;
    *table[CREATE_A] = (void (*)(void))create;
    return 1;
}
