/* SPDX-License-Identifier: MIT
 * Draws persons of soft ellipses: skin, hair, eyes, brows, nose, mouth, shoulders. Looks and ways follow from the seed
 * and the person's number alone, so any frame can be made, and its truth told, without the frames before it. */
#include "capture/pattern_person.h"

#include <math.h>

#include "base/random.h"

#define TURN 6.2831853f

struct colour { uint8_t r, g, b; };
struct look {
    struct colour skin, hair, shirt, iris, lips;
    float eye_gap, eye_size, eye_v, brow_thick, brow_tilt, nose, mouth_v, mouth_w, mouth_h, jaw, hairline;
    bool beard, glasses, long_hair;
};
struct way {
    float near, size, x, y, reach, rise, period, phase, sway, breath;
};

static uint64_t seed_of(const struct pattern *p, int person, int what)
{
    uint64_t state = p->seed * 0x9e3779b97f4a7c15u + (uint64_t)person * 7919u + (uint64_t)what * 104729u;

    random_next(&state);
    return state;
}

static struct colour shade(struct colour c, float by)
{
    float r = c.r * by, g = c.g * by, b = c.b * by;

    return (struct colour){(uint8_t)(r > 255 ? 255 : r), (uint8_t)(g > 255 ? 255 : g), (uint8_t)(b > 255 ? 255 : b)};
}

static struct look look_of(const struct pattern *p, int person)
{
    static const struct colour skins[] = {{236, 196, 170}, {198, 150, 116}, {141, 96, 68}, {244, 214, 190}, {92, 62, 46}};
    static const struct colour hairs[] = {{40, 28, 22}, {110, 70, 36}, {200, 168, 96}, {20, 20, 24}, {150, 150, 150},
                                          {130, 52, 28}};
    static const struct colour irises[] = {{70, 44, 28}, {60, 100, 140}, {70, 110, 70}, {30, 24, 20}};
    uint64_t r = seed_of(p, person, 1);
    struct look k;

    k.skin = skins[random_below(&r, 5)];
    k.hair = hairs[random_below(&r, 6)];
    k.iris = irises[random_below(&r, 4)];
    k.shirt = (struct colour){(uint8_t)random_below(&r, 220), (uint8_t)random_below(&r, 220),
                              (uint8_t)random_below(&r, 220)};
    k.lips = (struct colour){(uint8_t)(k.skin.r * 3 / 4), (uint8_t)(k.skin.g / 2), (uint8_t)(k.skin.b / 2)};
    k.eye_gap = random_between(&r, 0.165f, 0.205f);
    k.eye_size = random_between(&r, 0.055f, 0.08f);
    k.eye_v = random_between(&r, -0.30f, -0.24f);
    k.brow_thick = random_between(&r, 0.014f, 0.034f);
    k.brow_tilt = random_between(&r, -0.25f, 0.25f);
    k.nose = random_between(&r, 0.05f, 0.11f);
    k.mouth_v = random_between(&r, 0.24f, 0.29f);
    k.mouth_w = random_between(&r, 0.11f, 0.17f);
    k.mouth_h = random_between(&r, 0.022f, 0.045f);
    k.jaw = random_between(&r, 0.36f, 0.41f);
    k.hairline = random_between(&r, -0.72f, -0.60f);
    k.beard = random_below(&r, 4) == 0;
    k.glasses = random_below(&r, 4) == 0;
    k.long_hair = random_below(&r, 2) == 0;
    return k;
}

static struct way way_of(const struct pattern *p, int person)
{
    uint64_t r = seed_of(p, person, 2);
    float crowd = sqrtf((float)(p->faces < 2 ? 1 : p->faces));
    struct way w;

    w.near = random_between(&r, 0.7f, 1.3f);
    w.size = 0.5f * w.near / (0.5f + crowd / 2) * (float)(p->height < p->width ? p->height : p->width);
    w.size = w.size > 0.6f * p->height ? 0.6f * p->height : w.size;
    w.x = random_between(&r, 0.4f, 0.6f) * p->width;
    w.y = random_between(&r, 0.42f, 0.6f) * p->height;
    w.reach = (person % 3 == 1 ? 0.75f : 0.3f) * p->width; /* each third leaves the picture and comes back */
    w.rise = 0.06f * p->height;
    w.period = random_between(&r, 7, 13);
    w.phase = TURN * ((float)person / (p->faces < 1 ? 1 : p->faces)) + random_between(&r, -0.4f, 0.4f);
    w.sway = random_between(&r, 0.04f, 0.14f);
    w.breath = random_between(&r, 0.05f, 0.15f);
    return w;
}

struct pose pattern_pose(const struct pattern *p, int person, int64_t n)
{
    struct way w = way_of(p, person);
    float t = (float)((double)n * p->rate_den / p->rate_num), angle = TURN * t / w.period + w.phase;
    float roll = w.sway * sinf(TURN * t / (0.41f * w.period) + w.phase);

