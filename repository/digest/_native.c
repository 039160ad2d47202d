/* The native digest engine: many files at once, one in each lane of a vector register.
 *
 * Owns: SHA-512, SHA-512/256 and SHA-256 (FIPS 180-4) of many independent messages side by side,
 * and the threads that open, read, hash and close files without Python's lock.
 * Does not: decide what a digest means, or record one. Its digests confirm expected values; a
 * difference is looked at again by OpenSSL (see repository/digest/__init__.py).
 *
 * Reads top-down: constants, kernels, the choice among kernels and their test, reading a file,
 * the worker, the Python functions. Written for this project from the standard; no other code in it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__) && defined(__GNUC__) && defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define HAVE_VECTORS 1
#include <cpuid.h>
#include <immintrin.h>
#endif
#endif

/* ---- Constants (FIPS 180-4 sections 4.2 and 5.3) ------------------------------------------ */

static const uint64_t K512[80] = {
    0x428a2f98d728ae22ULL, 0x7137449123ef65cdULL, 0xb5c0fbcfec4d3b2fULL, 0xe9b5dba58189dbbcULL,
    0x3956c25bf348b538ULL, 0x59f111f1b605d019ULL, 0x923f82a4af194f9bULL, 0xab1c5ed5da6d8118ULL,
    0xd807aa98a3030242ULL, 0x12835b0145706fbeULL, 0x243185be4ee4b28cULL, 0x550c7dc3d5ffb4e2ULL,
    0x72be5d74f27b896fULL, 0x80deb1fe3b1696b1ULL, 0x9bdc06a725c71235ULL, 0xc19bf174cf692694ULL,
    0xe49b69c19ef14ad2ULL, 0xefbe4786384f25e3ULL, 0x0fc19dc68b8cd5b5ULL, 0x240ca1cc77ac9c65ULL,
    0x2de92c6f592b0275ULL, 0x4a7484aa6ea6e483ULL, 0x5cb0a9dcbd41fbd4ULL, 0x76f988da831153b5ULL,
    0x983e5152ee66dfabULL, 0xa831c66d2db43210ULL, 0xb00327c898fb213fULL, 0xbf597fc7beef0ee4ULL,
    0xc6e00bf33da88fc2ULL, 0xd5a79147930aa725ULL, 0x06ca6351e003826fULL, 0x142929670a0e6e70ULL,
    0x27b70a8546d22ffcULL, 0x2e1b21385c26c926ULL, 0x4d2c6dfc5ac42aedULL, 0x53380d139d95b3dfULL,
    0x650a73548baf63deULL, 0x766a0abb3c77b2a8ULL, 0x81c2c92e47edaee6ULL, 0x92722c851482353bULL,
    0xa2bfe8a14cf10364ULL, 0xa81a664bbc423001ULL, 0xc24b8b70d0f89791ULL, 0xc76c51a30654be30ULL,
    0xd192e819d6ef5218ULL, 0xd69906245565a910ULL, 0xf40e35855771202aULL, 0x106aa07032bbd1b8ULL,
    0x19a4c116b8d2d0c8ULL, 0x1e376c085141ab53ULL, 0x2748774cdf8eeb99ULL, 0x34b0bcb5e19b48a8ULL,
    0x391c0cb3c5c95a63ULL, 0x4ed8aa4ae3418acbULL, 0x5b9cca4f7763e373ULL, 0x682e6ff3d6b2b8a3ULL,
    0x748f82ee5defb2fcULL, 0x78a5636f43172f60ULL, 0x84c87814a1f0ab72ULL, 0x8cc702081a6439ecULL,
    0x90befffa23631e28ULL, 0xa4506cebde82bde9ULL, 0xbef9a3f7b2c67915ULL, 0xc67178f2e372532bULL,
    0xca273eceea26619cULL, 0xd186b8c721c0c207ULL, 0xeada7dd6cde0eb1eULL, 0xf57d4f7fee6ed178ULL,
    0x06f067aa72176fbaULL, 0x0a637dc5a2c898a6ULL, 0x113f9804bef90daeULL, 0x1b710b35131c471bULL,
    0x28db77f523047d84ULL, 0x32caab7b40c72493ULL, 0x3c9ebe0a15c9bebcULL, 0x431d67c49c100d4cULL,
    0x4cc5d4becb3e42b6ULL, 0x597f299cfc657e2aULL, 0x5fcb6fab3ad6faecULL, 0x6c44198c4a475817ULL,
};
static const uint32_t K256[64] = {
    0x428a2f98U, 0x71374491U, 0xb5c0fbcfU, 0xe9b5dba5U, 0x3956c25bU, 0x59f111f1U,
    0x923f82a4U, 0xab1c5ed5U, 0xd807aa98U, 0x12835b01U, 0x243185beU, 0x550c7dc3U,
    0x72be5d74U, 0x80deb1feU, 0x9bdc06a7U, 0xc19bf174U, 0xe49b69c1U, 0xefbe4786U,
    0x0fc19dc6U, 0x240ca1ccU, 0x2de92c6fU, 0x4a7484aaU, 0x5cb0a9dcU, 0x76f988daU,
    0x983e5152U, 0xa831c66dU, 0xb00327c8U, 0xbf597fc7U, 0xc6e00bf3U, 0xd5a79147U,
    0x06ca6351U, 0x14292967U, 0x27b70a85U, 0x2e1b2138U, 0x4d2c6dfcU, 0x53380d13U,
    0x650a7354U, 0x766a0abbU, 0x81c2c92eU, 0x92722c85U, 0xa2bfe8a1U, 0xa81a664bU,
    0xc24b8b70U, 0xc76c51a3U, 0xd192e819U, 0xd6990624U, 0xf40e3585U, 0x106aa070U,
    0x19a4c116U, 0x1e376c08U, 0x2748774cU, 0x34b0bcb5U, 0x391c0cb3U, 0x4ed8aa4aU,
    0x5b9cca4fU, 0x682e6ff3U, 0x748f82eeU, 0x78a5636fU, 0x84c87814U, 0x8cc70208U,
    0x90befffaU, 0xa4506cebU, 0xbef9a3f7U, 0xc67178f2U,
};
static const uint64_t IV_SHA512[8] = {
    0x6a09e667f3bcc908ULL, 0xbb67ae8584caa73bULL, 0x3c6ef372fe94f82bULL, 0xa54ff53a5f1d36f1ULL,
    0x510e527fade682d1ULL, 0x9b05688c2b3e6c1fULL, 0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL,
};
static const uint64_t IV_SHA512_256[8] = {
    0x22312194fc2bf72cULL, 0x9f555fa3c84c64c2ULL, 0x2393b86b6f53b151ULL, 0x963877195940eabdULL,
    0x96283ee2a88effe3ULL, 0xbe5e1e2553863992ULL, 0x2b0199fc2c85b8aaULL, 0x0eb72ddc81c52ca2ULL,
};
static const uint32_t IV_SHA256[8] = {
    0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU, 0x510e527fU, 0x9b05688cU,
    0x1f83d9abU, 0x5be0cd19U,
};

/* ---- Kernels: one block of each of LANES messages a step ------------------------------------ */

union state {
    uint64_t w64[8];
    uint32_t w32[8];
};

/* Moves every state n blocks on. data[j] holds n whole blocks of message j. */
typedef void (*kernel_run)(union state *const *state, const uint8_t *const *data, size_t n);

#define INLINE static inline __attribute__((always_inline))
#define ROR64(x, n) (((x) >> (n)) | ((x) << (64 - (n))))
#define ROR32(x, n) (((x) >> (n)) | ((x) << (32 - (n))))
#define CH(e, f, g) ((g) ^ ((e) & ((f) ^ (g))))
#define MAJ(a, b, c) (((a) & (b)) | ((c) & ((a) | (b))))

#define ROUND512(a, b, c, d, e, f, g, h, i)                                                        \
    do {                                                                                           \
        h += (ROR64(e, 14) ^ ROR64(e, 18) ^ ROR64(e, 41)) + CH(e, f, g) + (k[i] + w[i]);           \
        d += h;                                                                                    \
        h += (ROR64(a, 28) ^ ROR64(a, 34) ^ ROR64(a, 39)) + MAJ(a, b, c);                          \
    } while (0)
