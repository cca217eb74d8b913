// Fonts: files that are open, the atlas that is built of them, and the letters that it lacks.
#include "Gui.h"

#include <climits>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#define STB_TRUETYPE_IMPLEMENTATION
#define STBTT_STATIC
#include <stb/stb_truetype.h>
#pragma clang diagnostic pop

struct GuiFontFile {
    unsigned char *bytes = nullptr;
    size_t length = 0;
    int index = 0;
    stbtt_fontinfo info = {};
};

namespace {

uint32_t big_endian(const unsigned char *at, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) value = value << 8 | at[i];
    return value;
}

// Whether a font begins at `start` whose tables lie within the file: stb_truetype looks at no length.
bool has_whole_tables(const GuiFontFile *file, size_t start)
{
    if (start > file->length || file->length - start < 12) return false;
    const unsigned char *head = file->bytes + start;
    const uint32_t kind = big_endian(head, 4);
    const bool is_known = kind == 0x00010000 || kind == 0x74727565 /* true */ || kind == 0x4f54544f /* OTTO */;
    const size_t tables = big_endian(head + 4, 2);
    if (!is_known || file->length - start - 12 < 16 * tables) return false;
    bool has_metrics = false;
    for (size_t i = 0; i < tables; i++) {
        const unsigned char *entry = head + 12 + 16 * i;
        const size_t offset = big_endian(entry + 8, 4), length = big_endian(entry + 12, 4);
        if (offset > file->length || length > file->length - offset) return false;
        if (memcmp(entry, "hmtx", 4) == 0) has_metrics = true;
    }
    return has_metrics;
}

// Where the font of that index begins, or a place beyond the file.
size_t start_of_font(const GuiFontFile *file)
{
    const size_t none = SIZE_MAX;
    if (file->length < 16 || file->index < 0) return none;
    if (memcmp(file->bytes, "ttcf", 4) != 0) return file->index == 0 ? 0 : none;
    const size_t count = big_endian(file->bytes + 8, 4);
    if ((size_t)file->index >= count || (file->length - 12) / 4 < count) return none;
    return big_endian(file->bytes + 12 + 4 * (size_t)file->index, 4);
}

// What is drawn for a letter that no font has.
const ImWchar white_square = 0x25a1;

int fonts_made = 0;

}    // namespace

// MARK: Files

GuiFontFile *gui_font_open(const char *path, int index)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return nullptr;
    struct stat status;
    void *bytes = MAP_FAILED;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 && status.st_size < INT_MAX) {
        // Of a large file only the letters that are drawn are read.
        bytes = mmap(nullptr, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    }
    close(descriptor);
    if (bytes == MAP_FAILED) return nullptr;
    GuiFontFile *file = new (std::nothrow) GuiFontFile;
    if (!file) {
        munmap(bytes, (size_t)status.st_size);
        return nullptr;
    }
    file->bytes = static_cast<unsigned char *>(bytes);
    file->length = (size_t)status.st_size;
    file->index = index;
    const size_t start = start_of_font(file);
    if (!has_whole_tables(file, start) || !stbtt_InitFont(&file->info, file->bytes, (int)start)
        || gui_font_height(file) <= 0) {
        gui_font_close(file);
        return nullptr;
    }
    return file;
}

void gui_font_close(GuiFontFile *file)
{
    if (!file) return;
    munmap(file->bytes, file->length);
    delete file;
}

bool gui_font_has(const GuiFontFile *file, uint32_t character)
{
    return stbtt_FindGlyphIndex(&file->info, (int)character) != 0;
}

float gui_font_height(const GuiFontFile *file)
{
    int ascent, descent, gap;
    stbtt_GetFontVMetrics(&file->info, &ascent, &descent, &gap);
    return (float)(ascent - descent) * stbtt_ScaleForMappingEmToPixels(&file->info, 1);
}

// MARK: Atlas

void drop_plan(Gui *gui)
{
    for (ImWchar *ranges : gui->plan.ranges) IM_FREE(ranges);
    gui->plan.ranges.clear();
    if (gui->plan.atlas) IM_DELETE(gui->plan.atlas);
    gui->plan.atlas = nullptr;
    for (ImFont *&face : gui->plan.face) face = nullptr;
}

void gui_fonts_begin(Gui *gui)
{
    drop_plan(gui);
    gui->plan.atlas = IM_NEW(ImFontAtlas);
}

