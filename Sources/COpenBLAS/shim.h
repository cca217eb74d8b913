// The CBLAS interface of OpenBLAS, and its run-time switches.
#include <cblas.h>
