#include "CLMatKernels.h"
