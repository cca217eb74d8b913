// zlib: reading gzip files.
#include <zlib.h>
