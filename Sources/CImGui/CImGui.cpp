#include "Gui.h"

#include <cstdio>
#include <initializer_list>
#include <new>

namespace {

// The frame in progress.
Gui *current = nullptr;
ImDrawList *canvas = nullptr;
int cursor_override = -1;
// Pixels per unit, of the frame in progress.
float s = 1;

// Whole pixels, where a unit is not one: edges that meet still do.
float snapped(float x) { return s == 1 ? x : (float)(int)(x * s + (x < 0 ? -0.5f : 0.5f)); }

const char *clipboard_text(void *)
{
    // ImGui reads the text before it asks again.
    static char *kept = nullptr;
    SDL_free(kept);
    kept = SDL_GetClipboardText();
    return kept;
}

void set_clipboard_text(void *, const char *text) { SDL_SetClipboardText(text); }

ImVec4 vec4(uint32_t colour) { return ImGui::ColorConvertU32ToFloat4(colour); }

}    // namespace

// MARK: Life

Gui *gui_create(void *renderer, float scale)
{
    Gui *gui = new (std::nothrow) Gui;
    if (!gui) return nullptr;
    gui->scale = scale;
    gui->renderer = static_cast<SDL_Renderer *>(renderer);
    if (!renderer && !(gui->sheet = sheet_create())) {
        delete gui;
        return nullptr;
    }
    ImGuiContext *before = ImGui::GetCurrentContext();
    gui->context = ImGui::CreateContext();
    ImGui::SetCurrentContext(gui->context);
    ImGuiIO &io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.LogFilename = nullptr;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    io.ConfigInputTextCursorBlink = false;    // nothing blinks
    io.GetClipboardTextFn = clipboard_text;
    io.SetClipboardTextFn = set_clipboard_text;
    const int keys[][2] = {
        {ImGuiKey_Tab, SDL_SCANCODE_TAB}, {ImGuiKey_LeftArrow, SDL_SCANCODE_LEFT},
        {ImGuiKey_RightArrow, SDL_SCANCODE_RIGHT}, {ImGuiKey_UpArrow, SDL_SCANCODE_UP},
        {ImGuiKey_DownArrow, SDL_SCANCODE_DOWN}, {ImGuiKey_Home, SDL_SCANCODE_HOME}, {ImGuiKey_End, SDL_SCANCODE_END},
        {ImGuiKey_Delete, SDL_SCANCODE_DELETE}, {ImGuiKey_Backspace, SDL_SCANCODE_BACKSPACE},
        {ImGuiKey_Enter, SDL_SCANCODE_RETURN}, {ImGuiKey_KeyPadEnter, SDL_SCANCODE_KP_ENTER},
        {ImGuiKey_Escape, SDL_SCANCODE_ESCAPE}, {ImGuiKey_A, SDL_SCANCODE_A}, {ImGuiKey_C, SDL_SCANCODE_C},
        {ImGuiKey_V, SDL_SCANCODE_V}, {ImGuiKey_X, SDL_SCANCODE_X}, {ImGuiKey_Y, SDL_SCANCODE_Y},
        {ImGuiKey_Z, SDL_SCANCODE_Z},
    };
    for (const auto &key : keys) io.KeyMap[key[0]] = key[1];

    ImGuiStyle &style = ImGui::GetStyle();
    style.WindowPadding = ImVec2(0, 0);
    style.WindowMinSize = ImVec2(1, 1);
    style.WindowBorderSize = 1;
    style.ChildBorderSize = 0;
    style.ScrollbarSize = 9;
    style.ScrollbarRounding = 4;
    style.FrameRounding = 3;
    style.FramePadding = ImVec2(5, 2);
    style.ScaleAllSizes(scale);
    style.WindowMinSize = ImVec2(1, 1);    // less is refused
    style.WindowBorderSize = 1;    // not drawn; it only moves the clip
    style.AntiAliasedLinesUseTex = false;    // SDL's textures of lines are scaled by the nearest pixel
    ImGui::SetCurrentContext(before);
    return gui;
}

