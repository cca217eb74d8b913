// The picture that the processor draws. It stays from frame to frame, and a frame draws again only what looks different.
//
// The picture is cut into tiles. What a frame draws is cut into items (a rectangle, a letter, a triangle), in the order in
// which they are drawn. A tile's signature is a hash of the items that touch it, with the contents of their textures: where
// it is the same as in the frame before, the tile is left as it is. So it does not matter which window an item belongs to,
// what lies above it, or why it changed.
//
// What an item does to a pixel depends on the item and the pixel alone, never on the tile. So what was drawn in parts is
// equal, bit by bit, to what is drawn at once (sheet_check); ViewerTests hold it to that.
//
// Coverage is as on a graphics card: a pixel belongs to a shape if its centre does, by the top-left rule where two meet.
//
// Measured with perf at 1600 × 1000 on two cores that a model kept busy, one thread's processor time per frame. When SDL's
// software renderer drew each frame whole: 17.5 ms for LDAM on MNIST and 17 for LDA on 20 Newsgroups, of which 70 % was SDL
// (it draws each triangle of a soft edge aside and blends it, and sets each letter up by itself) and 15 % building ImGui's
// lists. So: 4.6 ms for LDAM, in which 40 % of the window changes, nearly all of it images, 4.0 for LDA (13 %), 4.8 for
// K-means (25 %) and 2.6 for NMF (25 %), on a machine that also built programs. Half of that is building the lists, an eighth
// is telling what changed, a quarter to a third is drawing it, a twelfth is copying it into the window.
#include "Gui.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <new>

namespace {

constexpr int tile_bits = 5, tile_side = 1 << tile_bits;
// Of a picture: places are kept in 16 bits.
constexpr int largest_side = 16384;

enum class Shape : uint8_t { rectangle, image, letter, triangle, textured };

struct Item {
    // The pixels that it may change, x1 and y1 not included.
    int16_t x0, y0, x1, y1;
    Shape shape;
    const ImDrawVert *vertices;
    const ImDrawIdx *index;    // of six corners, or of a triangle's three
    const GuiTexture *texture;

    const ImDrawVert &corner(int number) const { return vertices[index[number]]; }
};

struct Area {
    int x0, y0, x1, y1;
};

uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 32;
}

uint64_t mix(uint64_t hash, ImVec2 point)
{
    uint64_t word;
    static_assert(sizeof word == sizeof point, "a point is hashed as one word");
    memcpy(&word, &point, sizeof word);
    return mix(hash, word);
}

// MARK: Pixels, 0xffRRGGBB

uint32_t pixel_of(ImU32 colour)
{
    return 0xff000000u | (colour & 0xff) << 16 | (colour & 0xff00) | (colour >> 16 & 0xff);
}

// x / 255, rounded, for each of two numbers up to 255 · 255 that are kept 16 bits apart.
uint32_t divided_by_255(uint32_t x)
{
    x += 0x800080;
    return (x + (x >> 8 & 0xff00ff)) >> 8 & 0xff00ff;
}

uint32_t blended(uint32_t below, uint32_t above, uint32_t alpha)
{
    const uint32_t rest = 255 - alpha;
    const uint32_t red_blue = divided_by_255((above & 0xff00ff) * alpha + (below & 0xff00ff) * rest);
    const uint32_t green = divided_by_255((above >> 8 & 0xff) * alpha + (below >> 8 & 0xff) * rest);
    return 0xff000000u | red_blue | green << 8;
}

void fill(uint32_t *row, int count, uint32_t colour)
{
    for (int i = 0; i < count; i++) row[i] = colour;
}

// MARK: Shapes

// The first pixel whose centre is at `x` or beyond.
int first_pixel(float x)
{
    if (!(x > -(float)largest_side)) return -largest_side;    // NaN too
    if (x > (float)largest_side) return largest_side;
    const float least = x - 0.5f;
    const int whole = (int)least;
    return whole + (least > (float)whole ? 1 : 0);
}

// Corners in 1/256 pixels.
struct FixedPoint {
    int64_t x, y;
};

constexpr int fixed_bits = 8;
constexpr float fixed_one = 1 << fixed_bits;
// Products of two sides stay within 64 bits.
constexpr float farthest = 4e6f;