void gui_fonts_add(
    Gui *gui, int face, const GuiFontFile *file, float size, const uint16_t *pairs, int count, bool is_sharp)
{
    FontPlan &plan = gui->plan;
    ImWchar *ranges = static_cast<ImWchar *>(IM_ALLOC(sizeof(ImWchar) * (size_t)(count + 1)));
    for (int i = 0; i < count; i++) ranges[i] = pairs[i];
    ranges[count] = 0;
    plan.ranges.push_back(ranges);
    ImFontConfig config;
    config.FontDataOwnedByAtlas = false;
    config.FontNo = file->index;
    config.OversampleH = is_sharp ? 1 : 2;
    config.OversampleV = 1;
    config.PixelSnapH = true;
    if (plan.face[face]) {
        config.MergeMode = true;
        config.DstFont = plan.face[face];
    }
    ImFont *font = plan.atlas->AddFontFromMemoryTTF(
        file->bytes, (int)file->length, size * gui->scale, &config, ranges);
    if (!plan.face[face]) plan.face[face] = font;
}

void gui_fonts_add_builtin(Gui *gui, int face)
{
    if (gui->plan.face[face]) return;
    ImFontConfig config;
    config.SizePixels = 13 * gui->scale;
    gui->plan.face[face] = gui->plan.atlas->AddFontDefault(&config);
}

bool gui_fonts_end(Gui *gui)
{
    FontPlan &plan = gui->plan;
    for (int i = 0; i < GUI_FACES; i++) {
        gui_fonts_add_builtin(gui, i);
        plan.face[i]->FallbackChar = white_square;
    }
    unsigned char *pixels = nullptr;
    int width = 0, height = 0;
    if (plan.atlas->Build()) plan.atlas->GetTexDataAsRGBA32(&pixels, &width, &height);
    GuiTexture *texture = pixels ? make_atlas(gui, reinterpret_cast<uint32_t *>(pixels), width, height) : nullptr;
    if (!texture) {
        drop_plan(gui);
        return false;
    }
    plan.atlas->SetTexID(texture);
    plan.atlas->ClearTexData();

    ImGuiContext *before = ImGui::GetCurrentContext();
    ImGui::SetCurrentContext(gui->context);
    ImGuiIO &io = ImGui::GetIO();
    if (io.Fonts) IM_DELETE(io.Fonts);
    io.Fonts = plan.atlas;
    ImGui::SetCurrentContext(before);
    plan.atlas = nullptr;
    for (int i = 0; i < GUI_FACES; i++) gui->face[i] = plan.face[i];
    if (gui->atlas && gui->renderer) SDL_RenderFlush(gui->renderer);    // what is to be drawn with it
    free_texture(gui->atlas);
    gui->atlas = texture;
    gui->fonts_version = ++fonts_made;
    drop_plan(gui);
    return true;
}

bool gui_face_has(const Gui *gui, int face, uint32_t character)
{
    return character <= 0xffff && gui->face[face]->FindGlyphNoFallback(static_cast<ImWchar>(character)) != nullptr;
}

int gui_face_glyphs(const Gui *gui, int face) { return gui->face[face]->Glyphs.Size; }

// MARK: Letters that are missing

void note_missing_letters(Gui *gui, int face, const char *text)
{
    const unsigned char *at = reinterpret_cast<const unsigned char *>(text);
    while (*at) {
        if (*at < 0x80) {
            at++;
            continue;
        }
        const int more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : 0;
        uint32_t letter = *at++ & (0x3fu >> more);
        int found = 0;
        for (; found < more && (*at & 0xc0) == 0x80; found++) letter = letter << 6 | (*at++ & 0x3f);
        if (found < more || more == 0) continue;    // cut off within a letter, as a field's text may be
        MissingLetters &missing = gui->missing[face];
        if (letter > 0xffff) {
            if (!gui->asked_beyond) missing.untold.push_back(letter);
            gui->asked_beyond = true;
            continue;
        }
        uint32_t &asked = missing.asked[letter / 32];
        const uint32_t bit = 1u << letter % 32;
        if (asked & bit || gui->face[face]->FindGlyphNoFallback((ImWchar)letter)) continue;
        asked |= bit;
        missing.untold.push_back(letter);
    }
}

bool gui_lacks_letters(const Gui *gui)
{
    for (const MissingLetters &missing : gui->missing) {
        if (!missing.untold.empty()) return true;
    }
    return false;
}

int gui_take_missing(Gui *gui, int face, uint32_t *letters, int capacity)
{
    ImVector<uint32_t> &untold = gui->missing[face].untold;
    const int count = untold.Size < capacity ? untold.Size : capacity;
    for (int i = 0; i < count; i++) letters[i] = untold[untold.Size - count + i];
    untold.resize(untold.Size - count);
    return count;
}