#define ROUND256(a, b, c, d, e, f, g, h, i)                                                        \
    do {                                                                                           \
        h += (ROR32(e, 6) ^ ROR32(e, 11) ^ ROR32(e, 25)) + CH(e, f, g) + (k[i] + w[i]);            \
        d += h;                                                                                    \
        h += (ROR32(a, 2) ^ ROR32(a, 13) ^ ROR32(a, 22)) + MAJ(a, b, c);                           \
    } while (0)
#define NEXT512(i)                                                                                 \
    w[i] += (ROR64(w[(i + 1) & 15], 1) ^ ROR64(w[(i + 1) & 15], 8) ^ (w[(i + 1) & 15] >> 7)) +     \
            w[(i + 9) & 15] +                                                                      \
            (ROR64(w[(i + 14) & 15], 19) ^ ROR64(w[(i + 14) & 15], 61) ^ (w[(i + 14) & 15] >> 6))
#define NEXT256(i)                                                                                 \
    w[i] += (ROR32(w[(i + 1) & 15], 7) ^ ROR32(w[(i + 1) & 15], 18) ^ (w[(i + 1) & 15] >> 3)) +    \
            w[(i + 9) & 15] +                                                                      \
            (ROR32(w[(i + 14) & 15], 17) ^ ROR32(w[(i + 14) & 15], 19) ^ (w[(i + 14) & 15] >> 10))
#define SIXTEEN(ROUND, EXTRA)                                                                      \
    ROUND(a, b, c, d, e, f, g, h, 0); EXTRA(0); ROUND(h, a, b, c, d, e, f, g, 1); EXTRA(1);        \
    ROUND(g, h, a, b, c, d, e, f, 2); EXTRA(2); ROUND(f, g, h, a, b, c, d, e, 3); EXTRA(3);        \
    ROUND(e, f, g, h, a, b, c, d, 4); EXTRA(4); ROUND(d, e, f, g, h, a, b, c, 5); EXTRA(5);        \
    ROUND(c, d, e, f, g, h, a, b, 6); EXTRA(6); ROUND(b, c, d, e, f, g, h, a, 7); EXTRA(7);        \
    ROUND(a, b, c, d, e, f, g, h, 8); EXTRA(8); ROUND(h, a, b, c, d, e, f, g, 9); EXTRA(9);        \
    ROUND(g, h, a, b, c, d, e, f, 10); EXTRA(10); ROUND(f, g, h, a, b, c, d, e, 11); EXTRA(11);    \
    ROUND(e, f, g, h, a, b, c, d, 12); EXTRA(12); ROUND(d, e, f, g, h, a, b, c, 13); EXTRA(13);    \
    ROUND(c, d, e, f, g, h, a, b, 14); EXTRA(14); ROUND(b, c, d, e, f, g, h, a, 15); EXTRA(15)
#define NO_EXTRA(i) ((void)0)


INLINE uint64_t load_be64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

INLINE uint32_t load_be32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

#define PLAIN(NAME, WORD, WORDS, K, TURNS, ROUND, NEXT, LOAD)                                      \
    static void NAME(union state *const *state, const uint8_t *const *data, size_t n)              \
    {                                                                                              \
        WORD *s = state[0]->WORDS;                                                                 \
        for (const uint8_t *p = data[0]; n; n--, p += 16 * sizeof(WORD)) {                         \
            WORD w[16];                                                                            \
            WORD a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];   \
            for (int i = 0; i < 16; i++) w[i] = LOAD(p + i * sizeof(WORD));                        \
            const WORD *k = K;                                                                     \
            for (int t = 0; t < TURNS; t++, k += 16) { SIXTEEN(ROUND, NEXT); }                     \
            SIXTEEN(ROUND, NO_EXTRA);                                                              \
            s[0] += a; s[1] += b; s[2] += c; s[3] += d;                                            \
            s[4] += e; s[5] += f; s[6] += g; s[7] += h;                                            \
        }                                                                                          \
    }
PLAIN(run512_plain, uint64_t, w64, K512, 4, ROUND512, NEXT512, load_be64)
PLAIN(run256_plain, uint32_t, w32, K256, 3, ROUND256, NEXT256, load_be32)

/* OpenSSL's own compression, found in the library that Python's hashlib is linked with: the fastest
 * thing for a message that is alone. Its context begins with the eight words of state in every
 * release and fork known; the self-test finds out, and without it the plain kernel serves. */
typedef int (*openssl_update)(void *context, const void *data, size_t size);
static openssl_update openssl512, openssl256;
#define OPENSSL_CONTEXT 1024 /* SHA512_CTX is 216 bytes in OpenSSL 1.1 and 3 */

static void run512_openssl(union state *const *state, const uint8_t *const *data, size_t n)
{
    _Alignas(64) uint8_t context[OPENSSL_CONTEXT] = {0};
    memcpy(context, state[0]->w64, 64);
    openssl512(context, data[0], n * 128);
    memcpy(state[0]->w64, context, 64);
}

static void run256_openssl(union state *const *state, const uint8_t *const *data, size_t n)
{
    _Alignas(64) uint8_t context[OPENSSL_CONTEXT] = {0};
    memcpy(context, state[0]->w32, 32);
    openssl256(context, data[0], n * 64);
    memcpy(state[0]->w32, context, 32);
}

static bool has_always(void) { return true; }
static bool has_openssl(void) { return openssl512 && openssl256; }

#ifdef HAVE_VECTORS
/* s, w: eight words of state, sixteen of message; word i of every message side by side. */
#define COMPRESS(NAME, V, K, TURNS, ROUND, NEXT, LOAD, LANES, BYTES, WORD, WORDS)                  \
    INLINE void NAME(union state *const *state, const uint8_t *const *data, size_t n)              \
    {                                                                                              \
        V s[8];                                                                                    \
        const uint8_t *p[LANES];                                                                   \
        for (int j = 0; j < LANES; j++) p[j] = data[j];                                            \
        for (int i = 0; i < 8; i++)                                                                \
            for (int j = 0; j < LANES; j++) s[i][j] = state[j]->WORDS[i];                          \
        for (; n; n--) {                                                                           \
            V w[16];                                                                               \
            V a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];      \
            LOAD(w, p);                                                                            \
            for (int j = 0; j < LANES; j++) p[j] += BYTES;                                         \
            const WORD *k = K;                                                                     \
            for (int t = 0; t < TURNS; t++, k += 16) { SIXTEEN(ROUND, NEXT); }                     \
            SIXTEEN(ROUND, NO_EXTRA);                                                              \
            s[0] += a; s[1] += b; s[2] += c; s[3] += d;                                            \
            s[4] += e; s[5] += f; s[6] += g; s[7] += h;                                            \
        }                                                                                          \
        for (int i = 0; i < 8; i++)                                                                \
            for (int j = 0; j < LANES; j++) state[j]->WORDS[i] = s[i][j];                          \
    }

typedef uint64_t u64x8 __attribute__((vector_size(64), aligned(64)));
typedef uint64_t u64x4 __attribute__((vector_size(32), aligned(32)));
typedef uint32_t u32x16 __attribute__((vector_size(64), aligned(64)));
typedef uint32_t u32x8 __attribute__((vector_size(32), aligned(32)));
typedef uint8_t u8x64 __attribute__((vector_size(64), aligned(64)));
typedef uint8_t u8x32 __attribute__((vector_size(32), aligned(32)));

#define SHUF(...) __builtin_shufflevector(__VA_ARGS__)
#define ZIP_LO_64x8(a, b) SHUF(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define ZIP_HI_64x8(a, b) SHUF(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define ZIP_LO_64x4(a, b) SHUF(a, b, 0, 4, 1, 5)
#define ZIP_HI_64x4(a, b) SHUF(a, b, 2, 6, 3, 7)
#define ZIP_LO_32x16(a, b) SHUF(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HI_32x16(a, b) SHUF(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define ZIP_LO_32x8(a, b) SHUF(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define ZIP_HI_32x8(a, b) SHUF(a, b, 4, 12, 5, 13, 6, 14, 7, 15)

/* byte order of every word, then one log2(N)-pass transposition of N rows of N words */
#define TRANSPOSE(w, V, N, LO, HI)                                                                 \
    for (int pass = 1; pass < N; pass *= 2) {                                                      \
        V z[N];                                                                                    \
        for (int i = 0; i < N / 2; i++) {                                                          \
            z[2 * i] = LO((w)[i], (w)[i + N / 2]);                                                 \
            z[2 * i + 1] = HI((w)[i], (w)[i + N / 2]);                                             \
        }                                                                                          \
        for (int i = 0; i < N; i++) (w)[i] = z[i];                                                 \
    }