bool is_near(ImVec2 point) { return fabsf(point.x) < farthest && fabsf(point.y) < farthest; }    // NaN is not

int64_t fixed(float x) { return (int64_t)(x * fixed_one + (x < 0 ? -0.5f : 0.5f)); }

FixedPoint fixed(ImVec2 point) { return {fixed(point.x), fixed(point.y)}; }

int first_pixel(int64_t fixed) { return (int)((fixed + (1 << (fixed_bits - 1)) - 1) >> fixed_bits); }

// A side of a triangle: `at` is positive for the pixels on its inner side.
struct Side {
    int64_t dx, dy, at_origin;
    // 0 where a centre on the side belongs to the triangle, else -1.
    int64_t bias;

    Side(FixedPoint from, FixedPoint to)
    {
        dx = to.x - from.x;
        dy = to.y - from.y;
        const int64_t half = 1 << (fixed_bits - 1);
        at_origin = dx * (half - from.y) - dy * (half - from.x);
        const bool is_top_or_left = dy < 0 || (dy == 0 && dx > 0);
        bias = is_top_or_left ? 0 : -1;
    }

    int64_t at(int x, int y) const
    {
        return at_origin + ((dx * y - dy * x) << fixed_bits);
    }
    int64_t step() const { return -(dy << fixed_bits); }
};

