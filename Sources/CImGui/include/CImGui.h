// What the viewer uses of Dear ImGui 1.86: windows, items, a text field, fonts and draw lists.
//
// Coordinates are in units of the window: pixels where the scale of gui_create is 1. Colours are 0xAABBGGRR. Text is UTF-8. One frame is
//
//     gui_begin_frame … windows, items and drawing … gui_end_frame
//
// and drawing goes to the window between whose begin and end it stands, or to the overlay, which is above all.
// All of it belongs to one thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Gui Gui;

/// Images, drawn by the nearest pixel.
typedef struct GuiTexture GuiTexture;

enum { GUI_FACES = 5 };

/// A font file that is open.
typedef struct GuiFontFile GuiFontFile;

/// What happened to an item, added up.
enum {
    GUI_HOVERED = 1,
    GUI_HELD = 2,
    GUI_PRESSED = 4,          // the button went down on it in this frame
    GUI_CLICKED = 8,          // … and up again, still on it
    GUI_DOUBLE_CLICKED = 16,
    GUI_RELEASED = 32,        // it was held until this frame
    GUI_RIGHT_CLICKED = 64,   // the right button went down on it
};

/// What happened to a text field.
enum { GUI_FIELD_ENTERED = 1, GUI_FIELD_LEFT = 2, GUI_FIELD_ACTIVE = 4 };

enum { GUI_CURSOR_ARROW, GUI_CURSOR_TEXT, GUI_CURSOR_RESIZE, GUI_CURSOR_HAND, GUI_CURSORS };

// MARK: Life

/// `renderer` is an SDL_Renderer, which must outlive the result; with null the processor draws, into a picture of which each
/// frame draws again only what looks different. A unit is `scale` pixels. Fonts come before the first frame. Returns null if
/// there is no memory.
Gui *gui_create(void *renderer, float scale);
void gui_destroy(Gui *gui);
/// The colours of what ImGui draws itself: text fields and scroll bars.
void gui_set_colours(Gui *gui, uint32_t text, uint32_t field, uint32_t selection, uint32_t grab);

// MARK: Fonts

/// Opens a TrueType or OpenType file, of a collection the font of that index. Returns null for what is none, or damaged.
GuiFontFile *gui_font_open(const char *path, int index);
/// No Gui needs the file between two builds of its fonts.
void gui_font_close(GuiFontFile *file);
bool gui_font_has(const GuiFontFile *file, uint32_t character);
/// Ascent and descent together, for an em of 1.
float gui_font_height(const GuiFontFile *file);

/// Fonts are built anew between two frames, from begin to end. The first file of a face is its own, the others give what
/// that one lacks; a face without a file has the built-in font.
void gui_fonts_begin(Gui *gui);
/// `size` is ascent and descent together, in units; `pairs` holds first and last letters by turns, `count` in all.
/// `is_sharp` keeps the strokes of small, dense letters apart.
void gui_fonts_add(
    Gui *gui, int face, const GuiFontFile *file, float size, const uint16_t *pairs, int count, bool is_sharp);
/// Makes the built-in font the face's own, if it has none yet.
void gui_fonts_add_builtin(Gui *gui, int face);
/// Returns false, with the old fonts in their places, if their texture cannot be made.
bool gui_fonts_end(Gui *gui);
bool gui_face_has(const Gui *gui, int face, uint32_t character);
/// How many letters were drawn for the face.
int gui_face_glyphs(const Gui *gui, int face);

/// Whether text was drawn or measured whose letters are missing, and were not taken yet.
bool gui_lacks_letters(const Gui *gui);
/// Gives letters that text asked a face for and that it lacks, each once; of those beyond U+FFFF, which it cannot have,
/// only the first. Returns how many it gave: fewer than `capacity` are all.
int gui_take_missing(Gui *gui, int face, uint32_t *letters, int capacity);

// MARK: Input

void gui_mouse_moved(Gui *gui, float x, float y);
void gui_mouse_button(Gui *gui, int button, bool down);
void gui_mouse_wheel(Gui *gui, float amount);
/// `scancode` is SDL's.
void gui_key(Gui *gui, int scancode, bool down, bool control, bool shift, bool alt);
void gui_text_typed(Gui *gui, const char *text);

