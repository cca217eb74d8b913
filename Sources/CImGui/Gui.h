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

struct Gui {
    SDL_Renderer *renderer = nullptr;
    ImGuiContext *context = nullptr;
    SDL_Texture *atlas = nullptr;
    ImFont *face[GUI_FACES] = {};
    FontPlan plan;
    MissingLetters missing[GUI_FACES];
    bool asked_beyond = false;    // for a letter beyond U+FFFF
    int fonts_version = 0;
    bool is_software = false;
    float scale = 1;    // pixels a unit
};

/// Notes the letters of `text` that the face lacks.
void note_missing_letters(Gui *gui, int face, const char *text);
void drop_plan(Gui *gui);