// Triangles that the software of this file draws: three corners with a positive area.
void draw_triangle(uint32_t *pixels, int stride, const Item &item, Area area)
{
    const ImDrawVert *a = &item.corner(0), *b = &item.corner(1), *c = &item.corner(2);
    FixedPoint p = fixed(a->pos), q = fixed(b->pos), r = fixed(c->pos);
    int64_t size = (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
    if (size == 0) return;
    if (size < 0) {
        const ImDrawVert *other = b;
        b = c;
        c = other;
        const FixedPoint point = q;
        q = r;
        r = point;
        size = -size;
    }
    // The weight of a corner is how far a pixel lies from the side across.
    const Side of_a(q, r), of_b(r, p), of_c(p, q);
    const float share = 1 / (float)size;
    const uint32_t first = pixel_of(a->col);
    const uint32_t alphas[3] = {a->col >> 24, b->col >> 24, c->col >> 24};
    const bool is_plain = !item.texture;
    const bool is_one_hue = pixel_of(b->col) == first && pixel_of(c->col) == first;
    const bool is_one_alpha = alphas[0] == alphas[1] && alphas[0] == alphas[2];
    const float ka = (float)alphas[0] * share, kb = (float)alphas[1] * share, kc = (float)alphas[2] * share;

    for (int y = area.y0; y < area.y1; y++) {
        int64_t ea = of_a.at(area.x0, y), eb = of_b.at(area.x0, y), ec = of_c.at(area.x0, y);
        uint32_t *row = pixels + (size_t)y * (size_t)stride;
        bool was_inside = false;
        for (int x = area.x0; x < area.x1; x++, ea += of_a.step(), eb += of_b.step(), ec += of_c.step()) {
            if (((ea + of_a.bias) | (eb + of_b.bias) | (ec + of_c.bias)) < 0) {
                if (was_inside) break;
                continue;
            }
            was_inside = true;
            const float wa = (float)ea, wb = (float)eb, wc = (float)ec;
            uint32_t alpha = alphas[0];
            if (!is_one_alpha) alpha = (uint32_t)(wa * ka + wb * kb + wc * kc + 0.5f);
            uint32_t colour = first;
            if (!is_one_hue) {
                const auto channel = [&](int shift) {
                    const float value = wa * (float)(a->col >> shift & 0xff) + wb * (float)(b->col >> shift & 0xff)
                        + wc * (float)(c->col >> shift & 0xff);
                    return (uint32_t)(value * share + 0.5f) & 0xff;
                };
                colour = 0xff000000u | channel(0) << 16 | channel(8) << 8 | channel(16);
            }
            if (!is_plain) {
                const GuiTexture *texture = item.texture;
                const float u = (wa * a->uv.x + wb * b->uv.x + wc * c->uv.x) * share * (float)texture->width;
                const float v = (wa * a->uv.y + wb * b->uv.y + wc * c->uv.y) * share * (float)texture->height;
                const int column = u > 0 ? (u < (float)texture->width ? (int)u : texture->width - 1) : 0;
                const int line = v > 0 ? (v < (float)texture->height ? (int)v : texture->height - 1) : 0;
                const size_t place = (size_t)line * (size_t)texture->width + (size_t)column;
                if (texture->mask) alpha = divided_by_255(alpha * texture->mask[place]);
                else colour = texture->pixels[place];
            }
            row[x] = alpha >= 255 ? colour : blended(row[x], colour, alpha);
        }
    }
}

void draw_rectangle(uint32_t *pixels, int stride, const Item &item, Area area)
{
    const ImU32 packed = item.corner(0).col;
    const uint32_t colour = pixel_of(packed), alpha = packed >> 24;
    for (int y = area.y0; y < area.y1; y++) {
        uint32_t *row = pixels + (size_t)y * (size_t)stride;
        if (alpha == 255) {
            fill(row + area.x0, area.x1 - area.x0, colour);
        } else {
            for (int x = area.x0; x < area.x1; x++) row[x] = blended(row[x], colour, alpha);
        }
    }
}

// Which pixels of a texture's side are shown along a line of the picture, from one corner to the next.
struct Texels {
    float from, first, per_pixel;
    int last;

    Texels(float from, float to, float first, float last, int size) : from(from), first(first * (float)size), last(size - 1)
    {
        per_pixel = (last - first) * (float)size / (to - from);
    }

    size_t at(int x) const
    {
        const float place = first + ((float)x + 0.5f - from) * per_pixel;
        return place > 0 ? (place < (float)last ? (size_t)place : (size_t)last) : 0;
    }
};

// An upright rectangle with a part of a texture, which may be turned by a quarter.
void draw_part(uint32_t *pixels, int stride, const Item &item, Area area)
{
    const GuiTexture *texture = item.texture;
    // The corners 0, 1, 2 and 5 go round it; from 0 to 1 the texture's columns go on, from 0 to 5 its lines.
    const ImDrawVert &from = item.corner(0), &across = item.corner(1), &down = item.corner(5);
    const bool is_turned = from.pos.y != across.pos.y;
    const ImDrawVert &on_x = is_turned ? down : across, &on_y = is_turned ? across : down;
    const size_t stride_of_texture = (size_t)texture->width;
    const Texels along_x = is_turned ? Texels(from.pos.x, on_x.pos.x, from.uv.y, on_x.uv.y, texture->height)
                                     : Texels(from.pos.x, on_x.pos.x, from.uv.x, on_x.uv.x, texture->width);
    const Texels along_y = is_turned ? Texels(from.pos.y, on_y.pos.y, from.uv.x, on_y.uv.x, texture->width)
                                     : Texels(from.pos.y, on_y.pos.y, from.uv.y, on_y.uv.y, texture->height);
    const size_t x_stride = is_turned ? stride_of_texture : 1, y_stride = is_turned ? 1 : stride_of_texture;
    size_t columns[tile_side];
    for (int x = area.x0; x < area.x1; x++) columns[x - area.x0] = along_x.at(x) * x_stride;
    const uint32_t colour = pixel_of(from.col), opacity = from.col >> 24;
    size_t line_before = SIZE_MAX;
    for (int y = area.y0; y < area.y1; y++) {
        const size_t line = along_y.at(y) * y_stride;
        uint32_t *row = pixels + (size_t)y * (size_t)stride + area.x0;
        if (texture->mask) {
            for (int i = 0; i < area.x1 - area.x0; i++) {
                const uint32_t cover = texture->mask[line + columns[i]];
                if (cover) row[i] = blended(row[i], colour, divided_by_255(cover * opacity));
            }
        } else if (line == line_before) {
            // An enlarged image repeats its lines.
            memcpy(row, row - stride, sizeof *row * (size_t)(area.x1 - area.x0));
        } else {
            for (int i = 0; i < area.x1 - area.x0; i++) row[i] = texture->pixels[line + columns[i]];
        }
        line_before = line;
    }
}

bool is_same(ImVec2 a, ImVec2 b) { return a.x == b.x && a.y == b.y; }

}    // namespace

