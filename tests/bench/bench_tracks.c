/* SPDX-License-Identifier: MIT
 * What following costs between detections: N targets of 80 pixels on a 640x480 picture of noise that moves, one detection
 * in every tenth frame. Milliseconds of this thread's processor time a frame, without detection itself:
 *     bench_tracks [N [frames]] */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "nets/net.h"
#include "tracker/tracker.h"

enum { W = 640, H = 480, FACE = 80, MOST = 40, FRAME_US = 33333, EVERY = 10 };
static uint8_t pixels[(H + 64) * (W + 64) * IMAGE_PIXEL];

static double measure(int follow, int n_faces, int frames)
{
    struct tracker_options o;
    struct tracker *t;
    option_defaults(tracker_option_table, &o);
    o.follow = follow;
    if (tracker_open(&t, &o) != OK)
        return -1;
    int64_t spent = 0;
    for (int f = 0; f < frames; f++) {
        int shift = f % 32, n = f % EVERY == 0 ? n_faces : 0;
        struct image im = {pixels + (shift * (W + 64) + shift) * IMAGE_PIXEL, W, H, (W + 64) * IMAGE_PIXEL};
        struct face faces[MOST];
        for (int i = 0; i < n; i++)
            faces[i] = (struct face){.box = {(float)(i % 7 * 88 + 20 - shift), (float)(i / 7 * 100 + 40 - shift), FACE, FACE},
                                     .score = 0.95f, .track = -1, .person = -1};
        int64_t before = clock_thread_us();
        if (tracker_update(t, im, (int64_t)f * FRAME_US, n > 0, faces, MOST, &n) != OK)
            break;
        spent += clock_thread_us() - before;
    }
    tracker_close(&t);
    return 1e-3 * (double)spent / frames;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 10, frames = argc > 2 ? atoi(argv[2]) : 200;
    uint64_t seed = 1;
    nets_set_threads(1);
    n = n > MOST ? MOST : n;
    for (size_t i = 0; i < sizeof pixels; i += IMAGE_PIXEL) { /* blocks of 8 pixels with fine noise */
        size_t at = i / IMAGE_PIXEL, x = at % (W + 64) / 8, y = at / (W + 64) / 8;
        uint64_t block = x * 977 + y * 131;
        for (int c = 0; c < 3; c++)
            pixels[i + (size_t)c] = (uint8_t)(random_below(&block, 200) + random_below(&seed, 40));
    }
    printf("targets,pixels_ms,fcnt_ms\n%d,%.3f,%.3f\n", n, measure(FOLLOW_PIXELS, n, frames), measure(FOLLOW_FCNT, n, frames));
    return 0;
}
