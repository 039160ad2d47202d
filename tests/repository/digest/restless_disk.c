/* A disk on which files do not keep still, for LD_PRELOAD. What happens depends on the file's name:
 * *.fails    a read at or beyond 100,000 gives EIO
 * *.shrinks  loses its second half at the first read
 * *.grows    gains a byte at the first read
 * *.altered  has its last byte rewritten at the first read (same size)
 * *.vanishes is removed at the first read
 * *.short    never gives more than 1,000 bytes at once
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int ends(const char *name, const char *with)
{
    size_t n = strlen(name), m = strlen(with);
    return n >= m && strcmp(name + n - m, with) == 0;
}

/* Returns the number of bytes that may be read now, or -1 with errno. */
static long disturb(int fd, size_t size, off_t offset)
{
    char link[64], name[4096];
    struct stat st;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, sizeof name - 1);
    if (n < 0 || fstat(fd, &st)) return (long)size;
    name[n] = 0;
    if (ends(name, ".fails") && offset + (off_t)size > 100000) {
        errno = EIO;
        return -1;
    }
    if (ends(name, ".short")) return size < 1000 ? (long)size : 1000;
    if (offset) return (long)size;
    int done = 0;
    if (ends(name, ".shrinks")) done = truncate(name, st.st_size / 2);
    if (ends(name, ".vanishes")) done = unlink(name);
    if (ends(name, ".grows") || ends(name, ".altered")) {
        int other = open(name, O_WRONLY);
        done = pwrite(other, "!", 1, ends(name, ".grows") ? st.st_size : st.st_size - 1) != 1;
        close(other);
    }
    return done ? -1 : (long)size;
}

#define PREAD(NAME)                                                                                \
    ssize_t NAME(int fd, void *into, size_t size, off_t offset)                                    \
    {                                                                                              \
        ssize_t (*real)(int, void *, size_t, off_t);                                               \
        *(void **)&real = dlsym(RTLD_NEXT, #NAME);                                                 \
        long may = disturb(fd, size, offset);                                                      \
        return may < 0 ? -1 : real(fd, into, (size_t)may, offset);                                 \
    }
PREAD(pread)
PREAD(pread64)

#define PREADV(NAME)                                                                               \
    ssize_t NAME(int fd, const struct iovec *into, int count, off_t offset)                        \
    {                                                                                              \
        ssize_t (*real)(int, const struct iovec *, int, off_t);                                    \
        *(void **)&real = dlsym(RTLD_NEXT, #NAME);                                                 \
        struct iovec one = into[0];                                                                \
        long may = disturb(fd, one.iov_len, offset);                                               \
        if (may < 0) return -1;                                                                    \
        one.iov_len = (size_t)may;                                                                 \
        return real(fd, &one, count, offset);                                                      \
    }
PREADV(preadv)
PREADV(preadv64)

#define PREADV2(NAME)                                                                              \
    ssize_t NAME(int fd, const struct iovec *into, int count, off_t offset, int flags)             \
    {                                                                                              \
        ssize_t (*real)(int, const struct iovec *, int, off_t, int);                               \
        *(void **)&real = dlsym(RTLD_NEXT, #NAME);                                                 \
        struct iovec one = into[0];                                                                \
        if (!flags) { /* RWF_NOWAIT only looks whether a page is cached */                         \
            long may = disturb(fd, one.iov_len, offset);                                           \
            if (may < 0) return -1;                                                                \
            one.iov_len = (size_t)may;                                                             \
        }                                                                                          \
        return real(fd, &one, count, offset, flags);                                               \
    }
PREADV2(preadv2)
PREADV2(preadv64v2)
