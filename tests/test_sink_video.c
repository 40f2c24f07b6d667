/* SPDX-License-Identifier: MIT
 * The video sink: what ffprobe says of its files is what it says of the source; sound, pictures, refusals, a full disk. */
#include "tests/kit_capture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "pipeline/sink_video.h"

struct writer {
    struct reader reader;
    struct run_context context;
    struct video_options options;
    void *state;
};

static enum status writer_open(struct writer *w, const char *url, const char *path)
{
    const struct capture_options full = {0};

    assert_ok(reader_open(&w->reader, url, &full, NULL));
    w->context = (struct run_context){.info = capture_info(w->reader.capture), .source = url};
    option_defaults(video_option_table, &w->options);
    w->options.path = path;
    w->state = memory_alloc(1, sink_video.state_size);
    return sink_video.open(w->state, &w->context, &w->options);
}

static void writer_close(struct writer *w)
{
    sink_video.close(w->state);
    memory_free(&w->state);
    reader_close(&w->reader);
}

/* Everything, or the first `most` frames: the first failure. */
static enum status copy(const char *url, const char *path, int most)
{
    struct writer w;
    enum status s = writer_open(&w, url, path), end;

    for (int n = 0; !s && n != most && !(s = capture_read(w.reader.capture, w.reader.frame)); n++)
        s = sink_video.run(w.state, w.reader.frame);
    if (s == OK || s == END)
        s = (end = sink_video.finish(w.state)) ? end : OK;
    writer_close(&w);
    return s;
}

static const char *probe(const char *path, const char *streams, const char *entries)
{
    struct kit_result r = kit_run("ffprobe", "-v", "error", "-count_frames", "-select_streams", streams, "-show_entries",
                                  entries, "-of", "csv=p=0", path, (char *)NULL);

    assert_int_equal(r.status, 0);
    return r.out;
}

static void assert_same_stream(const char *path, const char *other)
{
    static const char facts[] = "stream=width,height,nb_read_frames,avg_frame_rate";
    char want[256];

    snprintf(want, sizeof want, "%s", probe(path, "v:0", facts));
    assert_string_equal(probe(other, "v:0", facts), want);
}

static void every_container(void **state)
{
    static const char *const names[] = {"o.mp4", "o.mkv", "o.mov", "o.webm", "o.avi", "o.gif"};
    const char *facts = "stream=width,height,nb_read_frames,avg_frame_rate";

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_ok(copy("pattern:frames=12,size=96x64,faces=1", kit_path(names[i]), -1));
        assert_string_equal(probe(kit_path(names[i]), "v:0", facts), "96,64,25/1,12\n");
    }
    assert_ok(copy("pattern:frames=7,size=97x63,faces=1,rate=30000/1001", kit_path("odd.mp4"), -1));
    assert_string_equal(probe(kit_path("odd.mp4"), "v:0", facts), "97,63,30000/1001,7\n");
}

static void rate_and_times_of_the_source(void **state)
{
    char want[4096];

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=96x64:r=30000/1001:d=1", "-c:v", "mpeg4", kit_path("ntsc.mkv"));
    assert_ok(copy(kit_path("ntsc.mkv"), kit_path("ntsc.mp4"), -1));
    assert_same_stream(kit_path("ntsc.mkv"), kit_path("ntsc.mp4"));
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=0.8", "-vf", "setpts=if(lt(N\\,10)\\,N\\,N*3)/25/TB", "-vsync",
           "passthrough", "-c:v", "mpeg4", kit_path("vfr.mp4"));
    assert_ok(copy(kit_path("vfr.mp4"), kit_path("vfr-out.mp4"), -1));
    assert_same_stream(kit_path("vfr.mp4"), kit_path("vfr-out.mp4"));
    snprintf(want, sizeof want, "%s", probe(kit_path("vfr.mp4"), "v:0", "packet=pts_time"));
    assert_string_equal(probe(kit_path("vfr-out.mp4"), "v:0", "packet=pts_time"), want);
}