void gui_destroy(Gui *gui)
{
    if (!gui) return;
    drop_plan(gui);
    free_given_up_textures();    // those of its renderer
    free_texture(gui->atlas);
    sheet_destroy(gui->sheet);
    if (gui->context) ImGui::DestroyContext(gui->context);
    delete gui;
}

void gui_set_colours(Gui *gui, uint32_t text, uint32_t field, uint32_t selection, uint32_t grab)
{
    ImGuiContext *before = ImGui::GetCurrentContext();
    ImGui::SetCurrentContext(gui->context);
    ImVec4 *colours = ImGui::GetStyle().Colors;
    colours[ImGuiCol_Text] = vec4(text);
    colours[ImGuiCol_FrameBg] = colours[ImGuiCol_FrameBgHovered] = colours[ImGuiCol_FrameBgActive] = vec4(field);
    colours[ImGuiCol_TextSelectedBg] = vec4(selection);
    colours[ImGuiCol_ScrollbarBg] = colours[ImGuiCol_ChildBg] = ImVec4(0, 0, 0, 0);
    colours[ImGuiCol_ScrollbarGrab] = colours[ImGuiCol_ScrollbarGrabHovered] = colours[ImGuiCol_ScrollbarGrabActive] =
        vec4(grab);
    ImGui::SetCurrentContext(before);
}

// MARK: Input

void gui_mouse_moved(Gui *gui, float x, float y)
{
    ImGui::SetCurrentContext(gui->context);
    ImGui::GetIO().MousePos = ImVec2(x * gui->scale, y * gui->scale);
}

void gui_mouse_button(Gui *gui, int button, bool down)
{
    ImGui::SetCurrentContext(gui->context);
    if (button >= 0 && button < 3) ImGui::GetIO().MouseDown[button] = down;
}

void gui_mouse_wheel(Gui *gui, float amount)
{
    ImGui::SetCurrentContext(gui->context);
    ImGui::GetIO().MouseWheel += amount;
}

void gui_key(Gui *gui, int scancode, bool down, bool control, bool shift, bool alt)
{
    ImGui::SetCurrentContext(gui->context);
    ImGuiIO &io = ImGui::GetIO();
    if (scancode >= 0 && scancode < IM_ARRAYSIZE(io.KeysDown)) io.KeysDown[scancode] = down;
    io.KeyCtrl = control;
    io.KeyShift = shift;
    io.KeyAlt = alt;
}

void gui_text_typed(Gui *gui, const char *text)
{
    ImGui::SetCurrentContext(gui->context);
    ImGui::GetIO().AddInputCharactersUTF8(text);
}

// MARK: Frame

void gui_begin_frame(Gui *gui, float width, float height, float seconds)
{
    current = gui;
    s = gui->scale;
    cursor_override = -1;
    free_given_up_textures();
    ImGui::SetCurrentContext(gui->context);
    ImGuiIO &io = ImGui::GetIO();
    io.DisplaySize = ImVec2(width * s, height * s);
    io.DeltaTime = seconds > 0 ? seconds : 1e-3f;
    ImGui::NewFrame();
}

