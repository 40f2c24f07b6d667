/* SPDX-License-Identifier: MIT
 * Network sources over loopback with ffmpeg as the other end, dead and silent servers, opening again. */
#include "tests/kit_capture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "base/clock.h"

extern char **environ;

/* A port of this machine that is free now. */
static int free_port(int kind)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int s = socket(AF_INET, kind, 0);

    assert_int_equal(bind(s, (struct sockaddr *)&at, n), 0);
    assert_int_equal(getsockname(s, (struct sockaddr *)&at, &n), 0);
    close(s);
    return ntohs(at.sin_port);
}

/* ffmpeg sending a test picture at 25 a second, in real time, until killed. */
static pid_t start_sender(const char *option, const char *value, const char *url)
{
    const char *words[] = {"ffmpeg", "-nostdin", "-v", "quiet", "-re", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25", "-c:v", "mpeg2video",
                           "-g", "5", "-f", "mpegts", option, value, url, NULL};
    pid_t child;

    assert_int_equal(posix_spawnp(&child, "ffmpeg", NULL, NULL, (char *const *)(const void *)words, environ), 0);
    return child;
}

static void stop_sender(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* The sender takes a moment before it listens. */
static enum status open_soon(struct reader *r, const char *url)
{
    const struct capture_options o = {.timeout = 5, .tcp = true};
    enum status s = BAD_DATA;

    assert_ok(frame_pool_create(&r->pool, 1, 4));
    r->frame = frame_get(r->pool);
    for (int i = 0; i < 100; i++) {
        s = capture_open(&r->capture, url, &o, NULL);
        if (!s || !strstr(fail_message(), "refused"))
            break;
        clock_sleep_us(50000);
    }
    return s;
}

static void read_frames(struct reader *r, int n)
{
    int64_t last = -1;

    assert_int_equal(capture_info(r->capture)->kind, CAPTURE_LIVE);
    for (int i = 0; i < n; i++) {
        assert_ok(capture_read(r->capture, r->frame));
        assert_int_equal(r->frame->source.w, 160);
        assert_true(r->frame->time_us > last);
        last = r->frame->time_us;
    }
}

static void udp_is_read(void **state)
{
    struct reader r;
    char url[64];
    pid_t sender;

    (void)state;
    snprintf(url, sizeof url, "udp://127.0.0.1:%d", free_port(SOCK_DGRAM));
    sender = start_sender("-flush_packets", "1", url);
    assert_ok(open_soon(&r, url));
    read_frames(&r, 10);
    reader_close(&r);
    stop_sender(sender);
}

static void http_is_read(void **state)
{
    struct reader r;
    char url[64];
    pid_t sender;

    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/a.ts", free_port(SOCK_STREAM));
    sender = start_sender("-listen", "1", url);
    assert_ok(open_soon(&r, url));
    read_frames(&r, 10);
    reader_close(&r);
    stop_sender(sender);
}

static void tcp_is_opened_again(void **state)
{
    struct reader r;
    char url[64], listening[96];
    int64_t time_us;
    pid_t sender;

    (void)state;
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", free_port(SOCK_STREAM));
    snprintf(listening, sizeof listening, "%s?listen=1", url);
    sender = start_sender("-flush_packets", "1", listening);
    assert_ok(open_soon(&r, url));
    read_frames(&r, 5);
    time_us = r.frame->time_us;
    stop_sender(sender);
    sender = start_sender("-flush_packets", "1", listening);
    for (int i = 0; i < 500 && !capture_info(r.capture)->reopened; i++) {
        assert_ok(capture_read(r.capture, r.frame));
        assert_true(r.frame->time_us > time_us);
        time_us = r.frame->time_us;
    }
    assert_int_equal(capture_info(r.capture)->reopened, 1);
    read_frames(&r, 5);
    assert_true(r.frame->time_us > time_us);
    reader_close(&r);
    stop_sender(sender);
}

static int listen_silently(char *url, size_t size, const char *scheme)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int s = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(s, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(s, 4), 0);
    assert_int_equal(getsockname(s, (struct sockaddr *)&at, &n), 0);
    snprintf(url, size, "%s://127.0.0.1:%d/x", scheme, ntohs(at.sin_port));
    return s;
}

static void dead_servers_are_refused(void **state)
{
    static const char *const schemes[] = {"tcp", "http", "rtsp"};
    const struct capture_options o = {.timeout = 0.3f, .tcp = true};
    char url[64];

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct reader r;
        int64_t begin;
        int s;
        snprintf(url, sizeof url, "%s://127.0.0.1:%d/x", schemes[i], free_port(SOCK_STREAM));
        assert_opens_not(url, NO_RESOURCE, "Connection refused");
        s = listen_silently(url, sizeof url, schemes[i]);
        begin = clock_us();
        assert_fails(reader_open(&r, url, &o, NULL), NO_RESOURCE, "127.0.0.1");
        assert_true(clock_us() - begin < 3000000);
        reader_close(&r);
        close(s);
    }
}

static int stop_soon(void *stop)
{
    clock_sleep_us(200000);
    atomic_store((atomic_bool *)stop, true);
    return 0;
}

static void stopping_frees_a_blocked_open(void **state)
{
    const struct capture_options o = {.timeout = 60};
    atomic_bool stop = false;
    struct reader r;
    char url[64];
    int64_t begin = clock_us();
    int s = listen_silently(url, sizeof url, "tcp");
    thrd_t other;

    (void)state;
    assert_int_equal(thrd_create(&other, stop_soon, &stop), thrd_success);
    assert_int_equal(reader_open(&r, url, &o, &stop), END);
    assert_true(clock_us() - begin < 5000000);
    thrd_join(other, NULL);
    reader_close(&r);
    close(s);
}

/* Standard input that gives nothing must not hold the program either. */
static void stopping_frees_a_blocked_pipe(void **state)
{
    atomic_bool stop = false;
    struct reader r;
    thrd_t other;
    int kept = dup(STDIN_FILENO), ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    assert_int_equal(thrd_create(&other, stop_soon, &stop), thrd_success);
    assert_int_equal(reader_open(&r, "-", NULL, &stop), END);
    thrd_join(other, NULL);
    reader_close(&r);
    dup2(kept, STDIN_FILENO);
    close(kept);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(udp_is_read),
        cmocka_unit_test(http_is_read),
        cmocka_unit_test(tcp_is_opened_again),
        cmocka_unit_test(dead_servers_are_refused),
        cmocka_unit_test(stopping_frees_a_blocked_open),
        cmocka_unit_test(stopping_frees_a_blocked_pipe),
    };

    if (!kit_has_program("ffmpeg")) {
        print_message("skipped: no ffmpeg\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