struct Sheet {
    int width = 0, height = 0;
    int across = 0, down = 0;    // tiles
    uint32_t background = 0xff000000u;
    ImVector<uint32_t> pixels;
    ImVector<Item> items;
    // By tile: what the picture shows, what the frame wants, and the numbers of the items that touch it.
    ImVector<uint64_t> shown, wanted;
    ImVector<ImVector<uint32_t> *> touching;
    // What was drawn again and is not presented yet.
    ImVector<Area> fresh;
    bool is_presented = false;    // the window has all of it but what is fresh
    ImVector<Area> outlined;    // in the window alone
    int drawn = 0;    // pixels, in the last frame

    ~Sheet()
    {
        for (ImVector<uint32_t> *numbers : touching) IM_DELETE(numbers);
    }

    void forget()
    {
        for (uint64_t &signature : shown) signature = 0;    // which none has
    }

    void resize(int new_width, int new_height)
    {
        new_width = new_width < 1 ? 1 : new_width > largest_side ? largest_side : new_width;
        new_height = new_height < 1 ? 1 : new_height > largest_side ? largest_side : new_height;
        if (new_width == width && new_height == height) return;
        width = new_width;
        height = new_height;
        across = (width + tile_side - 1) >> tile_bits;
        down = (height + tile_side - 1) >> tile_bits;
        pixels.resize(width * height);
        const int count = across * down;
        shown.resize(count);
        wanted.resize(count);
        while (touching.Size < count) touching.push_back(IM_NEW(ImVector<uint32_t>));
        forget();
        fresh.resize(0);
        outlined.resize(0);
        is_presented = false;
    }

    Area tile(int x, int y) const
    {
        const int x0 = x << tile_bits, y0 = y << tile_bits;
        return {x0, y0, x0 + tile_side < width ? x0 + tile_side : width, y0 + tile_side < height ? y0 + tile_side : height};
    }

    // MARK: What a frame draws

    // Whether nothing below the item is seen in the area.
    static bool covers(const Item &item, const Area &all)
    {
        return item.x0 <= all.x0 && item.y0 <= all.y0 && item.x1 >= all.x1 && item.y1 >= all.y1
            && (item.shape == Shape::image || (item.shape == Shape::rectangle && item.corner(0).col >> 24 == 255));
    }

    void add(const Item &item, uint64_t hash)
    {
        const uint32_t number = (uint32_t)items.Size;
        items.push_back(item);
        for (int y = item.y0 >> tile_bits; y <= (item.y1 - 1) >> tile_bits; y++) {
            for (int x = item.x0 >> tile_bits; x <= (item.x1 - 1) >> tile_bits; x++) {
                const int place = y * across + x;
                if (covers(item, tile(x, y))) {
                    touching[place]->resize(0);
                    wanted[place] = 1;
                }
                touching[place]->push_back(number);
                wanted[place] = mix(wanted[place], hash);
            }
        }
    }

    // Adds an upright rectangle of one colour if the six corners are one. `texture` is null for a plain one.
    bool add_rectangle(Item item, const Area &clip, ImVec2 white)
    {
        const ImDrawIdx *index = item.index;
        if (index[0] != index[3] || index[2] != index[4]) return false;
        const ImDrawVert &p = item.corner(0), &q = item.corner(1), &r = item.corner(2), &s = item.corner(5);
        if (p.col != q.col || p.col != r.col || p.col != s.col) return false;
        const bool is_upright = p.pos.y == q.pos.y && r.pos.y == s.pos.y && p.pos.x == s.pos.x && q.pos.x == r.pos.x;
        const bool is_turned = p.pos.x == q.pos.x && r.pos.x == s.pos.x && p.pos.y == s.pos.y && q.pos.y == r.pos.y;
        if (!is_upright && !is_turned) return false;
        const bool is_plain =
            item.texture->mask && is_same(p.uv, white) && is_same(q.uv, white) && is_same(r.uv, white) && is_same(s.uv, white);
        if (!is_plain && (p.uv.y != q.uv.y || r.uv.y != s.uv.y || p.uv.x != s.uv.x || q.uv.x != r.uv.x)) return false;

        const Area area = {
            first_pixel(p.pos.x < r.pos.x ? p.pos.x : r.pos.x), first_pixel(p.pos.y < r.pos.y ? p.pos.y : r.pos.y),
            first_pixel(p.pos.x < r.pos.x ? r.pos.x : p.pos.x), first_pixel(p.pos.y < r.pos.y ? r.pos.y : p.pos.y)};
        if (!place(item, area, clip)) return true;
        uint64_t hash = mix(mix(mix(1, p.pos), r.pos), p.col);
        if (is_plain) {
            item.shape = Shape::rectangle;
            item.texture = nullptr;
        } else {
            item.shape = item.texture->mask ? Shape::letter : Shape::image;
            hash = mix(mix(mix(hash, p.uv), r.uv), item.texture->content + (is_turned ? 1 : 0));
        }
        add(item, mix(hash, area_word(item)));
        return true;
    }

