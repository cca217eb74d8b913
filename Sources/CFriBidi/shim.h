// FriBidi: the order of text that runs from right to left, and the joined forms of Arabic letters.
#include <fribidi/fribidi.h>