#define B8(o) o + 7, o + 6, o + 5, o + 4, o + 3, o + 2, o + 1, o
#define B4(o) o + 3, o + 2, o + 1, o
#define SWAP64x8(v)                                                                                \
    ((u64x8)SHUF((u8x64)(v), (u8x64)(v), B8(0), B8(8), B8(16), B8(24), B8(32), B8(40), B8(48),     \
                 B8(56)))
#define SWAP64x4(v) ((u64x4)SHUF((u8x32)(v), (u8x32)(v), B8(0), B8(8), B8(16), B8(24)))
#define SWAP32x16(v)                                                                               \
    ((u32x16)SHUF((u8x64)(v), (u8x64)(v), B4(0), B4(4), B4(8), B4(12), B4(16), B4(20), B4(24),     \
                  B4(28), B4(32), B4(36), B4(40), B4(44), B4(48), B4(52), B4(56), B4(60)))
#define SWAP32x8(v)                                                                                \
    ((u32x8)SHUF((u8x32)(v), (u8x32)(v), B4(0), B4(4), B4(8), B4(12), B4(16), B4(20), B4(24),      \
                 B4(28)))
#define LOADER(NAME, V, N, LO, HI, SWAP)                                                           \
    INLINE void NAME(V w[16], const uint8_t *const p[N])                                           \
    {                                                                                              \
        for (size_t part = 0; part < 16; part += N) {                                              \
            for (int j = 0; j < N; j++) {                                                          \
                V v;                                                                               \
                memcpy(&v, p[j] + part * sizeof(v[0]), sizeof v);                                  \
                w[part + j] = SWAP(v);                                                             \
            }                                                                                      \
            TRANSPOSE(w + part, V, N, LO, HI)                                                      \
        }                                                                                          \
    }
LOADER(load_64x8, u64x8, 8, ZIP_LO_64x8, ZIP_HI_64x8, SWAP64x8)
LOADER(load_64x4, u64x4, 4, ZIP_LO_64x4, ZIP_HI_64x4, SWAP64x4)
LOADER(load_32x16, u32x16, 16, ZIP_LO_32x16, ZIP_HI_32x16, SWAP32x16)
LOADER(load_32x8, u32x8, 8, ZIP_LO_32x8, ZIP_HI_32x8, SWAP32x8)
COMPRESS(body512x8, u64x8, K512, 4, ROUND512, NEXT512, load_64x8, 8, 128, uint64_t, w64)
COMPRESS(body512x4, u64x4, K512, 4, ROUND512, NEXT512, load_64x4, 4, 128, uint64_t, w64)
COMPRESS(body256x16, u32x16, K256, 3, ROUND256, NEXT256, load_32x16, 16, 64, uint32_t, w32)
COMPRESS(body256x8, u32x8, K256, 3, ROUND256, NEXT256, load_32x8, 8, 64, uint32_t, w32)

#define TARGET(what) __attribute__((target(what)))
#define V4 TARGET("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,bmi2,prefer-vector-width=512")
#define V3 TARGET("avx2,bmi2")
#define VECTOR_KERNEL(NAME, HOW, BODY)                                                             \
    HOW static void NAME(union state *const *state, const uint8_t *const *data, size_t n)          \
    {                                                                                              \
        BODY(state, data, n);                                                                      \
    }
VECTOR_KERNEL(run512x8_avx512, V4, body512x8)
VECTOR_KERNEL(run512x4_avx512, V4, body512x4)
VECTOR_KERNEL(run512x4_avx2, V3, body512x4)
VECTOR_KERNEL(run256x16_avx512, V4, body256x16)
VECTOR_KERNEL(run256x8_avx512, V4, body256x8)
VECTOR_KERNEL(run256x8_avx2, V3, body256x8)

/* SHA-NI: LANES messages interleaved, since one alone waits for its own last instruction. A test
 * builds this with the three instructions imitated in C (tests/repository/digest/imitated_sha.h). */
#ifndef SHA_TARGET
#define SHA_TARGET TARGET("sha,sse4.1,ssse3")
#endif
#define SHA_KERNEL(NAME, LANES)                                                                    \
    SHA_TARGET static void NAME(union state *const *state, const uint8_t *const *data, size_t n)   \
    {                                                                                              \
        const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);          \
        __m128i abef[LANES], cdgh[LANES];                                                          \
        for (int j = 0; j < LANES; j++) {                                                          \
            __m128i abcd = _mm_loadu_si128((const __m128i *)state[j]->w32);                        \
            __m128i efgh = _mm_loadu_si128((const __m128i *)(state[j]->w32 + 4));                  \
            __m128i cdab = _mm_shuffle_epi32(abcd, 0xB1);                                          \
            __m128i hgfe = _mm_shuffle_epi32(efgh, 0x1B);                                          \
            abef[j] = _mm_alignr_epi8(cdab, hgfe, 8);                                              \
            cdgh[j] = _mm_blend_epi16(hgfe, cdab, 0xF0);                                           \
        }                                                                                          \
        for (size_t block = 0; block < n; block++) {                                               \
            __m128i w[LANES][4], first[LANES], second[LANES];                                      \
            for (int j = 0; j < LANES; j++) {                                                      \
                first[j] = abef[j];                                                                \
                second[j] = cdgh[j];                                                               \
                for (int i = 0; i < 4; i++)                                                        \
                    w[j][i] = _mm_shuffle_epi8(                                                    \
                        _mm_loadu_si128((const __m128i *)(data[j] + 64 * block) + i), order);      \
            }                                                                                      \
            _Pragma("GCC unroll 16") for (int i = 0; i < 16; i++)                                  \
            {                                                                                      \
                const __m128i k = _mm_loadu_si128((const __m128i *)(K256 + 4 * i));                \
                for (int j = 0; j < LANES; j++) {                                                  \
                    if (i >= 4) {                                                                  \
                        __m128i older = _mm_sha256msg1_epu32(w[j][i & 3], w[j][(i + 1) & 3]);      \
                        __m128i seven = _mm_alignr_epi8(w[j][(i + 3) & 3], w[j][(i + 2) & 3], 4);  \
                        w[j][i & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(older, seven),            \
                                                           w[j][(i + 3) & 3]);                     \
                    }                                                                              \
                    __m128i m = _mm_add_epi32(w[j][i & 3], k);                                     \
                    cdgh[j] = _mm_sha256rnds2_epu32(cdgh[j], abef[j], m);                          \
                    m = _mm_shuffle_epi32(m, 0x0E);                                                \
                    abef[j] = _mm_sha256rnds2_epu32(abef[j], cdgh[j], m);                          \
                }                                                                                  \
            }                                                                                      \
            for (int j = 0; j < LANES; j++) {                                                      \
                abef[j] = _mm_add_epi32(abef[j], first[j]);                                        \
                cdgh[j] = _mm_add_epi32(cdgh[j], second[j]);                                       \
            }                                                                                      \
        }                                                                                          \
        for (int j = 0; j < LANES; j++) {                                                          \
            __m128i feba = _mm_shuffle_epi32(abef[j], 0x1B);                                       \
            __m128i dchg = _mm_shuffle_epi32(cdgh[j], 0xB1);                                       \
            _mm_storeu_si128((__m128i *)state[j]->w32, _mm_blend_epi16(feba, dchg, 0xF0));         \
            _mm_storeu_si128((__m128i *)(state[j]->w32 + 4), _mm_alignr_epi8(dchg, feba, 8));      \
        }                                                                                          \
    }
SHA_KERNEL(run256_sha, 1)
SHA_KERNEL(run256x2_sha, 2)

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

#ifndef HAS_SHA
static bool has_sha(void)
{
    unsigned a, b, c, d;
    return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
           (b >> 29 & 1);
}
#else
static bool has_sha(void) { return true; }
#endif
#endif /* HAVE_VECTORS */

/* ---- The choice among kernels, and their test ----------------------------------------------- */

enum { F512, F256, FAMILIES };
enum { MAX_LANES = 16 };
static const size_t BLOCK_BYTES[FAMILIES] = {128, 64};

struct kernel {
    const char *name;
    int lanes;
    kernel_run run;
    bool (*present)(void);
    const char *verdict; /* "right", "wrong", "absent" */
    double seconds;      /* for one block of every lane */
};