static void colours_are_right_and_marked(void **state)
{
    static const struct { const char *url, *marks; } sizes[] = {
        {"pattern:frames=2,size=96x64,faces=0", "tv,smpte170m,bt709,bt709\n"},
        {"pattern:frames=2,size=1280x720,faces=0", "tv,bt709,bt709,bt709\n"},
        {"pattern:frames=2,size=97x63,faces=0", "tv,smpte170m,bt709,bt709\n"}};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct writer w;
        struct reader r;
        assert_ok(writer_open(&w, sizes[i].url, kit_path("colour.mp4")));
        while (capture_read(w.reader.capture, w.reader.frame) == OK) {
            image_fill(w.reader.frame->source, 200, 64, 32);
            assert_ok(sink_video.run(w.state, w.reader.frame));
        }
        assert_ok(sink_video.finish(w.state));
        writer_close(&w);
        assert_string_equal(probe(kit_path("colour.mp4"), "v:0",
                                  "stream=color_range,color_space,color_transfer,color_primaries"), sizes[i].marks);
        assert_ok(reader_open(&r, kit_path("colour.mp4"), NULL, NULL));
        assert_ok(capture_read(r.capture, r.frame));
        assert_colour(r.frame->source, 50, 30, 200, 64, 32, 5);
        reader_close(&r);
    }
}

static void sound_is_copied(void **state)
{
    char want[256];

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2", "-c:v", "mpeg4", "-c:a",
           "aac", kit_path("sound.mp4"));
    snprintf(want, sizeof want, "%s", probe(kit_path("sound.mp4"), "a:0", "stream=codec_name,sample_rate,nb_read_frames"));
    assert_ok(copy(kit_path("sound.mp4"), kit_path("with.mp4"), -1));
    assert_same_stream(kit_path("sound.mp4"), kit_path("with.mp4"));
    assert_string_equal(probe(kit_path("with.mp4"), "a:0", "stream=codec_name,sample_rate,nb_read_frames"), want);
    assert_ok(copy(kit_path("sound.mp4"), kit_path("with.mkv"), -1));
    assert_same_stream(kit_path("sound.mp4"), kit_path("with.mkv"));
    assert_has(probe(kit_path("with.mkv"), "a:0", "stream=codec_name"), "aac");
    assert_ok(copy(kit_path("sound.mp4"), kit_path("without.webm"), -1)); /* cannot take AAC: said once, no sound */
    assert_string_equal(probe(kit_path("without.webm"), "a", "stream=codec_name"), "");
    assert_same_stream(kit_path("sound.mp4"), kit_path("without.webm"));
}

static void stopped_in_the_middle_it_plays(void **state)
{
    double seconds = 0;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2", "-c:v", "mpeg4", "-c:a",
           "aac", kit_path("long.mp4"));
    assert_ok(copy(kit_path("long.mp4"), kit_path("part.mp4"), 10));
    assert_string_equal(probe(kit_path("part.mp4"), "v:0", "stream=nb_read_frames,avg_frame_rate"), "25/1,10\n");
    assert_int_equal(sscanf(probe(kit_path("part.mp4"), "a:0", "stream=duration"), "%lf", &seconds), 1);
    assert_near(seconds, 0.4, 0.05);
}

static int files_like(const char *part)
{
    DIR *folder = opendir(kit_folder());
    struct dirent *entry;
    int n = 0;

    while ((entry = readdir(folder)))
        n += strstr(entry->d_name, part) != NULL;
    closedir(folder);
    return n;
}

static void full_disk_is_one_line(void **state)
{
    struct rlimit old, tight;

    (void)state;
    assert_int_equal(symlink("/dev/full", kit_path("full.mkv")), 0);
    assert_fails(copy("pattern:frames=60,size=320x240", kit_path("full.mkv"), -1), NO_RESOURCE, "No space left on device");
    assert_has(fail_message(), "full.mkv: it cannot be written");
    getrlimit(RLIMIT_FSIZE, &old);
    tight = old;
    tight.rlim_cur = 10000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    enum status s = copy("pattern:frames=100,size=320x240", kit_path("limit.mp4"), -1);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_fails(s, NO_RESOURCE, "limit.mp4: it cannot be written: File too large");
    assert_int_equal(files_like("limit"), 0); /* no half file, no temporary */
}

static enum status only_open(const char *url, const char *path)
{
    struct writer w;
    enum status s = writer_open(&w, url, path);

    writer_close(&w);
    return s;
}