void gui_end_frame(Gui *gui)
{
    ImGui::Render();
    const ImDrawData *data = ImGui::GetDrawData();
    if (gui->sheet) return sheet_draw(gui->sheet, data, ImGui::GetIO().Fonts->TexUvWhitePixel);
    SDL_Renderer *renderer = gui->renderer;
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
    for (int n = 0; n < data->CmdListsCount; n++) {
        const ImDrawList *list = data->CmdLists[n];
        for (const ImDrawCmd &command : list->CmdBuffer) {
            const SDL_Rect clip = {
                (int)command.ClipRect.x, (int)command.ClipRect.y, (int)(command.ClipRect.z - command.ClipRect.x),
                (int)(command.ClipRect.w - command.ClipRect.y)};
            if (clip.w <= 0 || clip.h <= 0 || command.ElemCount == 0) continue;
            SDL_RenderSetClipRect(renderer, &clip);
            const GuiTexture *texture = static_cast<const GuiTexture *>(command.GetTexID());
            const ImDrawVert *v = list->VtxBuffer.Data + command.VtxOffset;
            SDL_RenderGeometryRaw(
                renderer, texture->handle, &v->pos.x, sizeof *v, (const SDL_Color *)&v->col, sizeof *v, &v->uv.x,
                sizeof *v, list->VtxBuffer.Size - (int)command.VtxOffset, list->IdxBuffer.Data + command.IdxOffset,
                (int)command.ElemCount, sizeof(ImDrawIdx));
        }
    }
    SDL_RenderSetClipRect(renderer, nullptr);
}

bool gui_is_typing(Gui *gui)
{
    ImGui::SetCurrentContext(gui->context);
    return ImGui::GetIO().WantTextInput;
}


void gui_mouse(float *x, float *y)
{
    const ImVec2 at = ImGui::GetIO().MousePos;
    *x = at.x / s;
    *y = at.y / s;
}

float gui_scale(void) { return s; }
int gui_fonts_version(void) { return current ? current->fonts_version : 0; }

bool gui_mouse_was_pressed(void) { return ImGui::IsMouseClicked(0); }
float gui_wheel(void) { return ImGui::GetIO().MouseWheel; }
bool gui_shift(void) { return ImGui::GetIO().KeyShift; }

int gui_cursor(void)
{
    if (cursor_override >= 0) return cursor_override;
    return ImGui::GetMouseCursor() == ImGuiMouseCursor_TextInput ? GUI_CURSOR_TEXT : GUI_CURSOR_ARROW;
}

void gui_set_cursor(int cursor) { cursor_override = cursor; }

// MARK: Windows and items

void gui_begin_window(
    const char *id, float x, float y, float width, float height, uint32_t fill, uint32_t edge, float radius,
    bool stays_behind, bool to_front)
{
    ImGui::SetNextWindowPos(ImVec2(x * s, y * s));
    ImGui::SetNextWindowSize(ImVec2(width * s, height * s));
    if (to_front) ImGui::SetNextWindowFocus();
    ImGuiWindowFlags flags = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoMove
        | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoFocusOnAppearing;
    if (stays_behind) flags |= ImGuiWindowFlags_NoBringToFrontOnFocus;
    ImGui::Begin(id, nullptr, flags);
    canvas = ImGui::GetWindowDrawList();
    // The window's own clip leaves its edge out.
    canvas->PushClipRect(ImVec2(x * s, y * s), ImVec2((x + width) * s, (y + height) * s));
    gui_fill(x, y, width, height, edge, radius);
    gui_fill(x + 1, y + 1, width - 2, height - 2, fill, radius > 1 ? radius - 1 : 0);
    canvas->PopClipRect();
}

void gui_end_window(void)
{
    ImGui::End();
    canvas = nullptr;
}

bool gui_window_is_hovered(void)
{
    return ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows | ImGuiHoveredFlags_AllowWhenBlockedByActiveItem);
}

void gui_begin_region(
    const char *id, float x, float y, float width, float height, float *content_x, float *content_y)
{
    ImGui::SetCursorScreenPos(ImVec2(x * s, y * s));
    ImGui::BeginChild(id, ImVec2(width > 1 ? width * s : 1, height > 1 ? height * s : 1));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    *content_x = at.x / s;
    *content_y = at.y / s;
    canvas = ImGui::GetWindowDrawList();
    if (s >= 1) return;
    // The first letters of lines reach a little beyond their places, which is nothing but where a unit is less than a
    // pixel.
    const ImVec2 least = canvas->GetClipRectMin(), most = canvas->GetClipRectMax();
    canvas->PopClipRect();
    canvas->PushClipRect(ImVec2(least.x - 1, least.y), most);
}