    void add_triangle(Item item, const Area &clip, ImVec2 white)
    {
        const ImDrawVert &a = item.corner(0), &b = item.corner(1), &c = item.corner(2);
        if (!is_near(a.pos) || !is_near(b.pos) || !is_near(c.pos)) return;
        const FixedPoint p = fixed(a.pos), q = fixed(b.pos), r = fixed(c.pos);
        const auto least = [](int64_t x, int64_t y, int64_t z) { return x < y ? (x < z ? x : z) : y < z ? y : z; };
        const auto most = [](int64_t x, int64_t y, int64_t z) { return x > y ? (x > z ? x : z) : y > z ? y : z; };
        const Area area = {
            first_pixel(least(p.x, q.x, r.x)), first_pixel(least(p.y, q.y, r.y)), first_pixel(most(p.x, q.x, r.x)),
            first_pixel(most(p.y, q.y, r.y))};
        if (!place(item, area, clip)) return;
        uint64_t hash = mix(mix(mix(2, a.pos), b.pos), c.pos);
        hash = mix(mix(hash, (uint64_t)a.col << 32 | b.col), c.col);
        item.shape = Shape::textured;
        if (item.texture->mask && is_same(a.uv, white) && is_same(b.uv, white) && is_same(c.uv, white)) {
            item.shape = Shape::triangle;
            item.texture = nullptr;
        } else {
            hash = mix(mix(mix(mix(hash, a.uv), b.uv), c.uv), item.texture->content);
        }
        add(item, mix(hash, area_word(item)));
    }

    static uint64_t area_word(const Item &item)
    {
        return (uint64_t)(uint16_t)item.x0 << 48 | (uint64_t)(uint16_t)item.y0 << 32 | (uint64_t)(uint16_t)item.x1 << 16
            | (uint16_t)item.y1;
    }

    // Whether some of it is seen.
    static bool place(Item &item, const Area &area, const Area &clip)
    {
        item.x0 = (int16_t)(area.x0 > clip.x0 ? area.x0 : clip.x0);
        item.y0 = (int16_t)(area.y0 > clip.y0 ? area.y0 : clip.y0);
        item.x1 = (int16_t)(area.x1 < clip.x1 ? area.x1 : clip.x1);
        item.y1 = (int16_t)(area.y1 < clip.y1 ? area.y1 : clip.y1);
        return item.x0 < item.x1 && item.y0 < item.y1;
    }

    void add(const ImDrawList *list, const ImDrawCmd &command, ImVec2 white)
    {
        Area clip = {(int)command.ClipRect.x, (int)command.ClipRect.y, 0, 0};
        clip.x1 = clip.x0 + (int)(command.ClipRect.z - command.ClipRect.x);
        clip.y1 = clip.y0 + (int)(command.ClipRect.w - command.ClipRect.y);
        clip = {clip.x0 > 0 ? clip.x0 : 0, clip.y0 > 0 ? clip.y0 : 0, clip.x1 < width ? clip.x1 : width,
                clip.y1 < height ? clip.y1 : height};
        if (clip.x0 >= clip.x1 || clip.y0 >= clip.y1) return;
        Item item = {};
        item.vertices = list->VtxBuffer.Data + command.VtxOffset;
        item.texture = static_cast<const GuiTexture *>(command.GetTexID());
        const ImDrawIdx *index = list->IdxBuffer.Data + command.IdxOffset;
        unsigned done = 0;
        while (done + 3 <= command.ElemCount) {
            item.index = index + done;
            if (done + 6 <= command.ElemCount && add_rectangle(item, clip, white)) {
                done += 6;
                continue;
            }
            add_triangle(item, clip, white);
            done += 3;
        }
    }

