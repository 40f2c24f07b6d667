/* SPDX-License-Identifier: MIT
 * Makes faces unrecognisable: an ellipse larger than the face becomes a few flat blocks. A place where a hidden face
 * was lost stays hidden for a while, so that no single frame gives it away. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline/sinks.h"

enum { HELD_MAX = 256 };

const struct option blur_option_table[] = {
    {"grow", OPTION_FLOAT, offsetof(struct blur_options, grow), "1.5", 1, 4, NULL,
     "how much larger than its box the hidden part of a face is"},
    {"blocks", OPTION_INT, offsetof(struct blur_options, blocks), "5", 1, 12, NULL, "flat blocks across a hidden face"},
    {"hold", OPTION_FLOAT, offsetof(struct blur_options, hold), "0.5", 0, 60, NULL,
     "seconds a place stays hidden after its face was lost"},
    {0},
};

struct held { int track; struct box box; int64_t seen_us; };

struct blur {
    struct blur_options options;
    int n;
    struct held held[HELD_MAX];
};

static enum status blur_open(void *state, const struct run_context *context, const void *options)
{
    struct blur *b = state;
    (void)context;
    b->options = *(const struct blur_options *)options;
    return OK;
}

static bool hides(const struct blur *b, const struct face *f)
{
    bool known = f->has & FACE_NAMED;
    return b->options.whom == BLUR_ALL || (b->options.whom == BLUR_KNOWN && known) ||
           (b->options.whom == BLUR_UNKNOWN && !known);
}

struct colour { unsigned b, g, r; };

static struct colour mean(struct image im)
{
    uint64_t b = 0, g = 0, r = 0, n = (uint64_t)im.w * (uint64_t)im.h;
    for (int y = 0; y < im.h; y++) {
        const uint8_t *p = im.pixels + (size_t)y * (size_t)im.stride;
        for (int x = 0; x < im.w; x++, p += IMAGE_PIXEL) {
            b += p[IMAGE_B];
            g += p[IMAGE_G];
            r += p[IMAGE_R];
        }
    }
    return (struct colour){(unsigned)(b / n), (unsigned)(g / n), (unsigned)(r / n)};
}

/* Block at x, y (picture pixels) of size w x h; only what lies in the ellipse changes. */
static void flatten(struct image im, int x, int y, int w, int h, struct box e)
{
    struct image block = image_view(im, x, y, w, h);
    if (block.w <= 0 || block.h <= 0)
        return;
    struct colour c = mean(block);
    int left = x < 0 ? 0 : x, top = y < 0 ? 0 : y;
    for (int j = 0; j < block.h; j++) {
        float dy = ((float)(top + j) + 0.5f - (e.y + e.h / 2)) / (e.h / 2);
        uint8_t *p = block.pixels + (size_t)j * (size_t)block.stride;
        for (int i = 0; i < block.w; i++, p += IMAGE_PIXEL) {
            float dx = ((float)(left + i) + 0.5f - (e.x + e.w / 2)) / (e.w / 2);
            if (dx * dx + dy * dy > 1)
                continue;
            p[IMAGE_B] = (uint8_t)c.b;
            p[IMAGE_G] = (uint8_t)c.g;
            p[IMAGE_R] = (uint8_t)c.r;
        }
    }
}

static void hide(const struct blur *b, struct image im, struct box box)
{
    float grow = b->options.grow;
    struct box e = {box.x - box.w * (grow - 1) / 2, box.y - box.h * (grow - 1) / 2, box.w * grow, box.h * grow};
    struct box seen = box_clip(e, (float)im.w, (float)im.h);
    if (!box_is_finite(e) || seen.w <= 0 || seen.h <= 0 || e.w > 4 * (float)im.w || e.h > 4 * (float)im.h)
        return;
    int side = (int)ceilf(fmaxf(box.w, box.h) / (float)b->options.blocks);
    side = side < 2 ? 2 : side;
    /* A grid fixed to the picture: blocks that move with the face would let a patient eye average them away. */
    int x0 = (int)floorf(seen.x / (float)side) * side, y0 = (int)floorf(seen.y / (float)side) * side;
    for (int y = y0; (float)y < seen.y + seen.h; y += side)
        for (int x = x0; (float)x < seen.x + seen.w; x += side)
            flatten(im, x, y, side, side, e);
}

static void hold(struct blur *b, const struct face *f, int64_t time_us)
{
    int at = 0;
    while (at < b->n && b->held[at].track != f->track)
        at++;
    if (at == HELD_MAX)
        return;
    if (at == b->n)
        b->n++;
    b->held[at] = (struct held){f->track, f->box, time_us};
}

/* Forgets what is over; hides the places whose face is not in this frame. */
static void hide_held(struct blur *b, struct frame *f)
{
    int kept = 0;
    for (int i = 0; i < b->n; i++) {
        int64_t age = f->time_us - b->held[i].seen_us;
        if (age < 0 || (double)age > 1e6 * (double)b->options.hold)
            continue;
        b->held[kept] = b->held[i];
        if (age > 0)
            hide(b, f->source, box_scale(b->held[kept].box, f->to_source));
        kept++;
    }
    b->n = kept;
}

static void forget(struct blur *b, int track)
{
    for (int i = 0; i < b->n; i++)
        if (b->held[i].track == track)
            b->held[i--] = b->held[--b->n];
}

static enum status blur_run(void *state, struct frame *f)
{
    struct blur *b = state;
    bool picture = f->file[0] != '\0';
    for (int i = 0; i < f->n_faces; i++) {
        const struct face *face = &f->faces[i];
        if (!hides(b, face)) {
            forget(b, face->track);
            continue;
        }
        hide(b, f->source, box_scale(face->box, f->to_source));
        if (!picture && (face->has & FACE_TRACKED))
            hold(b, face, f->time_us);
    }
    if (!picture)
        hide_held(b, f);
    return OK;
}

const struct stage_kind sink_blur = {
    .name = "blur", .about = "hides faces", .state_size = sizeof(struct blur), .open = blur_open, .run = blur_run,
};
