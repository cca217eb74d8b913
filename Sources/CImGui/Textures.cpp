// Textures: of SDL's renderer, or memory that the processor draws from.
#include "Gui.h"

#include <cstring>
#include <new>

namespace {

uint64_t content_of(const void *bytes, size_t count)
{
    // FNV-1a, eight bytes at a time; the rest of a division by eight one by one.
    uint64_t hash = 0xcbf29ce484222325;
    const unsigned char *at = static_cast<const unsigned char *>(bytes);
    for (; count >= 8; count -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = (hash ^ word) * 0x100000001b3;
        hash ^= hash >> 29;
    }
    for (; count > 0; count--, at++) hash = (hash ^ *at) * 0x100000001b3;
    return hash;
}

GuiTexture *make_texture(const Gui *gui, int width, int height)
{
    if (width <= 0 || height <= 0) return nullptr;
    GuiTexture *texture = new (std::nothrow) GuiTexture;
    if (!texture) return nullptr;
    texture->width = width;
    texture->height = height;
    if (!gui->renderer) return texture;
    texture->handle =
        SDL_CreateTexture(gui->renderer, SDL_PIXELFORMAT_ABGR8888, SDL_TEXTUREACCESS_STATIC, width, height);
    if (texture->handle) return texture;
    delete texture;
    return nullptr;
}

// What the frame in progress may still draw.
ImVector<GuiTexture *> given_up;

}    // namespace

int gui_largest_texture(const Gui *gui)
{
    SDL_RendererInfo info;
    if (!gui->renderer || SDL_GetRendererInfo(gui->renderer, &info) != 0) return 16384;
    const int limit = info.max_texture_width < info.max_texture_height ? info.max_texture_width : info.max_texture_height;
    return limit <= 0 ? 8192 : limit < 16384 ? limit : 16384;
}

GuiTexture *gui_texture_create(const Gui *gui, int width, int height)
{
    GuiTexture *texture = make_texture(gui, width, height);
    if (!texture) return nullptr;
    if (texture->handle) {
        // The nearest pixel: images are not blurred into looking better than they are.
        SDL_SetTextureScaleMode(texture->handle, SDL_ScaleModeNearest);
        SDL_SetTextureBlendMode(texture->handle, SDL_BLENDMODE_NONE);
        return texture;
    }
    texture->pixels = new (std::nothrow) uint32_t[(size_t)width * (size_t)height]();
    if (texture->pixels) return texture;
    delete texture;
    return nullptr;
}

void gui_texture_update(GuiTexture *texture, const void *pixels)
{
    if (texture->handle) {
        SDL_UpdateTexture(texture->handle, nullptr, pixels, texture->width * 4);
        return;
    }
    const size_t count = (size_t)texture->width * (size_t)texture->height;
    const unsigned char *from = static_cast<const unsigned char *>(pixels);
    for (size_t i = 0; i < count; i++, from += 4) {
        texture->pixels[i] = 0xff000000u | (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
    }
    texture->content = content_of(texture->pixels, count * 4) ^ (uint64_t)texture->width;
}

void gui_texture_destroy(GuiTexture *texture)
{
    if (texture) given_up.push_back(texture);
}

void free_texture(GuiTexture *texture)
{
    if (!texture) return;
    if (texture->handle) SDL_DestroyTexture(texture->handle);
    delete[] texture->pixels;
    delete[] texture->mask;
    delete texture;
}

void free_given_up_textures(void)
{
    for (GuiTexture *texture : given_up) free_texture(texture);
    given_up.resize(0);
}

GuiTexture *make_atlas(Gui *gui, const uint32_t *pixels, int width, int height)
{
    const int largest = gui_largest_texture(gui);
    if (width > largest || height > largest) return nullptr;
    GuiTexture *texture = make_texture(gui, width, height);
    if (!texture) return nullptr;
    if (texture->handle) {
        SDL_UpdateTexture(texture->handle, nullptr, pixels, width * 4);
        SDL_SetTextureBlendMode(texture->handle, SDL_BLENDMODE_BLEND);
        return texture;
    }
    const size_t count = (size_t)width * (size_t)height;
    texture->mask = new (std::nothrow) uint8_t[count];
    if (!texture->mask) {
        delete texture;
        return nullptr;
    }
    for (size_t i = 0; i < count; i++) texture->mask[i] = (uint8_t)(pixels[i] >> 24);
    texture->content = content_of(texture->mask, count) ^ (uint64_t)width;
    return texture;
}
