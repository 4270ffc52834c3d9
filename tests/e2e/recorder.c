/* Writes down, in order, what a program does to the files below RECORD_ROOT: for tests/power_cut.py.
 *
 * cc -shared -fPIC -o recorder.so recorder.c -ldl; LD_PRELOAD=recorder.so RECORD_ROOT=... RECORD_TO=... program
 *
 * One record: kind (1 byte), offset and length (8 bytes each, little endian), name (NUL), length bytes of data.
 * Kinds: c created, w written, t truncated (offset is the new size), s synced, d folder synced, r renamed (the data is the
 * new name), u unlinked, m folder made, x a call that this recorder does not model (it makes the test fail).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <limits.h>

#define FILES 4096

static char *names[FILES];
static char appending[FILES];
static int sink = -1;
static const char *root;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__)) dlsym(RTLD_NEXT, name)

static ssize_t put(const void *data, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    const char *at = data;
    while (length) {
        ssize_t done = real(sink, at, length);
        if (done <= 0) abort();
        at += done;
        length -= done;
    }
    return 0;
}

static int below(const char *path) {
    return root && strncmp(path, root, strlen(root)) == 0;
}

static void absolute(int folder, const char *path, char *out) {
    char from[PATH_MAX] = "";
    out[0] = 0;
    if (path[0] != '/') {
        if (folder == AT_FDCWD) { if (!getcwd(from, sizeof from)) return; }
        else if (folder >= 0 && folder < FILES && names[folder]) strcpy(from, names[folder]);
    }
    if (strlen(from) + strlen(path) + 2 < PATH_MAX) {
        strcpy(out, from);
        if (from[0]) strcat(out, "/");
        strcat(out, path);
    }
}

static void record(char kind, const char *name, int64_t offset, const void *data, int64_t length) {
    pthread_mutex_lock(&lock);
    if (sink >= 0) {
        put(&kind, 1);
        put(&offset, 8);
        put(&length, 8);
        put(name, strlen(name) + 1);
        if (length) put(data, length);
    }
    pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void begin(void) {
    REAL(int, "open", const char *, int, ...);
    root = getenv("RECORD_ROOT");
    const char *to = getenv("RECORD_TO");
    if (root && to) sink = real(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int opened(int fd, int folder, const char *path, int flags, int was_there) {
    char name[PATH_MAX];
    if (fd < 0 || fd >= FILES) return fd;
    absolute(folder, path, name);
    free(names[fd]);
    names[fd] = below(name) ? strdup(name) : NULL;
    appending[fd] = (flags & O_APPEND) != 0;
    if (names[fd] && (flags & O_CREAT) && !was_there) record('c', name, 0, NULL, 0);
    if (names[fd] && (flags & O_TRUNC) && was_there) record('t', name, 0, NULL, 0);
    return fd;
}

static int there(int folder, const char *path) {
    struct stat st;
    int saved = errno, found = fstatat(folder, path, &st, 0) == 0;
    errno = saved;
    return found;
}

#define OPENING(name) \
int name(const char *path, int flags, ...) { \
    REAL(int, #name, const char *, int, ...); \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); } \
    int before = there(AT_FDCWD, path); \
    return opened(real(path, flags, mode), AT_FDCWD, path, flags, before); \
}
#define OPENING_AT(name) \
int name(int folder, const char *path, int flags, ...) { \
    REAL(int, #name, int, const char *, int, ...); \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); } \
    int before = there(folder, path); \
    return opened(real(folder, path, flags, mode), folder, path, flags, before); \
}
OPENING(open)
OPENING(open64)
OPENING_AT(openat)
OPENING_AT(openat64)

int close(int fd) {
    REAL(int, "close", int);
    if (fd >= 0 && fd < FILES) { free(names[fd]); names[fd] = NULL; }
    return real(fd);
}

ssize_t write(int fd, const void *data, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    int known = fd >= 0 && fd < FILES && names[fd];
    int64_t at = known ? lseek(fd, 0, appending[fd] ? SEEK_END : SEEK_CUR) : 0;
    ssize_t done = real(fd, data, length);
    if (known && done > 0) record('w', names[fd], at, data, done);
    return done;
}

#define WRITING(name, offset_type) \
ssize_t name(int fd, const void *data, size_t length, offset_type at) { \
    REAL(ssize_t, #name, int, const void *, size_t, offset_type); \
    ssize_t done = real(fd, data, length, at); \
    if (fd >= 0 && fd < FILES && names[fd] && done > 0) record('w', names[fd], at, data, done); \
    return done; \
}
WRITING(pwrite, off_t)
WRITING(pwrite64, off64_t)

#define UNKNOWN(name) \
ssize_t name(int fd, const struct iovec *parts, int count) { \
    REAL(ssize_t, #name, int, const struct iovec *, int); \
    if (fd >= 0 && fd < FILES && names[fd]) record('x', names[fd], 0, #name, strlen(#name)); \
    return real(fd, parts, count); \
}
UNKNOWN(writev)

#define CUTTING(name, offset_type) \
int name(int fd, offset_type size) { \
    REAL(int, #name, int, offset_type); \
    int done = real(fd, size); \
    if (fd >= 0 && fd < FILES && names[fd] && done == 0) record('t', names[fd], size, NULL, 0); \
    return done; \
}
CUTTING(ftruncate, off_t)
CUTTING(ftruncate64, off64_t)

#define SYNCING(name) \
int name(int fd) { \
    REAL(int, #name, int); \
    int done = real(fd); \
    if (fd >= 0 && fd < FILES && names[fd] && done == 0) { \
        struct stat st; \
        record(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 'd' : 's', names[fd], 0, NULL, 0); \
    } \
    return done; \
}
SYNCING(fsync)
SYNCING(fdatasync)

static int renamed(int done, int f, const char *from, int t, const char *to) {
    char a[PATH_MAX], b[PATH_MAX];
    if (done == 0) {
        absolute(f, from, a);
        absolute(t, to, b);
        if (below(a) || below(b)) record('r', a, 0, b, strlen(b));
    }
    return done;
}
int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return renamed(real(from, to), AT_FDCWD, from, AT_FDCWD, to);
}
int renameat(int f, const char *from, int t, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    return renamed(real(f, from, t, to), f, from, t, to);
}
int renameat2(int f, const char *from, int t, const char *to, unsigned int flags) {
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned int);
    return renamed(real(f, from, t, to, flags), f, from, t, to);
}

static int unlinked(int done, int folder, const char *path) {
    char name[PATH_MAX];
    if (done == 0) {
        absolute(folder, path, name);
        if (below(name)) record('u', name, 0, NULL, 0);
    }
    return done;
}
int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    return unlinked(real(path), AT_FDCWD, path);
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    return unlinked(real(folder, path, flags), folder, path);
}
int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    return unlinked(real(path), AT_FDCWD, path);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    int done = real(path, mode);
    char name[PATH_MAX];
    absolute(AT_FDCWD, path, name);
    if (done == 0 && below(name)) record('m', name, 0, NULL, 0);
    return done;
}