void gui_end_region(float content_height)
{
    ImGui::SetCursorPos(ImVec2(0, 0));
    ImGui::Dummy(ImVec2(1, content_height * s));
    ImGui::EndChild();
    canvas = ImGui::GetWindowDrawList();
}

void gui_reveal(float y, float height)
{
    const float top = ImGui::GetWindowPos().y, bottom = top + ImGui::GetWindowHeight();
    if (y * s < top) ImGui::SetScrollY(ImGui::GetScrollY() + y * s - top);
    if ((y + height) * s > bottom) ImGui::SetScrollY(ImGui::GetScrollY() + (y + height) * s - bottom);
}

unsigned gui_item(const char *id, float x, float y, float width, float height)
{
    if (width < 1 || height < 1) return 0;
    ImGui::SetCursorScreenPos(ImVec2(x * s, y * s));
    const bool clicked = ImGui::InvisibleButton(id, ImVec2(width * s, height * s));
    unsigned happened = 0;
    if (ImGui::IsItemHovered()) {
        happened |= GUI_HOVERED;
        if (ImGui::IsMouseDoubleClicked(0)) happened |= GUI_DOUBLE_CLICKED;
        if (ImGui::IsMouseClicked(1)) happened |= GUI_RIGHT_CLICKED;
    }
    if (ImGui::IsItemActive()) happened |= GUI_HELD;
    if (ImGui::IsItemActivated()) happened |= GUI_PRESSED;
    if (ImGui::IsItemDeactivated()) happened |= GUI_RELEASED;
    if (clicked) happened |= GUI_CLICKED;
    return happened;
}