    void take(const ImDrawData *data, ImVec2 white)
    {
        items.resize(0);
        const int count = across * down;
        for (int i = 0; i < count; i++) {
            touching[i]->resize(0);
            wanted[i] = mix(2, background);
        }
        for (int n = 0; n < data->CmdListsCount; n++) {
            const ImDrawList *list = data->CmdLists[n];
            for (const ImDrawCmd &command : list->CmdBuffer) add(list, command, white);
        }
        for (int i = 0; i < count; i++) {
            if (wanted[i] == 0) wanted[i] = 1;
        }
    }

    // MARK: Drawing

    void draw_tile(uint32_t *into, int x, int y) const
    {
        const Area all = tile(x, y);
        const ImVector<uint32_t> &numbers = *touching[y * across + x];
        const bool is_covered = !numbers.empty() && covers(items[(int)numbers[0]], all);
        for (int row = all.y0; row < all.y1 && !is_covered; row++) {
            fill(into + (size_t)row * (size_t)width + all.x0, all.x1 - all.x0, background);
        }
        for (const uint32_t number : numbers) draw_item(into, items[(int)number], all);
    }

    // Draws what of an item lies in a tile.
    void draw_item(uint32_t *into, const Item &item, const Area &all) const
    {
        const Area area = {
            item.x0 > all.x0 ? item.x0 : all.x0, item.y0 > all.y0 ? item.y0 : all.y0,
            item.x1 < all.x1 ? item.x1 : all.x1, item.y1 < all.y1 ? item.y1 : all.y1};
        switch (item.shape) {
        case Shape::rectangle: draw_rectangle(into, width, item, area); break;
        case Shape::image:
        case Shape::letter: draw_part(into, width, item, area); break;
        case Shape::triangle:
        case Shape::textured: draw_triangle(into, width, item, area); break;
        }
    }

    // The picture without any tile left out, and with what is covered too.
    void draw_plainly(uint32_t *into) const
    {
        fill(into, width * height, background);
        for (const Item &item : items) {
            for (int y = item.y0 >> tile_bits; y <= (item.y1 - 1) >> tile_bits; y++) {
                for (int x = item.x0 >> tile_bits; x <= (item.x1 - 1) >> tile_bits; x++) {
                    draw_item(into, item, tile(x, y));
                }
            }
        }
    }

    void draw()
    {
        drawn = 0;
        const int before = fresh.Size;
        for (int y = 0; y < down; y++) {
            int x = 0;
            while (x < across) {
                if (wanted[y * across + x] == shown[y * across + x]) {
                    x++;
                    continue;
                }
                const int first = x;
                while (x < across && wanted[y * across + x] != shown[y * across + x]) {
                    draw_tile(pixels.Data, x, y);
                    shown[y * across + x] = wanted[y * across + x];
                    x++;
                }
                const Area run = {first << tile_bits, y << tile_bits, tile(x - 1, y).x1, tile(x - 1, y).y1};
                drawn += (run.x1 - run.x0) * (run.y1 - run.y0);
                add_fresh(run, before);
            }
        }
    }

    // A run that continues one of the row above is one with it.
    void add_fresh(const Area &run, int before)
    {
        for (int i = fresh.Size - 1; i >= before && fresh[i].y1 >= run.y0; i--) {
            if (fresh[i].y1 == run.y0 && fresh[i].x0 == run.x0 && fresh[i].x1 == run.x1) {
                fresh[i].y1 = run.y1;
                return;
            }
        }
        fresh.push_back(run);
    }
};

Sheet *sheet_create(void) { return new (std::nothrow) Sheet; }

