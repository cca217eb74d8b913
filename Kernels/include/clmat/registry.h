// registry.h: how a loop in C is made known as the CPU's form of a kernel: one line behind it.
//
//     void row_dots(size_t begin, size_t end, int columns, const float *as, const float *bs, float *ys) { ... }
//     CLMAT_KERNEL(reduction, row_dots, INT, FLOATS, FLOATS, OUT_FLOATS)
//
// It names the family, the kernel, and what the parameters are, in the order in which the OpenCL form has them; the compiler
// checks that the loop takes the same. The first two of the loop are the range [begin, end) of items that it is to do, which
// several threads call for at once, with ranges that do not overlap. Sizes come first, inputs next, outputs last.
//
//     INT WORD FLOAT                   a number: int, uint, float
//     FLOATS INTS WORDS BYTES          memory that is read
//     OUT_FLOATS OUT_INTS              memory that is written; what was there does not matter
//     INOUT_FLOATS INOUT_INTS          memory that is read and written, or written in part
//     CL_INT CL_FLOAT CL_INOUT_FLOATS  a parameter of the OpenCL form alone, such as the number of items; the loop has none for it
//
// The OpenCL form stands in a file of its own, and its text in the program:
//
//     CLMAT_TEXT(reduction) {
//     #embed "../cl/reduction.cl" suffix(, 0)
//     };
//
// A header of the family's own can be embedded before it, with suffix(,). Lines #include <clmat/philox.h> and the like in it are
// replaced with CLMat's headers (common.h).
//
// A line's constructor adds an entry to a list before main: linkers keep it when they drop what nobody calls (--gc-sections),
// as long as they take the object file. Swift's package manager links all of them; another build system that links an archive
// has to take the whole of it (--whole-archive).
#ifndef CLMAT_REGISTRY_H
#define CLMAT_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

/// An argument of a kernel as a loop in C gets it.
typedef union {
    int32_t integer;
    uint32_t word;
    float real;
    void *memory;
} clmat_argument;

/// What a parameter of a kernel is.
enum {
    CLMAT_KIND_INT, CLMAT_KIND_WORD, CLMAT_KIND_FLOAT,
    CLMAT_KIND_FLOATS, CLMAT_KIND_INTS, CLMAT_KIND_WORDS, CLMAT_KIND_BYTES,
    CLMAT_KIND_OUT_FLOATS, CLMAT_KIND_OUT_INTS, CLMAT_KIND_INOUT_FLOATS, CLMAT_KIND_INOUT_INTS,

    CLMAT_KIND_CL_INT = CLMAT_KIND_INT,
    CLMAT_KIND_CL_FLOAT = CLMAT_KIND_FLOAT,
    CLMAT_KIND_CL_INOUT_FLOATS = CLMAT_KIND_INOUT_FLOATS,
};

/// A kernel's form in C.
typedef struct clmat_kernel {
    const char *family, *name;
    /// Does the items [begin, end).
    void (*loop)(size_t begin, size_t end, const clmat_argument *arguments);
    /// CLMAT_KIND_... of each parameter.
    const uint8_t *kinds;
    size_t count;
    const struct clmat_kernel *next;
} clmat_kernel;

/// Adds an entry to the list of all kernels that the program holds. Called before main.
void clmat_register(clmat_kernel *kernel);
/// The first of the list, or null.
const clmat_kernel *clmat_first_kernel(void);

/// A text that kernels are compiled from, or that such a text includes.
typedef struct clmat_text {
    const char *name, *text;
    const struct clmat_text *next;
} clmat_text;

/// Adds a text to the list of all that the program holds. Called before main.
void clmat_register_text(clmat_text *text);
/// The first of the list, or null.
const clmat_text *clmat_first_text(void);

// The text of a family; what comes next is its bytes in braces, with a 0 at the end.
#define CLMAT_TEXT(FAMILY) CLMAT_TEXT_CALLED(FAMILY, #FAMILY)