static struct kernel KERNELS[FAMILIES][8] = {
    {
        {"plain", 1, run512_plain, has_always, NULL, 0},
        {"openssl", 1, run512_openssl, has_openssl, NULL, 0},
#ifdef HAVE_VECTORS
        {"avx512", 8, run512x8_avx512, has_avx512, NULL, 0},
        {"avx512vl", 4, run512x4_avx512, has_avx512, NULL, 0},
        {"avx2", 4, run512x4_avx2, has_avx2, NULL, 0},
#endif
    },
    {
        {"plain", 1, run256_plain, has_always, NULL, 0},
        {"openssl", 1, run256_openssl, has_openssl, NULL, 0},
#ifdef HAVE_VECTORS
        {"sha", 1, run256_sha, has_sha, NULL, 0},
        {"sha-x2", 2, run256x2_sha, has_sha, NULL, 0},
        {"avx512", 16, run256x16_avx512, has_avx512, NULL, 0},
        {"avx512vl", 8, run256x8_avx512, has_avx512, NULL, 0},
        {"avx2", 8, run256x8_avx2, has_avx2, NULL, 0},
#endif
    },
};

/* The quickest kernel for so many messages; set once, by prepare(). */
static const struct kernel *BEST[FAMILIES][MAX_LANES + 1];

enum { SHA512, SHA256, SHA512_256, ALGORITHMS };
static const struct {
    int family;
    int bytes;
} ALGORITHM[ALGORITHMS] = {{F512, 64}, {F256, 32}, {F512, 32}};

static void begin(int algorithm, union state *state)
{
    if (algorithm == SHA256)
        memcpy(state->w32, IV_SHA256, sizeof IV_SHA256);
    else
        memcpy(state->w64, algorithm == SHA512 ? IV_SHA512 : IV_SHA512_256, sizeof IV_SHA512);
}

static void finish(int algorithm, const union state *state, uint8_t out[64])
{
    if (ALGORITHM[algorithm].family == F256)
        for (int i = 0; i < 32; i++) out[i] = (uint8_t)(state->w32[i / 4] >> (24 - i % 4 * 8));
    else
        for (int i = 0; i < 64; i++) out[i] = (uint8_t)(state->w64[i / 8] >> (56 - i % 8 * 8));
}

/* Writes the padding of a message of `size` bytes whose last `left` bytes stand before `end`
 * (left < block). Returns the number of blocks from the start of those bytes. */