    return (struct pose){w.x + w.reach * sinf(angle), w.y + w.rise * sinf(2.3f * angle),
                         w.size * (1 + w.breath * sinf(0.7f * angle)), cosf(roll), sinf(roll), cosf(angle)};
}

void pattern_order(const struct pattern *p, int order[PATTERN_FACES])
{
    for (int i = 0; i < p->faces; i++) {
        float near = way_of(p, i).near;
        int j = i;
        for (; j > 0 && way_of(p, order[j - 1]).near > near; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
}

struct point pattern_place(struct pose pose, float u, float v)
{
    return (struct point){pose.x + pose.size * (u * pose.cosine - v * pose.sine),
                          pose.y + pose.size * (u * pose.sine + v * pose.cosine)};
}

/* Inner parts of the face shift when the head turns; the nose most. */
static float turned(struct pose pose, float u, float by)
{
    return u * (1 - 0.06f * fabsf(pose.yaw)) + by * pose.yaw;
}

void pattern_measure(const struct pattern *p, int person, struct pose pose, struct face *out)
{
    struct look k = look_of(p, person);
    struct point c = pattern_place(pose, 0, 0);
    float w = 2 * k.jaw * pose.size;

    *out = (struct face){.has = FACE_MARKED | FACE_TRACKED, .track = person, .person = -1, .score = 1};
    out->box = (struct box){c.x - w / 2, c.y - pose.size / 2, w, pose.size};
    out->marks[0] = pattern_place(pose, turned(pose, -k.eye_gap, 0.05f), k.eye_v);
    out->marks[1] = pattern_place(pose, turned(pose, k.eye_gap, 0.05f), k.eye_v);
    out->marks[2] = pattern_place(pose, turned(pose, 0, 0.08f), 0.06f);
    out->marks[3] = pattern_place(pose, turned(pose, -k.mouth_w, 0.05f), k.mouth_v);
    out->marks[4] = pattern_place(pose, turned(pose, k.mouth_w, 0.05f), k.mouth_v);
}

/* A filled ellipse with half axes a, b around (u, v), leaning by `tilt`, its edge one pixel soft; darker outward by
 * `dim` of its colour. */
static void spot(struct image to, struct pose pose, float u, float v, float a, float b, float tilt, struct colour c,
                 float dim)
{
    struct point at = pattern_place(pose, u, v);
    float cosine = cosf(tilt) * pose.cosine - sinf(tilt) * pose.sine, across = a * pose.size, down = b * pose.size;
    float sine = sinf(tilt) * pose.cosine + cosf(tilt) * pose.sine;
    float half_w = sqrtf(across * across * cosine * cosine + down * down * sine * sine) + 1;
    float half_h = sqrtf(across * across * sine * sine + down * down * cosine * cosine) + 1;
    float edge = across < down ? across : down;
    int left = (int)fmaxf(0, floorf(at.x - half_w)), right = (int)fminf((float)to.w - 1, ceilf(at.x + half_w));
    int top = (int)fmaxf(0, floorf(at.y - half_h)), bottom = (int)fminf((float)to.h - 1, ceilf(at.y + half_h));

    for (int y = top; y <= bottom; y++) {
        uint8_t *q = to.pixels + (size_t)y * to.stride + (size_t)left * IMAGE_PIXEL;
        for (int x = left; x <= right; x++, q += IMAGE_PIXEL) {
            float dx = (float)x + 0.5f - at.x, dy = (float)y + 0.5f - at.y;
            float du = (dx * cosine + dy * sine) / across, dv = (dy * cosine - dx * sine) / down;
            float far = du * du + dv * dv, cover = (1 - sqrtf(far)) * edge + 0.5f, light = 1 - dim * far;
            if (cover <= 0)
                continue;
            cover = cover > 1 ? 1 : cover;
            q[IMAGE_R] = (uint8_t)(q[IMAGE_R] + cover * (c.r * light - q[IMAGE_R]));
            q[IMAGE_G] = (uint8_t)(q[IMAGE_G] + cover * (c.g * light - q[IMAGE_G]));
            q[IMAGE_B] = (uint8_t)(q[IMAGE_B] + cover * (c.b * light - q[IMAGE_B]));
        }
    }
}

static void draw_eye(struct image to, struct pose s, const struct look *k, float side)
{
    float u = turned(s, side * k->eye_gap, 0.05f);
    const struct colour white = {240, 240, 236}, black = {16, 12, 12};

    spot(to, s, u, k->eye_v - 0.01f, 1.35f * k->eye_size, 0.75f * k->eye_size, 0, shade(k->skin, 0.8f), 0);
    spot(to, s, u, k->eye_v, k->eye_size, 0.5f * k->eye_size, 0, white, 0.1f);
    spot(to, s, u + 0.01f * s.yaw, k->eye_v, 0.46f * k->eye_size, 0.48f * k->eye_size, 0, k->iris, 0);
    spot(to, s, u + 0.01f * s.yaw, k->eye_v, 0.22f * k->eye_size, 0.24f * k->eye_size, 0, black, 0);
    spot(to, s, u, k->eye_v - 0.5f * k->eye_size, k->eye_size, 0.012f, 0, shade(k->hair, 0.6f), 0);
    spot(to, s, u, k->eye_v - 0.115f, 0.1f, k->brow_thick, side * k->brow_tilt, shade(k->hair, 0.8f), 0);
    if (k->glasses) {
        spot(to, s, u, k->eye_v - 0.085f, 0.11f, 0.01f, 0, black, 0);
        spot(to, s, u, k->eye_v + 0.085f, 0.11f, 0.01f, 0, black, 0);
        spot(to, s, u - 0.11f, k->eye_v, 0.01f, 0.085f, 0, black, 0);
        spot(to, s, u + 0.11f, k->eye_v, 0.01f, 0.085f, 0, black, 0);
    }
}

static void draw_inner(struct image to, struct pose s, const struct look *k)
{
    float nose = turned(s, 0, 0.08f), mouth = turned(s, 0, 0.05f);

    draw_eye(to, s, k, -1);
    draw_eye(to, s, k, 1);
    spot(to, s, (nose + mouth) / 2, -0.08f, 0.022f, 0.14f, 0, shade(k->skin, 1.06f), 0);
    spot(to, s, nose, 0.07f, k->nose * 0.8f, 0.04f, 0, shade(k->skin, 0.86f), 0.1f);
    spot(to, s, nose - 0.4f * k->nose, 0.085f, 0.016f, 0.012f, 0, shade(k->skin, 0.35f), 0);
    spot(to, s, nose + 0.4f * k->nose, 0.085f, 0.016f, 0.012f, 0, shade(k->skin, 0.35f), 0);
    if (k->beard)
        spot(to, s, mouth, 0.33f, 0.24f, 0.19f, 0, shade(k->hair, 1.1f), 0.1f);
    spot(to, s, mouth, k->mouth_v, k->mouth_w, k->mouth_h, 0, k->lips, 0.1f);
    spot(to, s, mouth, k->mouth_v, 0.94f * k->mouth_w, 0.008f, 0, shade(k->lips, 0.4f), 0);
}

void pattern_draw_person(const struct pattern *p, int person, struct pose s, struct image to)
{
    struct look k = look_of(p, person);

    if (k.long_hair)
        spot(to, s, 0, 0.05f, k.jaw + 0.16f, 0.78f, 0, shade(k.hair, 0.8f), 0);
    spot(to, s, 0, 1.3f, 0.95f, 0.72f, 0, k.shirt, 0.2f);
    spot(to, s, 0, 0.55f, 0.2f, 0.28f, 0, shade(k.skin, 0.75f), 0);
    spot(to, s, 0, -0.3f, k.jaw + 0.09f, 0.58f, 0, k.hair, 0.1f);
    spot(to, s, -k.jaw, -0.12f, 0.05f, 0.11f, 0, shade(k.skin, 0.85f), 0);
    spot(to, s, k.jaw, -0.12f, 0.05f, 0.11f, 0, shade(k.skin, 0.85f), 0);
    spot(to, s, 0, (k.hairline + 0.5f) / 2, k.jaw, (0.5f - k.hairline) / 2, 0, k.skin, 0.25f);
    draw_inner(to, s, &k);
}

/* A wall with a slow gradient and some furniture. */
void pattern_draw_background(const struct pattern *p, struct image to)
{
    uint64_t r = seed_of(p, 1000, 3);
    const struct colour wall = {(uint8_t)(90 + random_below(&r, 100)), (uint8_t)(90 + random_below(&r, 100)),
                                (uint8_t)(90 + random_below(&r, 100))};

    for (int y = 0; y < to.h; y++)
        for (int x = 0; x < to.w; x++) {
            uint8_t *q = to.pixels + (size_t)y * to.stride + (size_t)x * IMAGE_PIXEL;
            struct colour c = shade(wall, 0.8f + 0.25f * (float)y / to.h + 0.15f * (float)x / to.w);
            q[IMAGE_R] = c.r;
            q[IMAGE_G] = c.g;
            q[IMAGE_B] = c.b;
            q[3] = 255;
        }
    for (int i = 0; i < 10; i++) {
        int w = random_below(&r, to.w / 5 + 1) + 2, h = random_below(&r, to.h / 2 + 1) + 2;
        struct colour c = {(uint8_t)random_below(&r, 256), (uint8_t)random_below(&r, 256),
                           (uint8_t)random_below(&r, 256)};
        image_fill(image_view(to, random_below(&r, to.w), random_below(&r, to.h), w, h), c.r, c.g, c.b);
    }
}