unsigned gui_field(
    const char *id, float x, float y, float width, char *text, int capacity, bool focus)
{
    ImGui::SetCursorScreenPos(ImVec2(x * s, y * s));
    ImGui::SetNextItemWidth(width * s);
    ImGui::PushFont(current->face[3]);
    if (focus) ImGui::SetKeyboardFocusHere();
    char label[128];    // after the ##, an id that is not shown
    snprintf(label, sizeof label, "##%s", id);
    note_missing_letters(current, 3, text);
    const bool entered = ImGui::InputText(
        label, text, (size_t)capacity, ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
    ImGui::PopFont();
    unsigned happened = 0;
    if (entered) happened |= GUI_FIELD_ENTERED;
    if (ImGui::IsItemDeactivated()) happened |= GUI_FIELD_LEFT;
    if (ImGui::IsItemActive()) happened |= GUI_FIELD_ACTIVE;
    return happened;
}

// MARK: Drawing

void gui_begin_overlay(void) { canvas = ImGui::GetForegroundDrawList(); }
void gui_end_overlay(void) { canvas = nullptr; }

void gui_push_clip(float x, float y, float width, float height)
{
    canvas->PushClipRect(ImVec2(x * s, y * s), ImVec2((x + width) * s, (y + height) * s), true);
}

void gui_pop_clip(void) { canvas->PopClipRect(); }

void gui_fill(float x, float y, float width, float height, uint32_t colour, float radius)
{
    const float r = radius * s, left = snapped(x), top = snapped(y);
    float right = snapped(x + width), bottom = snapped(y + height);
    if (s != 1 && r < 1) {
        // A thin rule is a pixel at least.
        if (right < left + 1) right = left + 1;
        if (bottom < top + 1) bottom = top + 1;
    }
    x = left;
    y = top;
    width = right - left;
    height = bottom - top;
    if (r < 1 || width * height < 8000 || colour >> 24 != 255) {
        canvas->AddRectFilled(ImVec2(x, y), ImVec2(x + width, y + height), colour, r);
        return;
    }
    // A panel is rectangles and four discs: the processor fills those much faster than the large triangles of a rounded
    // outline.
    canvas->AddRectFilled(ImVec2(x, y + r), ImVec2(x + width, y + height - r), colour);
    canvas->AddRectFilled(ImVec2(x + r, y), ImVec2(x + width - r, y + r), colour);
    canvas->AddRectFilled(ImVec2(x + r, y + height - r), ImVec2(x + width - r, y + height), colour);
    for (const float cx : {x + r, x + width - r}) {
        for (const float cy : {y + r, y + height - r}) canvas->AddCircleFilled(ImVec2(cx, cy), r, colour);
    }
}

void gui_outline(
    float x, float y, float width, float height, uint32_t colour, float radius, float thickness)
{
    canvas->AddRect(
        ImVec2(snapped(x), snapped(y)), ImVec2(snapped(x + width), snapped(y + height)), colour, radius * s, 0,
        thickness * s);
}

void gui_line(float x0, float y0, float x1, float y1, uint32_t colour, float thickness)
{
    canvas->AddLine(ImVec2(x0 * s, y0 * s), ImVec2(x1 * s, y1 * s), colour, thickness * s);
}

void gui_polyline(const float *points, int count, uint32_t colour, float thickness)
{
    static_assert(sizeof(ImVec2) == 2 * sizeof(float), "points are passed on as they are");
    const ImVec2 *corners = reinterpret_cast<const ImVec2 *>(points);
    static ImVector<ImVec2> scaled;    // of one thread, as all here
    if (s != 1) {
        scaled.resize(count);
        for (int i = 0; i < count; i++) scaled[i] = ImVec2(corners[i].x * s, corners[i].y * s);
        corners = scaled.Data;
    }
    canvas->AddPolyline(corners, count, colour, 0, thickness * s);
}

void gui_disc(float x, float y, float radius, uint32_t colour)
{
    canvas->AddCircleFilled(ImVec2(x * s, y * s), radius * s, colour);
}

void gui_triangle(float x0, float y0, float x1, float y1, float x2, float y2, uint32_t colour)
{
    canvas->AddTriangleFilled(ImVec2(x0 * s, y0 * s), ImVec2(x1 * s, y1 * s), ImVec2(x2 * s, y2 * s), colour);
}

void gui_text(int face, float x, float y, uint32_t colour, const char *text)
{
    const ImFont *font = current->face[face];
    note_missing_letters(current, face, text);
    // Whole pixels, or glyphs of the atlas are smeared over two.
    canvas->AddText(font, font->FontSize, ImVec2((float)(int)(x * s + 0.5f), (float)(int)(y * s + 0.5f)), colour, text);
}

void gui_text_upwards(int face, float x, float y, uint32_t colour, const char *text)
{
    // Written along the line first, then turned about its beginning.
    const ImVec2 at((float)(int)(x * s + 0.5f), (float)(int)(y * s + 0.5f));
    const int first = canvas->VtxBuffer.Size;
    const ImFont *font = current->face[face];
    note_missing_letters(current, face, text);
    // ImGui leaves out letters beyond the clip, where the line would not be drawn but its turned one is.
    canvas->PushClipRect(ImVec2(-1e6f, -1e6f), ImVec2(1e6f, 1e6f));
    canvas->AddText(font, font->FontSize, at, colour, text);
    canvas->PopClipRect();
    for (int i = first; i < canvas->VtxBuffer.Size; i++) {
        ImVec2 &corner = canvas->VtxBuffer[i].pos;
        corner = ImVec2(at.x + (corner.y - at.y), at.y - (corner.x - at.x));
    }
}

float gui_text_width(int face, const char *text)
{
    const ImFont *font = current->face[face];
    note_missing_letters(current, face, text);
    return font->CalcTextSizeA(font->FontSize, 1e9f, 0, text).x / s;
}

void gui_image(
    GuiTexture *texture, float x, float y, float width, float height, float u0, float v0, float u1, float v1)
{
    canvas->AddImage(
        texture, ImVec2(snapped(x), snapped(y)), ImVec2(snapped(x + width), snapped(y + height)), ImVec2(u0, v0),
        ImVec2(u1, v1));
}