// MARK: Frame

void gui_begin_frame(Gui *gui, float width, float height, float seconds);
/// Draws the frame with the renderer, or into the picture.
void gui_end_frame(Gui *gui);
/// Whether a text field has the keyboard.
bool gui_is_typing(Gui *gui);
/// Pixels per unit.
float gui_scale(void);
/// Another one for each set of fonts, for what keeps the widths of text.
int gui_fonts_version(void);
void gui_mouse(float *x, float *y);
bool gui_mouse_was_pressed(void);
float gui_wheel(void);
bool gui_shift(void);
/// The cursor of this frame. The caller sets it, as it knows whether there is a window.
int gui_cursor(void);
void gui_set_cursor(int cursor);

// MARK: The picture that the processor draws

/// In pixels, before a frame ends. Another size than before has nothing drawn yet.
void gui_resize(Gui *gui, int width, int height);
/// What lies below everything.
void gui_set_background(Gui *gui, uint32_t colour);
/// Copies the picture, red, green, blue, alpha by turns. Returns false if there is none of this size.
bool gui_read(const Gui *gui, void *pixels, int width, int height);
/// Puts what changed since the last time into the surface of an SDL_Window, or all of it. `has_outlines` draws a frame
/// round each part that was drawn again, in the window alone.
bool gui_present(Gui *gui, void *window, bool is_whole, bool has_outlines);
/// How many pixels the last frame drew again.
int gui_drawn_pixels(const Gui *gui);
/// Draws the whole of the last frame aside and returns how many pixels of the picture differ from it: none. Fonts and
/// textures must be those of that frame.
int gui_check(const Gui *gui);

// MARK: Textures

/// The largest side.
int gui_largest_texture(const Gui *gui);
/// It goes before `gui`'s renderer. Returns null if there is no memory.
GuiTexture *gui_texture_create(const Gui *gui, int width, int height);
/// `pixels` are red, green, blue, alpha by turns, row by row; alpha counts as 255.
void gui_texture_update(GuiTexture *texture, const void *pixels);
void gui_texture_destroy(GuiTexture *texture);

// MARK: Windows and items

/// A window without any decoration, at a place that the caller decides.
void gui_begin_window(
    const char *id, float x, float y, float width, float height, uint32_t fill, uint32_t edge, float radius,
    bool stays_behind, bool to_front);
void gui_end_window(void);
/// Whether the mouse is over the window in progress or its regions, with nothing above.
bool gui_window_is_hovered(void);
/// A part of a window that scrolls if its content is higher. Gives where its content begins.
void gui_begin_region(const char *id, float x, float y, float width, float height, float *content_x, float *content_y);
void gui_end_region(float content_height);
/// Scrolls the region in progress so that this part of it is seen in the next frame.
void gui_reveal(float y, float height);
unsigned gui_item(const char *id, float x, float y, float width, float height);
/// A one-line text field. `focus` gives it the keyboard with all text selected.
unsigned gui_field(const char *id, float x, float y, float width, char *text, int capacity, bool focus);

// MARK: Drawing

void gui_begin_overlay(void);
void gui_end_overlay(void);
void gui_push_clip(float x, float y, float width, float height);
void gui_pop_clip(void);
void gui_fill(float x, float y, float width, float height, uint32_t colour, float radius);
void gui_outline(float x, float y, float width, float height, uint32_t colour, float radius, float thickness);
void gui_line(float x0, float y0, float x1, float y1, uint32_t colour, float thickness);
/// `points` holds x, y by turns.
void gui_polyline(const float *points, int count, uint32_t colour, float thickness);
void gui_disc(float x, float y, float radius, uint32_t colour);
void gui_triangle(float x0, float y0, float x1, float y1, float x2, float y2, uint32_t colour);
void gui_text(int face, float x, float y, uint32_t colour, const char *text);
/// Reads upwards from (x, y), turned by a quarter.
void gui_text_upwards(int face, float x, float y, uint32_t colour, const char *text);
float gui_text_width(int face, const char *text);
/// A part of a texture, in texture coordinates 0 to 1.
void gui_image(
    GuiTexture *texture, float x, float y, float width, float height, float u0, float v0, float u1, float v1);

#ifdef __cplusplus
}
#endif