void sheet_destroy(Sheet *sheet) { delete sheet; }

void sheet_draw(Sheet *sheet, const ImDrawData *data, ImVec2 white)
{
    sheet->take(data, white);
    sheet->draw();
}

// MARK: For the window

void gui_resize(Gui *gui, int width, int height)
{
    if (gui->sheet) gui->sheet->resize(width, height);
}

void gui_set_background(Gui *gui, uint32_t colour)
{
    if (gui->sheet) gui->sheet->background = pixel_of(colour);
}

int gui_drawn_pixels(const Gui *gui) { return gui->sheet ? gui->sheet->drawn : 0; }

bool gui_read(const Gui *gui, void *pixels, int width, int height)
{
    const Sheet *sheet = gui->sheet;
    if (!sheet || sheet->width != width || sheet->height != height) return false;
    unsigned char *to = static_cast<unsigned char *>(pixels);
    for (const uint32_t pixel : sheet->pixels) {
        to[0] = (unsigned char)(pixel >> 16);
        to[1] = (unsigned char)(pixel >> 8);
        to[2] = (unsigned char)pixel;
        to[3] = 255;
        to += 4;
    }
    return true;
}

int gui_check(const Gui *gui)
{
    const Sheet *sheet = gui->sheet;
    if (!sheet) return 0;
    ImVector<uint32_t> whole;
    whole.resize(sheet->pixels.Size);
    sheet->draw_plainly(whole.Data);
    int wrong = 0;
    for (int i = 0; i < whole.Size; i++) wrong += whole[i] != sheet->pixels[i];
    return wrong;
}

bool gui_present(Gui *gui, void *window, bool is_whole, bool has_outlines)
{
    Sheet *sheet = gui->sheet;
    SDL_Window *place = static_cast<SDL_Window *>(window);
    SDL_Surface *surface = sheet ? SDL_GetWindowSurface(place) : nullptr;
    if (!surface) return false;
    // A surface that SDL made anew has nothing of the picture.
    if (surface->userdata != sheet || !sheet->is_presented) is_whole = true;
    static ImVector<SDL_Rect> rectangles;    // of one thread, as all here
    rectangles.resize(0);
    const auto add = [&](const Area &area) {
        SDL_Rect rectangle = {area.x0, area.y0, area.x1 - area.x0, area.y1 - area.y0};
        const SDL_Rect all = {0, 0, surface->w, surface->h};
        if (SDL_IntersectRect(&rectangle, &all, &rectangle)) rectangles.push_back(rectangle);
    };
    if (is_whole) {
        add({0, 0, sheet->width, sheet->height});
    } else {
        for (const Area &area : sheet->fresh) add(area);
        for (const Area &area : sheet->outlined) add(area);
    }
    SDL_Surface *picture = SDL_CreateRGBSurfaceWithFormatFrom(
        sheet->pixels.Data, sheet->width, sheet->height, 32, sheet->width * 4, SDL_PIXELFORMAT_RGB888);
    if (!picture) return false;
    for (const SDL_Rect &rectangle : rectangles) {
        SDL_Rect to = rectangle;
        SDL_BlitSurface(picture, &rectangle, surface, &to);
    }
    SDL_FreeSurface(picture);
    sheet->outlined.resize(0);
    if (has_outlines) {
        const uint32_t colour = SDL_MapRGB(surface->format, 255, 60, 60);
        for (const Area &area : sheet->fresh) {
            const int w = area.x1 - area.x0, h = area.y1 - area.y0;
            const SDL_Rect edges[] = {
                {area.x0, area.y0, w, 1}, {area.x0, area.y1 - 1, w, 1}, {area.x0, area.y0, 1, h}, {area.x1 - 1, area.y0, 1, h}};
            SDL_FillRects(surface, edges, 4, colour);
            sheet->outlined.push_back(area);
        }
    }
    surface->userdata = sheet;
    sheet->fresh.resize(0);
    if (rectangles.empty()) return true;
    sheet->is_presented = SDL_UpdateWindowSurfaceRects(place, rectangles.Data, rectangles.Size) == 0;
    return sheet->is_presented;
}