static void refusals(void **state)
{
    const char *any = "pattern:frames=2,size=64x48";

    (void)state;
    assert_fails(only_open(any, kit_path("no/folder/o.mp4")), NO_RESOURCE, "No such file or directory");
    assert_fails(only_open(any, kit_path("o.xyz")), BAD_USAGE, "expected .mp4");
    assert_fails(only_open(any, "-"), BAD_USAGE, "standard output");
    assert_fails(only_open(any, kit_path("one.png")), BAD_USAGE, "one picture cannot hold a video");
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=0.2", "-c:v", "mpeg4", kit_path("in.mp4"));
    assert_fails(only_open(kit_path("in.mp4"), kit_path("in.mp4")), BAD_USAGE, "never overwritten");
    assert_ok(only_open(any, kit_path("left.mp4"))); /* opened and given up */
    assert_int_equal(files_like("left"), 0);
}

static void a_picture_for_a_picture(void **state)
{
    static const char *const names[] = {"one.png", "one.jpg", "one.webp", "one.bmp"};
    struct reader r;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "color=0xC84020:s=65x49,format=rgb24", "-frames:v", "1", kit_path("in.png"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_ok(copy(kit_path("in.png"), kit_path(names[i]), -1));
        assert_ok(reader_open(&r, kit_path(names[i]), NULL, NULL));
        assert_ok(capture_read(r.capture, r.frame));
        assert_int_equal(r.frame->source.w, capture_info(r.capture)->width);
        assert_colour(r.frame->source, 40, 30, 0xC8, 0x40, 0x20, i == 1 || i == 2 ? 6 : 1);
        reader_close(&r);
    }
}

static void pictures_for_a_folder(void **state)
{
    (void)state;
    mkdir(kit_path("set"), 0700);
    FFMPEG("-f", "lavfi", "-i", "color=red:s=40x30:d=0.08:r=25", kit_path("set/p %d.png"));
    FFMPEG("-f", "lavfi", "-i", "color=blue:s=50x60:d=0.04:r=25", "-start_number", "10", kit_path("set/p %d.png"));
    assert_ok(copy(kit_path("set"), kit_path("made/"), -1));
    assert_string_equal(probe(kit_path("made/p 10.png"), "v:0", "stream=width,height"), "50,60\n");
    assert_true(file_exists(kit_path("made/p 1.png")) && file_exists(kit_path("made/p 2.png")));
    assert_fails(copy(kit_path("set"), kit_path("set/"), -1), BAD_USAGE, "never overwritten");
    assert_fails(copy(kit_path("set/p*.png"), kit_path("set/"), -1), BAD_USAGE, "never overwritten");
    assert_fails(copy(kit_path("set"), kit_path("one.png"), -1), BAD_USAGE, "list of pictures");
    assert_ok(copy(kit_path("set"), kit_path("set.mp4"), -1)); /* the last one scaled to fit */
    assert_string_equal(probe(kit_path("set.mp4"), "v:0", "stream=width,height,nb_read_frames"), "40,30,3\n");
    assert_ok(copy("pattern:frames=3,size=64x48", kit_path("number-%03d.png"), -1));
    assert_true(file_exists(kit_path("number-001.png")) && file_exists(kit_path("number-003.png")));
}

static void running_allocates_nothing_of_ours(void **state)
{
    struct writer w;
    uint64_t before;

    (void)state;
    assert_ok(writer_open(&w, "pattern:frames=60,size=96x64", kit_path("steady.mp4")));
    assert_ok(capture_read(w.reader.capture, w.reader.frame));
    assert_ok(sink_video.run(w.state, w.reader.frame));
    before = memory_allocations();
    while (capture_read(w.reader.capture, w.reader.frame) == OK)
        assert_ok(sink_video.run(w.state, w.reader.frame));
    assert_true(memory_allocations() == before);
    assert_ok(sink_video.finish(w.state));
    writer_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_container),
        cmocka_unit_test(rate_and_times_of_the_source),
        cmocka_unit_test(colours_are_right_and_marked),
        cmocka_unit_test(sound_is_copied),
        cmocka_unit_test(stopped_in_the_middle_it_plays),
        cmocka_unit_test(full_disk_is_one_line),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_picture_for_a_picture),
        cmocka_unit_test(pictures_for_a_folder),
        cmocka_unit_test(running_allocates_nothing_of_ours),
    };

    if (!kit_has_program("ffmpeg") || !kit_has_program("ffprobe")) {
        print_message("skipped: no ffmpeg\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
