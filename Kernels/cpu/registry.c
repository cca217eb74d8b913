// registry.c: the lists of all kernels and texts that the program holds (clmat/registry.h).

#include <clmat/registry.h>

static const clmat_kernel *first;
static const clmat_text *first_text;

void clmat_register(clmat_kernel *kernel)
{
    kernel->next = first;
    first = kernel;
}

const clmat_kernel *clmat_first_kernel(void) { return first; }

void clmat_register_text(clmat_text *text)
{
    text->next = first_text;
    first_text = text;
}

const clmat_text *clmat_first_text(void) { return first_text; }
