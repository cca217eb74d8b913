// What the parts of the shim share.
#pragma once
#include "CImGui.h"

#include <SDL2/SDL.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <imgui.h>
#pragma clang diagnostic pop

/// The letters that text asked a face for, and that it lacks.
struct MissingLetters {
    /// A bit per letter up to U+FFFF that was asked for, so that each is told once.
    uint32_t asked[0x10000 / 32] = {};
    /// What is still to be told.
    ImVector<uint32_t> untold;
};

/// Fonts that are being put together.
struct FontPlan {
    ImFontAtlas *atlas = nullptr;
    ImFont *face[GUI_FACES] = {};
    /// ImGui reads the ranges when it draws the letters, and keeps none.
    ImVector<ImWchar *> ranges;
};

/// One of an SDL renderer, or memory that the processor draws from: then either `pixels`, which are opaque and drawn as
/// they are, or `mask`, the shares of a pixel that letters cover.
struct GuiTexture {
    SDL_Texture *handle = nullptr;
    uint32_t *pixels = nullptr;    // 0xffRRGGBB
    uint8_t *mask = nullptr;
    int width = 0;
    int height = 0;
    /// A number for what it holds: another one for other pixels, also where they are put into the same texture.
    uint64_t content = 0;
};

struct Sheet;

struct Gui {
    SDL_Renderer *renderer = nullptr;    // null where the processor draws, on `sheet`
    Sheet *sheet = nullptr;
    ImGuiContext *context = nullptr;
    GuiTexture *atlas = nullptr;
    ImFont *face[GUI_FACES] = {};
    FontPlan plan;
    MissingLetters missing[GUI_FACES];
    bool asked_beyond = false;    // for a letter beyond U+FFFF
    int fonts_version = 0;
    float scale = 1;    // pixels per unit
};

/// Notes the letters of `text` that the face lacks.
void note_missing_letters(Gui *gui, int face, const char *text);
void drop_plan(Gui *gui);

/// The texture of the letters: `pixels` are 0xAABBGGRR, of which the processor takes A alone.
GuiTexture *make_atlas(Gui *gui, const uint32_t *pixels, int width, int height);
void free_texture(GuiTexture *texture);
/// Between two frames: textures that were destroyed are kept for the frame that was in progress.
void free_given_up_textures(void);

Sheet *sheet_create(void);
void sheet_destroy(Sheet *sheet);
/// Draws those tiles of the sheet again that look different now. `white` is where the atlas is plain.
void sheet_draw(Sheet *sheet, const ImDrawData *data, ImVec2 white);