static size_t pad(int family, uint8_t *end, size_t left, uint64_t size)
{
    size_t block = BLOCK_BYTES[family], length = block / 8;
    size_t blocks = (left + 1 + length + block - 1) / block;
    size_t zeros = blocks * block - left - 8;
    memset(end, 0, zeros);
    end[0] = 0x80;
    for (int i = 0; i < 8; i++) end[zeros + i] = (uint8_t)(size * 8 >> (56 - 8 * i));
    if (length == 16) end[zeros - 1] = (uint8_t)(size >> 61);
    return blocks;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Digests of up to kernel->lanes messages at once, each lane leaving as its message ends. */
static int digest_messages(int algorithm, const struct kernel *kernel, int count,
                           const uint8_t *const *message, const size_t *size, uint8_t (*out)[64])
{
    int family = ALGORITHM[algorithm].family;
    size_t block = BLOCK_BYTES[family], left[MAX_LANES];
    uint8_t *padded[MAX_LANES] = {NULL};
    const uint8_t *at[MAX_LANES];
    union state state[MAX_LANES];
    int result = 0;
    for (int j = 0; j < count; j++) {
        padded[j] = malloc(size[j] + 2 * block);
        if (padded[j] == NULL) {
            result = -1;
            goto done;
        }
        memcpy(padded[j], message[j], size[j]);
        size_t rest = size[j] % block;
        left[j] = size[j] / block + pad(family, padded[j] + size[j], rest, size[j]);
        at[j] = padded[j];
        begin(algorithm, &state[j]);
    }
    for (;;) {
        union state idle[MAX_LANES], *states[MAX_LANES];
        const uint8_t *data[MAX_LANES];
        size_t n = SIZE_MAX;
        int active = -1;
        for (int j = 0; j < count; j++)
            if (left[j]) {
                active = j;
                n = left[j] < n ? left[j] : n;
            }
        if (active < 0) break;
        for (int j = 0; j < kernel->lanes; j++) {
            bool runs = j < count && left[j];
            if (!runs) idle[j] = (union state){{0}};
            states[j] = runs ? &state[j] : &idle[j];
            data[j] = runs ? at[j] : at[active];
        }
        kernel->run(states, data, n);
        for (int j = 0; j < count; j++)
            if (left[j]) {
                left[j] -= n;
                at[j] += n * block;
            }
    }
    for (int j = 0; j < count; j++) finish(algorithm, &state[j], out[j]);
done:
    for (int j = 0; j < count; j++) free(padded[j]);
    return result;
}

/* Known answers for every length from 0 to `longest` in every lane. Message n is pool[n .. 2n). */
static bool answers_right(int algorithm, const struct kernel *kernel, const uint8_t *pool,
                          size_t longest, const uint8_t *expected)
{
    size_t bytes = (size_t)ALGORITHM[algorithm].bytes;
    for (size_t first = 0; first <= longest; first++) {
        const uint8_t *message[MAX_LANES];
        size_t size[MAX_LANES];
        uint8_t out[MAX_LANES][64];
        for (int j = 0; j < kernel->lanes; j++) {
            size[j] = (first + 67 * (size_t)j) % (longest + 1);
            message[j] = pool + size[j];
        }
        if (digest_messages(algorithm, kernel, kernel->lanes, message, size, out)) return false;
        for (int j = 0; j < kernel->lanes; j++)
            if (memcmp(out[j], expected + size[j] * bytes, bytes)) return false;
    }
    return true;
}

/* Seconds for one block of every lane; the least of a few turns, since others use the processor. */
static double measure(int family, const struct kernel *kernel)
{
    static const uint8_t data[32 * 1024];
    size_t blocks = sizeof data / BLOCK_BYTES[family];
    union state state[MAX_LANES], *states[MAX_LANES];
    const uint8_t *lanes[MAX_LANES];
    double best = 1e9;
    memset(state, 0, sizeof state);
    for (int j = 0; j < MAX_LANES; j++) {
        states[j] = &state[j];
        lanes[j] = data;
    }
    for (int turn = 0; turn < 7; turn++) {
        double start = seconds_now();
        kernel->run(states, lanes, blocks);
        double took = (seconds_now() - start) / (double)blocks;
        best = took < best ? took : best;
    }
    return best;
}

static void choose(int family)
{
    for (int active = 1; active <= MAX_LANES; active++) {
        double least = 1e9;
        for (struct kernel *k = KERNELS[family]; k->name; k++) {
            double each = k->seconds / (active < k->lanes ? active : k->lanes);
            if (!strcmp(k->verdict, "right") && each < least) {
                least = each;
                BEST[family][active] = k;
            }
        }
    }
}

/* ---- Reading one file ------------------------------------------------------------------------ */

enum { CACHED, EVICTED, DIRECT };
enum { ALIGNMENT = 4096 };

/* One task on its way to being a result. */
struct file {
    struct file *next;
    long long key;
    char *path;
    int dir_fd;
    int fd;
    int error;
    int source;
    bool drop_after;
    int64_t start, size; /* what is to be read; size < 0 until opening: to the end */
    int64_t whole;       /* the file's size when it was opened */
    struct timespec modified;
    uint8_t digest[ALGORITHMS][64];
};

struct engine {
    pthread_mutex_t lock;
    pthread_cond_t work;     /* something to do, or to end for */
    pthread_cond_t progress; /* results are there, or a worker has ended */
    pthread_cond_t stopping; /* wakes those who wait for their share of the rate */
    struct file *waiting, **last_waiting;
    size_t n_waiting;
    struct file *opened[64];
    int n_opened;
    struct file *finished, **last_finished;
    size_t n_finished, n_unfinished, wanted;
    int in_lanes, open_now, workers, holders;
    bool stop; /* read without the lock by __atomic_load_n */
    bool medium;
    double rate, next_read;
    size_t chunk, read_size;
    int algorithms[ALGORITHMS], n_algorithms, lanes;
};

static bool stopped(struct engine *e) { return __atomic_load_n(&e->stop, __ATOMIC_RELAXED); }

static void deadline_in(struct timespec *t, double seconds)
{
    clock_gettime(CLOCK_MONOTONIC, t);
    t->tv_sec += (time_t)seconds;
    t->tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (t->tv_nsec >= 1000000000L) {
        t->tv_sec++;
        t->tv_nsec -= 1000000000L;
    }
}

/* Waits until `size` more bytes may be read; false when the work was stopped. */
static bool may_read(struct engine *e, size_t size)
{
    if (e->rate > 0) {
        pthread_mutex_lock(&e->lock);
        double now = seconds_now(), start = e->next_read > now ? e->next_read : now;
        e->next_read = start + (double)size / e->rate;
        while (!e->stop && (now = seconds_now()) < start) {
            struct timespec until;
            deadline_in(&until, start - now < 60 ? start - now : 60);
            pthread_cond_timedwait(&e->stopping, &e->lock, &until);
        }
        pthread_mutex_unlock(&e->lock);
    }
    return !stopped(e);
}

static void open_file(struct file *f)
{
    struct stat st;
    f->fd = openat(f->dir_fd, f->path,
                   O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (f->fd < 0) {
        f->error = errno;
    } else if (fstat(f->fd, &st)) {
        f->error = errno;
    } else if (!S_ISREG(st.st_mode)) {
        f->error = EINVAL;
    } else if (f->start > st.st_size || (f->size > 0 && f->size > st.st_size - f->start)) {
        f->error = ENODATA;
    } else {
        f->whole = st.st_size;
        if (f->size < 0) f->size = st.st_size - f->start;
        f->modified = st.st_mtim;
    }
    if (f->error && f->fd >= 0) {
        close(f->fd);
        f->fd = -1;
    }
}

static bool set_direct(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

/* Asks the kernel to drop the file's pages, then looks at the first and the last to be read. */
static int evict(struct file *f)
{
    if (posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED)) return CACHED;
    for (int side = 0; side < 2 && f->size; side++) {
        char byte;
        struct iovec one = {&byte, 1};
        if (preadv2(f->fd, &one, 1, f->start + (side ? f->size - 1 : 0), RWF_NOWAIT) > 0) return CACHED;
    }
    return EVICTED;
}

static bool in_memory(int fd)
{
    struct statfs fs;
    if (fstatfs(fd, &fs)) return false;
    switch ((unsigned long)fs.f_type) {
    case 0x01021994: /* tmpfs, devtmpfs */
    case 0x858458f6: /* ramfs */
    case 0x958458f6: /* hugetlbfs */
    case 0x9fa0:     /* proc */
    case 0x62656572: /* sysfs */
        return true;
    }
    return false;
}

static void turn_to_medium(struct file *f)
{
    if (in_memory(f->fd)) return;
    bool aligned = f->start % ALIGNMENT == 0;
    f->source = aligned && set_direct(f->fd, true) ? DIRECT : evict(f);
    f->drop_after = f->source != DIRECT;
}

static ssize_t read_at(struct file *f, void *into, size_t size, int64_t offset)
{
    ssize_t got;
    do
        got = pread(f->fd, into, size, offset);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EINVAL && f->source == DIRECT) {
        /* A file system may accept O_DIRECT and then refuse a read, or a part of the file. */
        set_direct(f->fd, false);
        f->source = offset > f->start ? CACHED : evict(f);
        f->drop_after = true;
        do
            got = pread(f->fd, into, size, offset);
        while (got < 0 && errno == EINTR);
    }
    return got;
}

static void close_file(struct file *f)
{
    if (f->fd < 0) return;
    if (f->drop_after) posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
    close(f->fd);
    f->fd = -1;
}

static void free_file(struct file *f)
{
    close_file(f);
    free(f->path);
    free(f);
}

/* ---- The worker: lanes, each with a file ----------------------------------------------------- */

struct cursor {
    const uint8_t *at[2]; /* blocks in the buffer, then (SHA-256) the padded end */
    size_t blocks[2];
};

struct lane {
    struct file *file;
    uint8_t *buffer;
    int64_t done;
    bool last;
    union state state[ALGORITHMS];
    struct cursor cursor[ALGORITHMS];
    uint8_t end256[192];
};

struct worker {
    struct engine *engine;
    uint8_t *memory;
    struct lane lanes[MAX_LANES];
    int active;
};

enum { LONG_FILE = 1 << 20 }; /* bytes: some milliseconds in a lane */

static void give_result(struct engine *e, struct file *f, bool from_lane)
{
    bool was_open = f->fd >= 0;
    close_file(f);
    f->next = NULL;
    pthread_mutex_lock(&e->lock);
    e->open_now -= was_open;
    e->in_lanes -= from_lane;
    *e->last_finished = f;
    e->last_finished = &f->next;
    e->n_finished++;
    e->n_unfinished--;
    bool enough = e->n_finished >= e->wanted || e->n_unfinished == 0;
    pthread_mutex_unlock(&e->lock);
    /* Whoever wakes up may take this processor at once, and should not find the lock held. */
    if (enough) pthread_cond_signal(&e->progress);
}

/* Takes the largest of the opened files, so that no long one is left for last; among files that are
 * not long the first that came: or the smallest of very many folders would wait for one another, and
 * be done, and asked about, all at once. A worker takes no more than its share: two of them with eight
 * files do four each, on two processors. */
static struct file *take_file(struct worker *w)
{
    struct engine *e = w->engine;
    struct file *taken = NULL;
    pthread_mutex_lock(&e->lock);
    while (!e->stop) {
        bool short_of_files = false;
        size_t all = (size_t)e->in_lanes + (size_t)e->n_opened + e->n_waiting;
        size_t share = (all + (size_t)e->workers - 1) / (size_t)e->workers;
        if (w->active && (size_t)w->active >= share) break;
        int room = (int)(sizeof e->opened / sizeof *e->opened) - e->n_opened;
        for (int turn = 0; turn < 8 && turn < room && e->waiting && !e->stop; turn++) {
            struct file *f = e->waiting;
            e->waiting = f->next;
            if (e->waiting == NULL) e->last_waiting = &e->waiting;
            e->n_waiting--;
            e->in_lanes++; /* counted while this thread opens it without the lock */
            pthread_mutex_unlock(&e->lock);
            open_file(f);
            bool opened = f->error == 0;
            bool none_left = f->error == EMFILE || f->error == ENFILE;
            /* A result that was given may be gone: f is not looked at again. */
            if (!opened && !none_left) give_result(e, f, false);
            pthread_mutex_lock(&e->lock);
            e->in_lanes--;
            if (none_left && e->open_now == 0) {
                pthread_mutex_unlock(&e->lock);
                give_result(e, f, false); /* not we have used them up: the caller must know */
                pthread_mutex_lock(&e->lock);
            } else if (none_left) {
                f->error = 0; /* later, when some of ours are closed */
                f->next = e->waiting;
                if (e->waiting == NULL) e->last_waiting = &f->next;
                e->waiting = f;
                e->n_waiting++;
                short_of_files = true;
                break;
            } else if (opened) {
                e->open_now++;
                if (e->n_opened < (int)(sizeof e->opened / sizeof *e->opened)) {
                    e->opened[e->n_opened++] = f;
                } else { /* others filled the room meanwhile */
                    taken = f;
                    break;
                }
            }
        }
        if (taken == NULL && e->n_opened && !e->stop) {
            int next = 0;
            for (int i = 1; i < e->n_opened; i++)
                if (e->opened[i]->size > LONG_FILE && e->opened[i]->size > e->opened[next]->size)
                    next = i;
            taken = e->opened[next];
            e->n_opened--;
            memmove(&e->opened[next], &e->opened[next + 1],
                    (size_t)(e->n_opened - next) * sizeof *e->opened);
        }
        if (taken || w->active || e->stop) break; /* it may have come while a file was opened */
        if (short_of_files) {
            struct timespec soon;
            deadline_in(&soon, 0.005);
            pthread_cond_timedwait(&e->work, &e->lock, &soon);
        } else if (e->waiting == NULL) {
            pthread_cond_wait(&e->work, &e->lock);
        }
    }
    if (taken) e->in_lanes++;
    bool more = taken && (e->n_opened || e->waiting);
    pthread_mutex_unlock(&e->lock);
    if (more) pthread_cond_signal(&e->work);
    return taken;
}

/* Reads the next chunk and points the cursors at it. An error ends the file with no digest. */
static void fill_lane(struct worker *w, struct lane *l)
{
    struct engine *e = w->engine;
    struct file *f = l->file;
    int64_t left = f->size - l->done;
    size_t want = left < (int64_t)e->chunk ? (size_t)left : e->chunk, got = 0;
    while (got < want) {
        size_t ask = want - got < e->read_size ? want - got : e->read_size;
        if (!may_read(e, ask)) {
            f->error = ECANCELED;
            return;
        }
        if (f->source == DIRECT) ask = (ask + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ssize_t n = read_at(f, l->buffer + got, ask, f->start + l->done + (int64_t)got);
        if (n < 0) f->error = errno;
        if (n <= 0) break;
        got += (size_t)n;
    }
    if (got > want) got = want; /* it has grown: seen below */
    l->done += (int64_t)got;
    l->last = l->done == f->size;
    if (got < want && !f->error) f->error = ESTALE; /* it has shrunk */
    if (l->last && !f->error) {
        struct stat st;
        if (fstat(f->fd, &st))
            f->error = errno;
        else if (st.st_size != f->whole || st.st_mtim.tv_sec != f->modified.tv_sec ||
                 st.st_mtim.tv_nsec != f->modified.tv_nsec)
            f->error = ESTALE;
        else if (f->whole == 0) {
            ssize_t n = read_at(f, l->buffer, ALIGNMENT, 0);
            if (n) f->error = n < 0 ? errno : ESTALE; /* contents without a size, as in /proc */
        }
    }
    if (f->error) return;
    /* SHA-256 first: the padding of SHA-512 is written in the buffer, behind the bytes. */
    for (int family = F256; family >= F512; family--) {
        size_t block = BLOCK_BYTES[family], rest = got % block;
        struct cursor c = {{l->buffer, NULL}, {got / block, 0}};
        bool used = false;
        for (int a = 0; a < e->n_algorithms; a++)
            used = used || ALGORITHM[e->algorithms[a]].family == family;
        if (!used) continue;
        if (l->last && family == F512) {
            c.blocks[0] += pad(family, l->buffer + got, rest, (uint64_t)f->size);
        } else if (l->last) {
            memcpy(l->end256, l->buffer + got - rest, rest);
            c.at[1] = l->end256;
            c.blocks[1] = pad(family, l->end256 + rest, rest, (uint64_t)f->size);
        }
        for (int a = 0; a < e->n_algorithms; a++)
            if (ALGORITHM[e->algorithms[a]].family == family) l->cursor[a] = c;
    }
}

static bool pending(const struct lane *l, int a)
{
    return l->file && (l->cursor[a].blocks[0] || l->cursor[a].blocks[1]);
}

static bool drained(const struct engine *e, const struct lane *l)
{
    for (int a = 0; a < e->n_algorithms; a++)
        if (pending(l, a)) return false;
    return true;
}

/* One step of one algorithm for every lane that has blocks, by the kernel that is quickest for so
 * many; as many blocks as the shortest of them has. */
static void step(struct worker *w, int a)
{
    int algorithm = w->engine->algorithms[a], family = ALGORITHM[algorithm].family;
    struct lane *lanes[MAX_LANES];
    int count = 0;
    for (int j = 0; j < w->engine->lanes; j++)
        if (pending(&w->lanes[j], a)) lanes[count++] = &w->lanes[j];
    for (int start = 0; start < count;) {
        const struct kernel *kernel = BEST[family][count - start];
        int m = count - start < kernel->lanes ? count - start : kernel->lanes;
        union state idle[MAX_LANES], *states[MAX_LANES];
        const uint8_t *data[MAX_LANES];
        size_t n = SIZE_MAX;
        for (int j = 0; j < m; j++) {
            struct cursor *c = &lanes[start + j]->cursor[a];
            int part = c->blocks[0] ? 0 : 1;
            states[j] = &lanes[start + j]->state[a];
            data[j] = c->at[part];
            n = c->blocks[part] < n ? c->blocks[part] : n;
        }
        for (int j = m; j < kernel->lanes; j++) { /* idle lanes repeat the first, unheeded */
            memset(&idle[j], 0, sizeof idle[j]);
            states[j] = &idle[j];
            data[j] = data[0];
        }
        kernel->run(states, data, n);
        for (int j = 0; j < m; j++) {
            struct cursor *c = &lanes[start + j]->cursor[a];
            int part = c->blocks[0] ? 0 : 1;
            c->at[part] += n * BLOCK_BYTES[family];
            c->blocks[part] -= n;
        }
        start += m;
    }
}

static void hash_lanes(struct worker *w)
{
    struct engine *e = w->engine;
    step(w, 0);
    /* The other algorithms catch up with every lane that the first is through with. */
    for (int a = 1; a < e->n_algorithms; a++)
        for (;;) {
            bool behind = false;
            for (int j = 0; j < e->lanes; j++)
                behind = behind || (pending(&w->lanes[j], a) && !pending(&w->lanes[j], 0));
            if (!behind) break;
            step(w, a);
        }
}

static void end_lane(struct worker *w, struct lane *l)
{
    struct engine *e = w->engine;
    struct file *f = l->file;
    for (int a = 0; a < e->n_algorithms && !f->error; a++)
        finish(e->algorithms[a], &l->state[a], f->digest[a]);
    l->file = NULL;
    w->active--;
    give_result(e, f, true);
}

static void start_lane(struct worker *w, struct lane *l, struct file *f)
{
    struct engine *e = w->engine;
    l->file = f;
    l->done = 0;
    l->last = false;
    memset(l->cursor, 0, sizeof l->cursor);
    for (int a = 0; a < e->n_algorithms; a++) begin(e->algorithms[a], &l->state[a]);
    w->active++;
    if (e->medium) turn_to_medium(f);
    fill_lane(w, l);
}

static void free_engine(struct engine *e);

static void *work(void *argument)
{
    struct worker *w = argument;
    struct engine *e = w->engine;
    /* The thread that feeds the workers goes first, or they would wait for it while it waits for
     * them. Also whoever else wants the processors: what is read here is never urgent. (For this
     * thread alone, as Linux has it; where it is refused nothing is lost but speed.) */
    errno = 0;
    int nice_now = getpriority(PRIO_PROCESS, 0);
    if (errno == 0) (void)setpriority(PRIO_PROCESS, 0, nice_now + 5);
    while (!stopped(e)) {
        for (int j = 0; j < e->lanes && !stopped(e); j++) {
            struct lane *l = &w->lanes[j];
            while (!stopped(e) && (l->file == NULL || l->file->error || drained(e, l))) {
                if (l->file && !l->file->error && !l->last)
                    fill_lane(w, l);
                else if (l->file)
                    end_lane(w, l);
                else {
                    struct file *f = take_file(w);
                    if (f == NULL) break;
                    start_lane(w, l, f);
                }
            }
        }
        hash_lanes(w);
    }
    for (int j = 0; j < e->lanes; j++)
        if (w->lanes[j].file) free_file(w->lanes[j].file);
    free(w->memory);
    free(w);
    pthread_mutex_lock(&e->lock);
    e->workers--;
    bool last = --e->holders == 0;
    pthread_cond_signal(&e->progress);
    pthread_mutex_unlock(&e->lock);
    if (last) free_engine(e);
    return NULL;
}

static void free_engine(struct engine *e)
{
    for (struct file *f = e->waiting, *next; f; f = next) {
        next = f->next;
        free_file(f);
    }
    for (struct file *f = e->finished, *next; f; f = next) {
        next = f->next;
        free_file(f);
    }
    for (int i = 0; i < e->n_opened; i++) free_file(e->opened[i]);
    pthread_cond_destroy(&e->work);
    pthread_cond_destroy(&e->progress);
    pthread_cond_destroy(&e->stopping);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

/* Stops the workers and waits for them up to `seconds`. One that sits in a read which the kernel
 * does not give back is left behind; it frees what it holds when it returns. */
static void stop_engine(struct engine *e, double seconds)
{
    struct timespec until;
    deadline_in(&until, seconds);
    pthread_mutex_lock(&e->lock);
    __atomic_store_n(&e->stop, true, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&e->work);
    pthread_cond_broadcast(&e->stopping);
    while (e->workers > 0)
        if (pthread_cond_timedwait(&e->progress, &e->lock, &until)) break;
    bool last = --e->holders == 0;
    pthread_mutex_unlock(&e->lock);
    if (last) free_engine(e);
}

static bool start_worker(struct engine *e)
{
    /* Lanes lie a little apart: buffers at equal distances would share the same few cache sets.
     * Direct reads need whole pages. */
    size_t apart = e->chunk + ALIGNMENT + (e->medium ? 0 : 320);
    struct worker *w = calloc(1, sizeof *w);
    pthread_t thread;
    pthread_attr_t attributes;
    if (w == NULL) return false;
    w->engine = e;
    w->memory = aligned_alloc(ALIGNMENT, (apart * (size_t)e->lanes + ALIGNMENT - 1) / ALIGNMENT *
                                             ALIGNMENT);
    for (int j = 0; j < e->lanes; j++) w->lanes[j].buffer = w->memory + apart * (size_t)j;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_mutex_lock(&e->lock);
    bool started = w->memory && pthread_create(&thread, &attributes, work, w) == 0;
    if (started) {
        e->workers++;
        e->holders++;
    }
    pthread_mutex_unlock(&e->lock);
    pthread_attr_destroy(&attributes);
    if (!started) {
        free(w->memory);
        free(w);
    }
    return started;
}

/* ---- What Python sees ------------------------------------------------------------------------ */

static const char CAPSULE[] = "repository.digest._native.engine";
static bool prepared;

/* Runs the self-test and the measurement; every call of it is serialised by the caller. */
static PyObject *native_prepare(PyObject *module, PyObject *arguments)
{
    const char *library, *pool, *answers[FAMILIES];
    Py_ssize_t pool_size, sizes[FAMILIES];
    (void)module;
    if (!PyArg_ParseTuple(arguments, "zy#y#y#", &library, &pool, &pool_size, &answers[F512],
                          &sizes[F512], &answers[F256], &sizes[F256]))
        return NULL;
    size_t longest = (size_t)pool_size / 2;
    if (sizes[F512] != (Py_ssize_t)(longest + 1) * 64 ||
        sizes[F256] != (Py_ssize_t)(longest + 1) * 32) {
        PyErr_SetString(PyExc_ValueError, "an answer is needed for every length");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS;
    if (openssl512 == NULL || openssl256 == NULL) {
        /* Never closed: the functions are used as long as the process lives. */
        void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
        if (handle) {
            *(void **)&openssl512 = dlsym(handle, "SHA512_Update");
            *(void **)&openssl256 = dlsym(handle, "SHA256_Update");
        }
    }
    for (int family = 0; family < FAMILIES; family++) {
        int algorithm = family == F512 ? SHA512 : SHA256;
        for (struct kernel *k = KERNELS[family]; k->name; k++) {
            k->verdict = "absent";
            if (!k->present()) continue;
            k->verdict = answers_right(algorithm, k, (const uint8_t *)pool, longest,
                                       (const uint8_t *)answers[family])
                             ? "right"
                             : "wrong";
            k->seconds = measure(family, k);
        }
        choose(family);
    }
    Py_END_ALLOW_THREADS;
    PyObject *list = PyList_New(0);
    prepared = list != NULL;
    for (int family = 0; list && family < FAMILIES; family++)
        for (struct kernel *k = KERNELS[family]; k->name; k++) {
            double rate = k->seconds > 0
                              ? (double)(k->lanes * (int)BLOCK_BYTES[family]) / k->seconds
                              : 0.0;
            PyObject *row = Py_BuildValue("(ssisd)", family == F512 ? "sha512" : "sha256", k->name,
                                          k->lanes, k->verdict, rate);
            if (row == NULL || PyList_Append(list, row)) {
                Py_XDECREF(row);
                Py_CLEAR(list);
                break;
            }
            Py_DECREF(row);
        }
    return list;
}

/* hash_with(algorithm, kernel name, [bytes, ...]) -> [digest, ...]: for tests of one kernel. */
static PyObject *native_hash_with(PyObject *module, PyObject *arguments)
{
    int algorithm, count;
    const char *name;
    PyObject *messages;
    const uint8_t *message[MAX_LANES] = {NULL};
    size_t size[MAX_LANES] = {0};
    uint8_t out[MAX_LANES][64];
    (void)module;
    if (!PyArg_ParseTuple(arguments, "isO", &algorithm, &name, &messages)) return NULL;
    if (algorithm < 0 || algorithm >= ALGORITHMS || !PyList_Check(messages)) {
        PyErr_SetString(PyExc_ValueError, "an algorithm's number and a list are needed");
        return NULL;
    }
    struct kernel *kernel = KERNELS[ALGORITHM[algorithm].family];
    while (kernel->name && strcmp(kernel->name, name)) kernel++;
    if (kernel->name == NULL || !kernel->present() || PyList_Size(messages) > kernel->lanes) {
        PyErr_SetString(PyExc_ValueError, "no such kernel here, or too many messages for it");
        return NULL;
    }
    count = (int)PyList_Size(messages);
    for (int j = 0; j < count; j++) {
        char *bytes;
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(PyList_GetItem(messages, j), &bytes, &length)) return NULL;
        message[j] = (const uint8_t *)bytes;
        size[j] = (size_t)length;
    }
    if (digest_messages(algorithm, kernel, count, message, size, out)) return PyErr_NoMemory();
    PyObject *list = PyList_New(0);
    for (int j = 0; list && j < count; j++) {
        PyObject *digest =
            PyBytes_FromStringAndSize((const char *)out[j], ALGORITHM[algorithm].bytes);
        if (digest == NULL || PyList_Append(list, digest)) Py_CLEAR(list);
        Py_XDECREF(digest);
    }
    return list;
}

static struct engine *engine_of(PyObject *capsule)
{
    return PyCapsule_GetPointer(capsule, CAPSULE);
}

static void destroy_capsule(PyObject *capsule)
{
    struct engine *e = PyCapsule_GetContext(capsule) ? NULL : engine_of(capsule);
    if (e) stop_engine(e, 0.0); /* dropped without stop(): do not wait with Python's lock held */
}

/* start(threads, [algorithm, ...], medium, bytes per second or 0, chunk) -> engine */
static PyObject *native_start(PyObject *module, PyObject *arguments)
{
    int threads, medium;
    PyObject *algorithms;
    double rate;
    Py_ssize_t chunk;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iOpdn", &threads, &algorithms, &medium, &rate, &chunk))
        return NULL;
    if (!prepared || threads < 1 || threads > 256 || !PyList_Check(algorithms) ||
        PyList_Size(algorithms) < 1 || PyList_Size(algorithms) > ALGORITHMS ||
        chunk < ALIGNMENT || chunk % ALIGNMENT || chunk > (16 << 20)) {
        PyErr_SetString(PyExc_ValueError, "not prepared, or an argument out of its range");
        return NULL;
    }
    struct engine *e = calloc(1, sizeof *e);
    if (e == NULL) return PyErr_NoMemory();
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->work, &monotonic);
    pthread_cond_init(&e->progress, &monotonic);
    pthread_cond_init(&e->stopping, &monotonic);
    pthread_condattr_destroy(&monotonic);
    e->last_waiting = &e->waiting;
    e->last_finished = &e->finished;
    e->holders = 1;
    e->wanted = SIZE_MAX;
    e->medium = medium;
    e->rate = rate;
    e->chunk = e->read_size = (size_t)chunk;
    if (rate > 0) { /* four reads a second at the slowest: a trickle and not bursts */
        double quarter = rate / 4 / ALIGNMENT;
        if (quarter < 1) quarter = 1;
        if (quarter * ALIGNMENT < (double)e->read_size) e->read_size = (size_t)quarter * ALIGNMENT;
    }
    e->lanes = 8;
    for (int a = 0; a < PyList_Size(algorithms); a++) {
        long which = PyLong_AsLong(PyList_GetItem(algorithms, a));
        if (which < 0 || which >= ALGORITHMS) {
            if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "no such algorithm");
            free_engine(e);
            return NULL;
        }
        e->algorithms[e->n_algorithms++] = (int)which;
        if (ALGORITHM[which].family == F256) e->lanes = MAX_LANES;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for Python's threads */
    int started = 0;
    while (started < threads && start_worker(e)) started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    PyObject *capsule = started ? PyCapsule_New(e, CAPSULE, destroy_capsule) : NULL;
    if (capsule == NULL) {
        stop_engine(e, 1.0);
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_OSError, "no thread could be started");
    }
    return capsule;
}

struct batch { /* files not given to the workers yet */
    struct file *first, **last;
    size_t count;
};

/* Takes `path` over, also when it fails: then there was no memory. */
static bool add_file(struct batch *b, long long key, char *path, int dir_fd, int64_t start,
                     int64_t length)
{
    struct file *f = path ? calloc(1, sizeof *f) : NULL;
    if (f == NULL) {
        free(path);
        PyErr_NoMemory();
        return false;
    }
    f->key = key;
    f->path = path;
    f->dir_fd = dir_fd;
    f->fd = -1;
    f->start = start < 0 ? 0 : start;
    f->size = length;
    *b->last = f;
    b->last = &f->next;
    b->count++;
    return true;
}

static void drop(struct batch *b)
{
    while (b->first) {
        struct file *f = b->first;
        b->first = f->next;
        free(f->path);
        free(f);
    }
}

static void hand_over(struct engine *e, const struct batch *b)
{
    if (b->count == 0) return;
    pthread_mutex_lock(&e->lock);
    *e->last_waiting = b->first;
    e->last_waiting = b->last;
    e->n_waiting += b->count;
    e->n_unfinished += b->count;
    pthread_mutex_unlock(&e->lock);
    pthread_cond_broadcast(&e->work);
}

/* submit(engine, [(key, path, dir_fd, start, length or -1), ...]) */
static PyObject *native_submit(PyObject *module, PyObject *arguments)
{
    PyObject *capsule, *tasks;
    struct batch b = {.last = &b.first};
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO", &capsule, &tasks)) return NULL;
    struct engine *e = engine_of(capsule);
    if (e == NULL) return NULL;
    if (!PyList_Check(tasks)) {
        PyErr_SetString(PyExc_TypeError, "a list is needed");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < PyList_Size(tasks); i++) {
        const char *path;
        int dir_fd;
        long long key, start, length;
        if (!PyArg_ParseTuple(PyList_GetItem(tasks, i), "LyiLL", &key, &path, &dir_fd, &start,
                              &length) ||
            !add_file(&b, key, strdup(path), dir_fd, start, length)) {
            drop(&b);
            return NULL;
        }
    }
    hand_over(e, &b);
    Py_RETURN_NONE;
}

/* `folder` and then `name`, in the bytes that the kernel is to be asked for; with no error set, NULL
 * says that no file can have this name. */
static char *joined(const char *folder, size_t folder_size, PyObject *name)
{
    char *bytes, *path = NULL;
    Py_ssize_t size;
    PyObject *encoded = PyUnicode_EncodeFSDefault(name);
    if (encoded == NULL) {
        if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) PyErr_Clear();
        return NULL;
    }
    if (PyBytes_AsStringAndSize(encoded, &bytes, &size) == 0 &&
        memchr(bytes, 0, (size_t)size) == NULL) {
        path = malloc(folder_size + (size_t)size + 1);
        if (path == NULL) {
            PyErr_NoMemory();
        } else {
            memcpy(path, folder, folder_size);
            memcpy(path + folder_size, bytes, (size_t)size + 1);
        }
    }
    Py_DECREF(encoded);
    return path;
}

