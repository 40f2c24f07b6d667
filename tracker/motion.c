/* SPDX-License-Identifier: MIT
 * Motion of one target: four constant-velocity Kalman filters (centre, log width, log height).
 * Kalman 1960; the process noise is continuous white acceleration, so the step's length does not
 * matter. */
#include <math.h>

#include "tracker/internal.h"

/* In units of the face's size. Still faces are smoothed, quick ones are followed. */
static const float place_deviation = 0.04f; /* of a detector's box centre */
static const float size_deviation = 0.06f;  /* of its log size */
static const float still_power = 1.0f;      /* random acceleration, size^2 / s^3 */
static const float speed_power = 8.0f;      /* more of it per (size / s)^2 of speed */
static const float size_power = 0.3f;
static const float coast_time = 0.8f; /* seconds in which an unseen target's speed fades to 1/e */
static const float surprise = 2.5f;   /* deviations */

void axis_start(struct axis *a, float x, float deviation, float speed_deviation)
{
    *a = (struct axis){
        .x = x, .p00 = deviation * deviation, .p11 = speed_deviation * speed_deviation};
}

void axis_predict(struct axis *a, float dt, float power)
{
    a->x += dt * a->v;
    a->p00 += 2 * dt * a->p01 + dt * dt * a->p11 + power * dt * dt * dt / 3;
    a->p01 += dt * a->p11 + power * dt * dt / 2;
    a->p11 += power * dt;
}

void axis_correct(struct axis *a, float measured, float deviation)
{
    float error = measured - a->x;
    float noise = deviation * deviation;
    float wanted = error * error / (surprise * surprise) - noise;
    if (a->p00 > 0 && wanted > a->p00) {
        float grow = wanted / a->p00;
        a->p00 *= grow;
        a->p01 *= grow;
        a->p11 *= grow;
    }
    float gain = a->p00 / (a->p00 + noise);
    float speed_gain = a->p01 / (a->p00 + noise);
    a->x += gain * error;
    a->v += speed_gain * error;
    a->p11 -= speed_gain * a->p01;
    a->p01 *= 1 - gain;
    a->p00 *= 1 - gain;
}

static float motion_size(const struct motion *m)
{
    return expf(0.5f * (m->lw.x + m->lh.x));
}

void motion_start(struct motion *m, struct box box)
{
    struct point c = box_centre(box);
    float w = fmaxf(box.w, 1), h = fmaxf(box.h, 1);
    float size = sqrtf(w * h);
    axis_start(&m->cx, c.x, place_deviation * size, 1.5f * size);
    axis_start(&m->cy, c.y, place_deviation * size, 1.5f * size);
    axis_start(&m->lw, logf(w), size_deviation, 0.3f);
    axis_start(&m->lh, logf(h), size_deviation, 0.3f);
}

void motion_predict(struct motion *m, float dt, bool seen_last)
{
    float size = motion_size(m);
    float speed2 = (m->cx.v * m->cx.v + m->cy.v * m->cy.v) / (size * size);
    float power = (still_power + speed_power * fminf(speed2, 4)) * size * size;
    axis_predict(&m->cx, dt, power);
    axis_predict(&m->cy, dt, power);
    axis_predict(&m->lw, dt, size_power);
    axis_predict(&m->lh, dt, size_power);
    float keep = expf(-dt / coast_time);
    if (!seen_last) {
        m->cx.v *= keep;
        m->cy.v *= keep;
    }
    m->lw.v *= keep; /* nobody walks towards the camera for ever */
    m->lh.v *= keep;
}

void motion_shift(struct motion *m, float dx, float dy)
{
    m->cx.x += dx;
    m->cy.x += dy;
}

void motion_correct(struct motion *m, struct box box, float trust)
{
    struct point c = box_centre(box);
    float size = motion_size(m);
    float wide = 1 / fmaxf(trust, 0.1f);
    axis_correct(&m->cx, c.x, place_deviation * size * wide);
    axis_correct(&m->cy, c.y, place_deviation * size * wide);
    axis_correct(&m->lw, logf(fmaxf(box.w, 1)), size_deviation * wide);
    axis_correct(&m->lh, logf(fmaxf(box.h, 1)), size_deviation * wide);
}

struct box motion_box(const struct motion *m)
{
    float w = expf(m->lw.x), h = expf(m->lh.x);
    return (struct box){m->cx.x - w / 2, m->cy.x - h / 2, w, h};
}

float motion_doubt(const struct motion *m)
{
    return sqrtf(fmaxf(m->cx.p00, m->cy.p00)) / motion_size(m);
}
