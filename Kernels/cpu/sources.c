// sources.c: the texts of the OpenCL kernels, embedded, so that a program needs no files beside it.

#include "include/CLMatKernels.h"
#include <string.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"

// Each family: the headers of ../shared that it uses, then its own text.
static const char elementwise_text[] = {
#embed "../shared/common.h" suffix(,)
#embed "../shared/elementary.h" suffix(,)
#embed "../shared/elementwise.h" suffix(,)
#embed "../cl/elementwise.cl" suffix(,)
    0};
static const char reduction_text[] = {
#embed "../shared/common.h" suffix(,)
#embed "../shared/reduction.h" suffix(,)
#embed "../cl/reduction.cl" suffix(,)
    0};
static const char layout_text[] = {
#embed "../cl/layout.cl" suffix(,)
    0};
static const char softmax_text[] = {
#embed "../shared/common.h" suffix(,)
#embed "../shared/elementary.h" suffix(,)
#embed "../cl/softmax.cl" suffix(,)
    0};
static const char random_text[] = {
#embed "../shared/common.h" suffix(,)
#embed "../shared/elementary.h" suffix(,)
#embed "../shared/philox.h" suffix(,)
#embed "../cl/random.cl" suffix(,)
    0};
static const char convolution_text[] = {
#embed "../cl/convolution.cl" suffix(,)
    0};
static const char pooling_text[] = {
#embed "../cl/pooling.cl" suffix(,)
    0};
static const char update_text[] = {
#embed "../shared/common.h" suffix(,)
#embed "../shared/update.h" suffix(,)
#embed "../cl/update.cl" suffix(,)
    0};
static const char langevin_text[] = {
#embed "../shared/common.h" suffix(,)
#embed "../shared/elementary.h" suffix(,)
#embed "../shared/update.h" suffix(,)
#embed "../shared/langevin.h" suffix(,)
#embed "../cl/langevin.cl" suffix(,)
    0};
static const char kmeans_text[] = {
#embed "../shared/common.h" suffix(,)
#embed "../shared/kmeans.h" suffix(,)
#embed "../cl/group.h" suffix(,)
#embed "../cl/kmeans.cl" suffix(,)
    0};

static const char samplers_text[] = {
#embed "../shared/common.h" suffix(,)
#embed "../shared/elementary.h" suffix(,)
#embed "../shared/philox.h" suffix(,)
#embed "../shared/samplers.h" suffix(,)
#embed "../cl/samplers.cl" suffix(,)
    0};
static const char topics_text[] = {
#embed "../shared/common.h" suffix(,)
#embed "../shared/elementary.h" suffix(,)
#embed "../shared/philox.h" suffix(,)
#embed "../shared/samplers.h" suffix(,)
#embed "../shared/topics.h" suffix(,)
#embed "../cl/group.h" suffix(,)
#embed "../cl/topics.cl" suffix(,)
    0};
static const char parts_text[] = {
#embed "../shared/common.h" suffix(,)
#embed "../shared/reduction.h" suffix(,)
#embed "../cl/parts.cl" suffix(,)
    0};
static const char fused_text[] = {
#embed "../cl/fused.cl" suffix(,)
    0};

#pragma clang diagnostic pop

static const struct { const char *name, *text; } families[] = {
    {"elementwise", elementwise_text}, {"reduction", reduction_text}, {"layout", layout_text},
    {"softmax", softmax_text},         {"random", random_text},       {"convolution", convolution_text},
    {"pooling", pooling_text},         {"update", update_text},       {"langevin", langevin_text},
    {"kmeans", kmeans_text},           {"samplers", samplers_text},   {"topics", topics_text},
    {"parts", parts_text},         {"fused", fused_text},
};

const char *clmat_kernel_source(const char *family)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(families[i].name, family) == 0) return families[i].text;
    return NULL;
}