/* submit_names(engine, first key, folder with its slash, [name, ...]) -> [index, ...]
 * Whole files; the key of names[i] is first + i. What it gives are names that no file can have, and
 * that nothing will be answered of. */
static PyObject *native_submit_names(PyObject *module, PyObject *arguments)
{
    PyObject *capsule, *names;
    const char *folder;
    Py_ssize_t folder_size;
    long long first;
    struct batch b = {.last = &b.first};
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OLy#O", &capsule, &first, &folder, &folder_size, &names))
        return NULL;
    struct engine *e = engine_of(capsule);
    if (e == NULL) return NULL;
    if (!PyList_Check(names) || memchr(folder, 0, (size_t)folder_size)) {
        PyErr_SetString(PyExc_TypeError, "a folder that there can be, and a list, are needed");
        return NULL;
    }
    PyObject *refused = PyList_New(0);
    for (Py_ssize_t i = 0; refused && i < PyList_Size(names); i++) {
        char *path = joined(folder, (size_t)folder_size, PyList_GetItem(names, i));
        if (path) {
            if (!add_file(&b, first + i, path, AT_FDCWD, 0, -1)) Py_CLEAR(refused);
            continue;
        }
        PyObject *index = PyErr_Occurred() ? NULL : PyLong_FromSsize_t(i);
        if (index == NULL || PyList_Append(refused, index)) Py_CLEAR(refused);
        Py_XDECREF(index);
    }
    if (refused)
        hand_over(e, &b);
    else
        drop(&b);
    return refused;
}

