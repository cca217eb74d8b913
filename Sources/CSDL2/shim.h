// SDL 2: window, events, renderer.
#include <SDL2/SDL.h>