// The same by a name that is none in C: that of a header.
#define CLMAT_TEXT_CALLED(ID, NAME) \
    extern const unsigned char clmat_text_##ID[]; \
    __attribute__((constructor)) static void clmat_register_text_##ID(void) \
    { \
        static clmat_text text = {NAME, (const char *)clmat_text_##ID, NULL}; \
        clmat_register_text(&text); \
    } \
    const unsigned char clmat_text_##ID[] =

// #embed is of C23.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wc23-extensions"
#endif

#define CLMAT_KERNEL(FAMILY, NAME, ...) CLMAT_KERNEL_BY(FAMILY, NAME, NAME, __VA_ARGS__)

/// The same where several kernels share one loop.
#define CLMAT_KERNEL_BY(FAMILY, NAME, LOOP, ...) \
    static void clmat_call_##NAME(size_t begin, size_t end, const clmat_argument *arguments) \
    { \
        LOOP(begin, end CLMAT_EACH(CLMAT_PASS, __VA_ARGS__)); \
    } \
    static const uint8_t clmat_kinds_##NAME[] = {CLMAT_EACH(CLMAT_KIND, __VA_ARGS__)}; \
    __attribute__((constructor)) static void clmat_register_##NAME(void) \
    { \
        static clmat_kernel kernel = { \
            #FAMILY, #NAME, clmat_call_##NAME, clmat_kinds_##NAME, sizeof clmat_kinds_##NAME, NULL}; \
        clmat_register(&kernel); \
    }

#define CLMAT_KIND(I, K) CLMAT_KIND_##K,
#define CLMAT_PASS(I, K) CLMAT_PASS_##K(arguments[I])
#define CLMAT_PASS_INT(A) , (A).integer
#define CLMAT_PASS_WORD(A) , (A).word
#define CLMAT_PASS_FLOAT(A) , (A).real
#define CLMAT_PASS_FLOATS(A) , (const float *)(A).memory
#define CLMAT_PASS_INTS(A) , (const int *)(A).memory
#define CLMAT_PASS_WORDS(A) , (const uint32_t *)(A).memory
#define CLMAT_PASS_BYTES(A) , (const unsigned char *)(A).memory
#define CLMAT_PASS_OUT_FLOATS(A) , (float *)(A).memory
#define CLMAT_PASS_OUT_INTS(A) , (int *)(A).memory
#define CLMAT_PASS_INOUT_FLOATS(A) , (float *)(A).memory
#define CLMAT_PASS_INOUT_INTS(A) , (int *)(A).memory
#define CLMAT_PASS_CL_INT(A)
#define CLMAT_PASS_CL_FLOAT(A)
#define CLMAT_PASS_CL_INOUT_FLOATS(A)

// M(0, first) M(1, second) ... for up to 32.
#define CLMAT_EACH(M, ...) CLMAT_EACH_0(M, __VA_ARGS__)
#define CLMAT_EACH_0(M, K, ...) M(0, K) __VA_OPT__(CLMAT_EACH_1(M, __VA_ARGS__))
#define CLMAT_EACH_1(M, K, ...) M(1, K) __VA_OPT__(CLMAT_EACH_2(M, __VA_ARGS__))
#define CLMAT_EACH_2(M, K, ...) M(2, K) __VA_OPT__(CLMAT_EACH_3(M, __VA_ARGS__))
#define CLMAT_EACH_3(M, K, ...) M(3, K) __VA_OPT__(CLMAT_EACH_4(M, __VA_ARGS__))
#define CLMAT_EACH_4(M, K, ...) M(4, K) __VA_OPT__(CLMAT_EACH_5(M, __VA_ARGS__))
#define CLMAT_EACH_5(M, K, ...) M(5, K) __VA_OPT__(CLMAT_EACH_6(M, __VA_ARGS__))
#define CLMAT_EACH_6(M, K, ...) M(6, K) __VA_OPT__(CLMAT_EACH_7(M, __VA_ARGS__))
#define CLMAT_EACH_7(M, K, ...) M(7, K) __VA_OPT__(CLMAT_EACH_8(M, __VA_ARGS__))
#define CLMAT_EACH_8(M, K, ...) M(8, K) __VA_OPT__(CLMAT_EACH_9(M, __VA_ARGS__))
#define CLMAT_EACH_9(M, K, ...) M(9, K) __VA_OPT__(CLMAT_EACH_10(M, __VA_ARGS__))
#define CLMAT_EACH_10(M, K, ...) M(10, K) __VA_OPT__(CLMAT_EACH_11(M, __VA_ARGS__))
#define CLMAT_EACH_11(M, K, ...) M(11, K) __VA_OPT__(CLMAT_EACH_12(M, __VA_ARGS__))
#define CLMAT_EACH_12(M, K, ...) M(12, K) __VA_OPT__(CLMAT_EACH_13(M, __VA_ARGS__))
#define CLMAT_EACH_13(M, K, ...) M(13, K) __VA_OPT__(CLMAT_EACH_14(M, __VA_ARGS__))
#define CLMAT_EACH_14(M, K, ...) M(14, K) __VA_OPT__(CLMAT_EACH_15(M, __VA_ARGS__))
#define CLMAT_EACH_15(M, K, ...) M(15, K) __VA_OPT__(CLMAT_EACH_16(M, __VA_ARGS__))
#define CLMAT_EACH_16(M, K, ...) M(16, K) __VA_OPT__(CLMAT_EACH_17(M, __VA_ARGS__))
#define CLMAT_EACH_17(M, K, ...) M(17, K) __VA_OPT__(CLMAT_EACH_18(M, __VA_ARGS__))
#define CLMAT_EACH_18(M, K, ...) M(18, K) __VA_OPT__(CLMAT_EACH_19(M, __VA_ARGS__))
#define CLMAT_EACH_19(M, K, ...) M(19, K) __VA_OPT__(CLMAT_EACH_20(M, __VA_ARGS__))
#define CLMAT_EACH_20(M, K, ...) M(20, K) __VA_OPT__(CLMAT_EACH_21(M, __VA_ARGS__))
#define CLMAT_EACH_21(M, K, ...) M(21, K) __VA_OPT__(CLMAT_EACH_22(M, __VA_ARGS__))
#define CLMAT_EACH_22(M, K, ...) M(22, K) __VA_OPT__(CLMAT_EACH_23(M, __VA_ARGS__))
#define CLMAT_EACH_23(M, K, ...) M(23, K) __VA_OPT__(CLMAT_EACH_24(M, __VA_ARGS__))
#define CLMAT_EACH_24(M, K, ...) M(24, K) __VA_OPT__(CLMAT_EACH_25(M, __VA_ARGS__))
#define CLMAT_EACH_25(M, K, ...) M(25, K) __VA_OPT__(CLMAT_EACH_26(M, __VA_ARGS__))
#define CLMAT_EACH_26(M, K, ...) M(26, K) __VA_OPT__(CLMAT_EACH_27(M, __VA_ARGS__))
#define CLMAT_EACH_27(M, K, ...) M(27, K) __VA_OPT__(CLMAT_EACH_28(M, __VA_ARGS__))
#define CLMAT_EACH_28(M, K, ...) M(28, K) __VA_OPT__(CLMAT_EACH_29(M, __VA_ARGS__))
#define CLMAT_EACH_29(M, K, ...) M(29, K) __VA_OPT__(CLMAT_EACH_30(M, __VA_ARGS__))
#define CLMAT_EACH_30(M, K, ...) M(30, K) __VA_OPT__(CLMAT_EACH_31(M, __VA_ARGS__))
#define CLMAT_EACH_31(M, K) M(31, K)

#endif