static PyObject *as_tuple(const struct engine *e, const struct file *f)
{
    static const char HEX[] = "0123456789abcdef";
    static const char *const SOURCE[] = {"cached", "evicted", "direct"};
    if (f->error) return Py_BuildValue("(LOis)", f->key, Py_None, f->error, SOURCE[f->source]);
    PyObject *row = PyTuple_New(4 + e->n_algorithms);
    if (row == NULL) return NULL;
    PyTuple_SetItem(row, 0, PyLong_FromLongLong(f->key));
    PyTuple_SetItem(row, 1, PyLong_FromLongLong(f->size));
    PyTuple_SetItem(row, 2, PyLong_FromLong(0));
    PyTuple_SetItem(row, 3, PyUnicode_InternFromString(SOURCE[f->source]));
    for (int a = 0; a < e->n_algorithms; a++) {
        char text[128];
        int bytes = ALGORITHM[e->algorithms[a]].bytes;
        for (int i = 0; i < bytes; i++) {
            text[2 * i] = HEX[f->digest[a][i] >> 4];
            text[2 * i + 1] = HEX[f->digest[a][i] & 15];
        }
        PyTuple_SetItem(row, 4 + a, PyUnicode_FromStringAndSize(text, 2 * bytes));
    }
    if (PyErr_Occurred()) Py_CLEAR(row);
    return row;
}

