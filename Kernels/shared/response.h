// response.h: local response normalisation: what a number is divided by.
#ifndef CLMAT_RESPONSE_H
#define CLMAT_RESPONSE_H

#include <clmat/elementary.h>

// d^-beta for d > 0
static inline float clmat_power_of_denominator(float d, float beta) { return clmat_exp(-beta * clmat_log(d)); }

#endif
