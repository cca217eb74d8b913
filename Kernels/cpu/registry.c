// registry.c: the list of all kernels that the program holds (clmat/registry.h).

#include "clmat/registry.h"

static const clmat_kernel *first;

void clmat_register(clmat_kernel *kernel)
{
    kernel->next = first;
    first = kernel;
}

const clmat_kernel *clmat_first_kernel(void) { return first; }
