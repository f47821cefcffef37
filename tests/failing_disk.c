/* A disk that fails: preloaded into the program, the FAIL_AT-th change of a regular file and the FAIL_FOR - 1 after it
 * end with FAIL_ERRNO. Built and used by tests/it/disk.rs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long done;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static int fails(int fd) {
    struct stat data;
    if (fd >= 0 && (fstat(fd, &data) != 0 || !S_ISREG(data.st_mode)) ) return 0;
    long now = atomic_fetch_add(&done, 1), at = number("FAIL_AT");
    if (now < at || now >= at + number("FAIL_FOR")) return 0;
    errno = (int)number("FAIL_ERRNO");
    return 1;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

ssize_t write(int fd, const void *bytes, size_t count) {
    return fails(fd) ? -1 : REAL("write", ssize_t (*)(int, const void *, size_t))(fd, bytes, count);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    return fails(fd) ? -1 : REAL("pwrite64", ssize_t (*)(int, const void *, size_t, off64_t))(fd, bytes, count, at);
}
int fsync(int fd) { return fails(fd) ? -1 : REAL("fsync", int (*)(int))(fd); }
int fdatasync(int fd) { return fails(fd) ? -1 : REAL("fdatasync", int (*)(int))(fd); }
int ftruncate64(int fd, off64_t length) {
    return fails(fd) ? -1 : REAL("ftruncate64", int (*)(int, off64_t))(fd, length);
}
int rename(const char *from, const char *to) {
    return fails(-1) ? -1 : REAL("rename", int (*)(const char *, const char *))(from, to);
}

__attribute__((destructor)) static void tell(void) {
    if (getenv("FAIL_COUNT")) fprintf(stderr, "changes: %ld\n", (long)done);
}
