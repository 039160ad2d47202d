/* The three SHA-256 instructions in plain C, as Intel's manual defines them, so that the code around
 * them can be tested on a processor that has none. Included before _native.c by the compiler. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* as _native.c does, which comes after */
#endif
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HAS_SHA
#define SHA_TARGET __attribute__((target("sse4.1,ssse3")))

typedef struct {
    uint32_t w[4]; /* w[0] is bits 31..0 */
} words;

static inline words take(__m128i v)
{
    words r;
    memcpy(&r, &v, sizeof r);
    return r;
}

static inline __m128i give(words r)
{
    __m128i v;
    memcpy(&v, &r, sizeof v);
    return v;
}

static inline uint32_t turn(uint32_t x, int n) { return x >> n | x << (32 - n); }
static inline uint32_t small0(uint32_t x) { return turn(x, 7) ^ turn(x, 18) ^ x >> 3; }
static inline uint32_t small1(uint32_t x) { return turn(x, 17) ^ turn(x, 19) ^ x >> 10; }

static inline __m128i imitated_msg1(__m128i first, __m128i second)
{
    words a = take(first), b = take(second), r;
    for (int i = 0; i < 4; i++) r.w[i] = a.w[i] + small0(i < 3 ? a.w[i + 1] : b.w[0]);
    return give(r);
}

static inline __m128i imitated_msg2(__m128i first, __m128i second)
{
    words a = take(first), b = take(second), r;
    r.w[0] = a.w[0] + small1(b.w[2]);
    r.w[1] = a.w[1] + small1(b.w[3]);
    r.w[2] = a.w[2] + small1(r.w[0]);
    r.w[3] = a.w[3] + small1(r.w[1]);
    return give(r);
}

static inline __m128i imitated_rounds(__m128i cdgh, __m128i abef, __m128i wk)
{
    words x = take(cdgh), y = take(abef), k = take(wk), r;
    uint32_t a = y.w[3], b = y.w[2], e = y.w[1], f = y.w[0];
    uint32_t c = x.w[3], d = x.w[2], g = x.w[1], h = x.w[0];
    for (int i = 0; i < 2; i++) {
        uint32_t one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k.w[i];
        uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
    }
    r.w[3] = a, r.w[2] = b, r.w[1] = e, r.w[0] = f;
    return give(r);
}

#define _mm_sha256msg1_epu32 imitated_msg1
#define _mm_sha256msg2_epu32 imitated_msg2
#define _mm_sha256rnds2_epu32 imitated_rounds
