/* SPDX-License-Identifier: Apache-2.0 */
/* bench_timing [SAMPLES]: whether the time that a secret is compared in tells how much of a guess was right. Two
 * classes of wrong guesses, wrong at the first byte and wrong at the last, are timed in random order, and Welch's t
 * says whether their times differ: beyond 4.5 either way they do (dudect: Reparaz, Balasch and Verbauwhede, 2017).
 * Nothing is decided by it; a busy machine moves it, a leak moves it further with each sample. */
#include "base/buf.h"
#include "base/random.h"
#include "codec/token/link_token.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CLASSES = 2, WARM_UP = 20000, AT_ONCE = 16, SECRET = 64 };

struct guess {
	char text[LINK_TOKEN_TEXT_MAX];
	size_t n;
};

/* The one under test, with a guess of each class. */
struct subject {
	const char *name;
	bool (*is_right)(const struct guess *guess);
	struct guess guesses[CLASSES];
};

/* ---- What is compared */

static struct link_token_sealer *sealer;
static char secret[SECRET];

static bool token_opens(const struct guess *guess)
{
	char room[LINK_TOKEN_TEXT_MAX];
	struct link_token token;
	uint8_t key_id;
	return link_token_open(sealer, slice_of(guess->text, guess->n), room, &token, &key_id) == STATUS_OK;
}

static bool signature_fits(const struct guess *guess)
{
	return slice_equal_secret(slice_of(guess->text, guess->n), slice_of(secret, sizeof secret));
}

/* Early in the tag, or late in it: behind the key id in the text, whose 22 next characters are the tag. */
static void spoil(struct guess *guess, size_t at)
{
	guess->text[at] = guess->text[at] == 'A' ? 'B' : 'A';
}

static struct subject token_subject(struct link_token_keys *keys)
{
	static const uint8_t KEY[LINK_TOKEN_KEY_SIZE] = {1, 2, 3};
	struct link_token token = {.kind = LINK_TOKEN_CLICK, .destination = SLICE("https://example.com/a/page?x=1")};
	struct subject subject = {.name = "token", .is_right = token_opens};
	link_token_keys_set(keys, 1, KEY);
	sealer = link_token_sealer_new(keys);
	for (size_t i = 0; i < CLASSES; i++) {
		struct buf b;
		buf_init_fixed(&b, subject.guesses[i].text, sizeof subject.guesses[i].text);
		if (link_token_seal(sealer, 1, &token, &b) != STATUS_OK)
			abort();
		subject.guesses[i].n = b.n;
		spoil(&subject.guesses[i], i == 0 ? 2 : 20);
	}
	return subject;
}

static struct subject signature_subject(void)
{
	struct subject subject = {.name = "signature", .is_right = signature_fits};
	random_bytes(secret, sizeof secret);
	for (size_t i = 0; i < CLASSES; i++) {
		memcpy(subject.guesses[i].text, secret, sizeof secret);
		subject.guesses[i].n = sizeof secret;
		subject.guesses[i].text[i == 0 ? 0 : SECRET - 1] ^= 1;
	}
	return subject;
}

/* ---- Times */

struct moments {
	double n, mean, squares;
};

static void moments_add(struct moments *m, double value)
{
	double delta = value - m->mean;
	m->n++;
	m->mean += delta / m->n;
	m->squares += delta * (value - m->mean);
}

static double welch(const struct moments *a, const struct moments *b)
{
	return (a->mean - b->mean) / sqrt(a->squares / (a->n - 1) / a->n + b->squares / (b->n - 1) / b->n);
}

static double time_of(const struct subject *subject, size_t class)
{
	struct timespec from, to;
	bool right = false;
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < AT_ONCE; i++)
		right |= subject->is_right(&subject->guesses[class]);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	if (right)
		abort(); /* then it was no wrong guess */
	return (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* What takes longer than nine in ten at first was interrupted, and says nothing of the bytes. */
static double limit_of(const struct subject *subject, struct prng *random)
{
	static double times[WARM_UP];
	for (size_t i = 0; i < WARM_UP; i++)
		times[i] = time_of(subject, (size_t)prng_below(random, CLASSES));
	qsort(times, WARM_UP, sizeof times[0], compare_doubles);
	return times[WARM_UP * 9 / 10];
}

static void measure(const struct subject *subject, unsigned long samples)
{
	struct moments m[CLASSES] = {0};
	struct prng random;
	prng_init(&random, 33);
	double limit = limit_of(subject, &random);
	for (unsigned long i = 0; i < samples; i++) {
		size_t class = (size_t)prng_below(&random, CLASSES);
		double time = time_of(subject, class);
		if (time <= limit)
			moments_add(&m[class], time);
	}
	printf("%-10s wrong at the first byte %8.1f ns, at the last %8.1f ns, t = %+.2f of %.0f samples\n",
	       subject->name, m[0].mean / AT_ONCE, m[1].mean / AT_ONCE, welch(&m[0], &m[1]), m[0].n + m[1].n);
}

int main(int count, char **words)
{
	unsigned long samples = count > 1 ? strtoul(words[1], NULL, 10) : 1000000;
	struct link_token_keys *keys = link_token_keys_new();
	struct subject token = token_subject(keys), signature = signature_subject();
	measure(&signature, samples);
	measure(&token, samples);
	link_token_sealer_free(&sealer);
	link_token_keys_free(&keys);
	return 0;
}
