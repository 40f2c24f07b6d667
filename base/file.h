/* SPDX-License-Identifier: MIT
 * Files read by mapping, written to a temporary name and renamed. */
#ifndef FACETRAIL_BASE_FILE_H
#define FACETRAIL_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

struct mapping { unsigned char *at; size_t size; };
/* Maps privately, readable and writable: writing changes our copy only, never the file. Empty file: size 0. */
enum status file_map(struct mapping *out, const char *path);
void file_unmap(struct mapping *m);

/* Text writing: into PATH.part-PID beside the target; file_commit flushes, syncs and renames; file_abandon removes.
 * A path of "-" is standard output: commit flushes it. */
struct file_write { FILE *to; char *path, *temporary; };
enum status file_create(struct file_write *out, const char *path);
enum status file_commit(struct file_write *w);   /* says what the system said, e.g. "No space left on device" */
void file_abandon(struct file_write *w);
enum status file_write_bytes(const char *path, const void *bytes, size_t n); /* likewise, all at once */

uint64_t file_hash(const void *at, size_t size);  /* xxHash64 */
int file_exists(const char *path);
/* Makes all folders above `path`, mode 0700. */
enum status file_make_folders_above(const char *path);

/* Where shipped weights are: $FACETRAIL_WEIGHTS/NAME.safetensors, else weights/ beside the program (also two
 * folders up, from build/release), else /usr/local/share/facetrail, /usr/share/facetrail. Says where it looked. */
enum status file_find_weights(char *out, int size, const char *name);

/* Reads a text file line by line without the line end; zero-terminated; END after the last. `path` must live as long. */
struct file_lines { FILE *from; char *line; size_t room; int number; const char *path; };
enum status file_lines_open(struct file_lines *out, const char *path);
enum status file_lines_next(struct file_lines *l);
void file_lines_close(struct file_lines *l);
/* Splits `line` in place at `separator`; returns how many fields (at most max). */
int file_fields(char *line, char separator, char **fields, int max);

#endif
