/* SPDX-License-Identifier: MIT
 * The window on a virtual screen: it shows the picture letterboxed, obeys its keys and enrols a face by a typed name.
 * Skipped without Xvfb, xdotool and ImageMagick. FACETRAIL_LOOK=FOLDER keeps the screenshots. */
#include "tests/kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

#define ASTRONAUT "/usr/lib/python3/dist-packages/skimage/data/astronaut.png"

static pid_t screen;

static bool has_all(void)
{
    return kit_has_program("Xvfb") && kit_has_program("xdotool") && kit_has_program("import") && kit_has_program("convert");
}

static bool has_weights(void)
{
    char path[4096];
    return file_find_weights(path, sizeof path, "lnet") == OK && file_find_weights(path, sizeof path, "deepid2") == OK;
}

/* Xvfb finds a free number itself and tells it. */
static int start_screen(void **unused)
{
    (void)unused;
    int tell[2];
    if (!has_all() || !has_weights())
        return 0;
    assert_int_equal(pipe(tell), 0);
    screen = fork();
    if (screen == 0) {
        char number[16];
        dup2(open("/dev/null", O_WRONLY), 2);
        snprintf(number, sizeof number, "%d", tell[1]);
        execlp("Xvfb", "Xvfb", "-displayfd", number, "-screen", "0", "1000x700x24", "-nolisten", "tcp", (char *)NULL);
        _exit(127);
    }
    close(tell[1]);
    char name[16] = ":";
    ssize_t n = read(tell[0], name + 1, sizeof name - 2);
    close(tell[0]);
    assert_true(n > 0);
    name[strcspn(name, "\n")] = '\0';
    setenv("DISPLAY", name, 1);
    setenv("KIT_DISPLAY", "1", 1);
    return 0;
}

static int stop_screen(void **unused)
{
    (void)unused;
    if (screen > 0) {
        kill(screen, SIGTERM);
        waitpid(screen, NULL, 0);
    }
    return 0;
}

static void look(const char *name)
{
    const char *folder = getenv("FACETRAIL_LOOK");
    char path[2048];
    if (!folder)
        return;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    kit_run("import", "-window", "root", path, NULL);
}

/* The window's number, once it is there; moved to the corner and resized. */
static const char *find_window(void)
{
    static char id[32];
    for (int i = 0; i < 150; i++) {
        struct kit_result r = kit_run("xdotool", "search", "--name", "facetrail", NULL);
        if (r.status == 0 && *r.out) {
            snprintf(id, sizeof id, "%.*s", (int)strcspn(r.out, "\n"), r.out);
            kit_run("xdotool", "windowmove", id, "0", "0", "windowsize", id, "800", "600", "windowfocus", id, NULL);
            clock_sleep_us(1500000);
            return id;
        }
        clock_sleep_us(200000);
    }
    return NULL;
}

static void press(const char *window, const char *key)
{
    kit_run("xdotool", "key", "--window", window, key, NULL);
    clock_sleep_us(700000);
}

/* Mean grey of a part of the screen, 0 to 255. */
static double grey(const char *part)
{
    kit_run("import", "-window", "root", "-crop", part, "+repage", kit_path("part.png"), NULL);
    struct kit_result r = kit_run("convert", kit_path("part.png"), "-colorspace", "Gray", "-format", "%[fx:255*mean]", "info:", NULL);
    return atof(r.out);
}

static bool folder_has(const char *folder, const char *start)
{
    bool found = false;
    DIR *d = opendir(folder);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        found = found || strncmp(e->d_name, start, strlen(start)) == 0;
    closedir(d);
    return found;
}

static void shows_and_obeys(void **unused)
{
    (void)unused;
    char here[2048];
    if (!has_all() || !has_weights())
        kit_skip("no Xvfb, xdotool or ImageMagick, or no weights");
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(kit_folder()), 0); /* snapshots go where the user is */
    int child = kit_start_facetrail("run", "pattern:frames=0,size=640x360,seed=2", "--window", NULL);
    const char *w = find_window();
    assert_non_null(w);
    look("window.png");
    assert_true(grey("400x100+200+250") > 25); /* the picture is in the middle */
    assert_true(grey("780x40+10+10") < 5);     /* 4:3 round 16:9: black above it */
    press(w, "s");
    press(w, "space");
    clock_sleep_us(1000000);
    press(w, "h"); /* hides the line; the picture stands still: nothing else changes */
    look("paused.png");
    press(w, "q");
    struct kit_result r = kit_wait(child);
    assert_int_equal(chdir(here), 0);
    assert_int_equal(r.status, 0);
    assert_has(r.err, "window");
    assert_true(folder_has(kit_folder(), "facetrail-"));
}

static void enrols_the_face_under_the_pointer(void **unused)
{
    (void)unused;
    if (!has_all() || !has_weights())
        kit_skip("no Xvfb, xdotool or ImageMagick, or no weights");
    if (!file_exists(ASTRONAUT))
        kit_skip("no " ASTRONAUT);
    char gallery[1024];
    snprintf(gallery, sizeof gallery, "%s", kit_path("window.db"));
    int child = kit_start_facetrail("run", ASTRONAUT, "--window", "--gallery", gallery, NULL);
    const char *w = find_window();
    assert_non_null(w);
    /* The picture is square: 600 pixels from x = 100; the face is near (0.44, 0.22) of it. */
    kit_run("xdotool", "mousemove", "364", "132", NULL);
    clock_sleep_us(500000);
    press(w, "e");
    kit_run("xdotool", "type", "--window", w, "--delay", "60", "Eileen C", NULL);
    clock_sleep_us(700000);
    look("typing.png");
    press(w, "BackSpace");
    press(w, "K");
    press(w, "Return");
    press(w, "q");
    struct kit_result r = kit_wait(child);
    assert_int_equal(r.status, 0);
    assert_has(kit_facetrail("people", "list", "--gallery", gallery, NULL).out, "Eileen K");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_and_obeys),
        cmocka_unit_test(enrols_the_face_under_the_pointer),
    };
    return cmocka_run_group_tests(tests, start_screen, stop_screen);
}