/* collect(engine, wanted, seconds) -> [(key, size or None, errno, source, digest, ...), ...]
 * Waits for `wanted` results or the last one; after `seconds` takes what there is, perhaps none. */
static PyObject *native_collect(PyObject *module, PyObject *arguments)
{
    PyObject *capsule;
    Py_ssize_t wanted;
    double seconds;
    struct timespec until;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Ond", &capsule, &wanted, &seconds)) return NULL;
    struct engine *e = engine_of(capsule);
    if (e == NULL) return NULL;
    struct file *first;
    Py_BEGIN_ALLOW_THREADS;
    deadline_in(&until, seconds);
    pthread_mutex_lock(&e->lock);
    e->wanted = wanted < 1 ? 1 : (size_t)wanted;
    while (e->n_finished < e->wanted && e->n_unfinished)
        if (pthread_cond_timedwait(&e->progress, &e->lock, &until)) break;
    e->wanted = SIZE_MAX;
    first = e->finished;
    e->finished = NULL;
    e->last_finished = &e->finished;
    e->n_finished = 0;
    pthread_mutex_unlock(&e->lock);
    Py_END_ALLOW_THREADS;
    PyObject *list = PyList_New(0);
    while (first) {
        struct file *f = first;
        first = f->next;
        PyObject *row = list ? as_tuple(e, f) : NULL;
        if (list && (row == NULL || PyList_Append(list, row))) Py_CLEAR(list);
        Py_XDECREF(row);
        free_file(f);
    }
    return list;
}

/* stop(engine): within a second; the engine is gone afterwards. */
static PyObject *native_stop(PyObject *module, PyObject *capsule)
{
    (void)module;
    struct engine *e = engine_of(capsule);
    if (e == NULL) return NULL;
    /* The mark keeps the destructor, and the name keeps every other call, from it. */
    if (PyCapsule_SetContext(capsule, (void *)CAPSULE) || PyCapsule_SetName(capsule, "stopped"))
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    stop_engine(e, 0.9);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

static PyMethodDef METHODS[] = {
    {"prepare", native_prepare, METH_VARARGS, NULL},
    {"hash_with", native_hash_with, METH_VARARGS, NULL},
    {"start", native_start, METH_VARARGS, NULL},
    {"submit", native_submit, METH_VARARGS, NULL},
    {"submit_names", native_submit_names, METH_VARARGS, NULL},
    {"collect", native_collect, METH_VARARGS, NULL},
    {"stop", native_stop, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, METHODS,
                                    NULL, NULL, NULL, NULL};

/* Raised with every change of what native.py and this file say to each other. */
enum { INTERFACE = 3 };

PyMODINIT_FUNC PyInit__native(void)
{
    PyObject *module = PyModule_Create(&MODULE);
    if (module && PyModule_AddIntConstant(module, "INTERFACE", INTERFACE)) Py_CLEAR(module);
    return module;
}
