// headers.c: the texts of the headers that both forms of a kernel include, for devices that have no files.

#include <clmat/registry.h>

CLMAT_TEXT_CALLED(common_h, "clmat/common.h") {
#embed "../include/clmat/common.h" suffix(, 0)
};
CLMAT_TEXT_CALLED(elementary_h, "clmat/elementary.h") {
#embed "../include/clmat/elementary.h" suffix(, 0)
};
CLMAT_TEXT_CALLED(group_h, "clmat/group.h") {
#embed "../include/clmat/group.h" suffix(, 0)
};
CLMAT_TEXT_CALLED(philox_h, "clmat/philox.h") {
#embed "../include/clmat/philox.h" suffix(, 0)
};
CLMAT_TEXT_CALLED(samplers_h, "clmat/samplers.h") {
#embed "../include/clmat/samplers.h" suffix(, 0)
};
CLMAT_TEXT_CALLED(update_h, "clmat/update.h") {
#embed "../include/clmat/update.h" suffix(, 0)
};
