/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/normalize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/dataset.h"
#include "src/json_numbers.h"
#include "src/number.h"

/* Integer sums are exact, so the figures don't depend on any order. */
static void channel_moments(const struct dataset *d, int channel, double *mean, double *sd)
{
	size_t pixels = (size_t)d->h * (size_t)d->w;
	const uint8_t *x = d->x;
	uint64_t sum = 0, squares = 0;
	for (size_t i = 0; i < d->n; i++) {
		const uint8_t *at = x + (i * (size_t)d->c + (size_t)channel) * pixels;
		uint64_t s = 0;
		uint64_t q = 0;
		for (size_t p = 0; p < pixels; p++) {
			s += at[p];
			q += (uint32_t)at[p] * at[p];
		}
		sum += s;
		squares += q;
	}
	double count = (double)d->n * (double)pixels, m = (double)sum / count;
	double variance = (double)squares / count - m * m;
	*mean = m / 255;
	*sd = variance > 0 ? sqrt(variance) / 255 : 1;
}

/* Reads VALUE[,VALUE…] up to `end` into v[channels]; a single value serves all. */
static bool read_list(const char *text, const char *end, int channels, double *v)
{
	int n = 0;
	for (;; text++) {
		double value;
		const char *after = number_read(text, &value);
		if (!after || after > end || n == channels)
			return false;
		v[n++] = value;
		text = after;
		if (text == end)
			break;
		if (*text != ',')
			return false;
	}
	for (int c = 1; n == 1 && c < channels; c++)
		v[c] = v[0];
	return n == 1 || n == channels;
}

/* Reads MEAN[,MEAN…]:SD[,SD…]; others: what else the text could have been. */
static status read_values(const char *text, const char *others, const struct dataset *d, struct normalize *out)
{
	const char *colon = strchr(text, ':');
	bool good = colon && read_list(text, colon, d->c, out->mean) && read_list(colon + 1, text + strlen(text), d->c, out->sd);
	for (int c = 0; good && c < d->c; c++)
		good = out->sd[c] > 0 && isfinite((float)(1 / out->sd[c]));
	if (good)
		return OK;
	if (d->c == 1)
		return fail(ERR_USAGE, "%s: %s or MEAN:SD was expected (%s has one channel), pixels counted from 0 to 1 and deviations above 0",
		            text, others, d->spec);
	return fail(ERR_USAGE, "%s: %s or MEAN[,MEAN…]:SD[,SD…] was expected, with 1 or %d values each (%s has %d channels), pixels counted "
	            "from 0 to 1 and deviations above 0", text, others, d->c, d->spec, d->c);
}

status normalize_parse(const char *text, const struct dataset *d, struct normalize *out)
{
	*out = (struct normalize){.on = d->image, .channels = d->image ? d->c : 0};
	bool data = !text || !strcmp(text, "data"), none = text && !strcmp(text, "none");
	if (!d->image) {
		if (!data && !none)
			return fail(ERR_USAGE, "%s: %s holds no images: its values are taken as they are ({standardize} changes that)",
			            text, d->spec);
		return OK;
	}
	for (int c = 0; c < d->c; c++) {
		out->sd[c] = 1;
		if (data)
			channel_moments(d, c, out->mean + c, out->sd + c);
	}
	if (data || none)
		return OK;
	return read_values(text, "\"data\", \"none\"", d, out);
}

status normalize_parse_foreign(const char *text, const struct dataset *d, struct normalize *out)
{
	if (!d->image)
		return fail(ERR_USAGE, "%s: is for images; %s is a table", text, d->spec);
	*out = (struct normalize){.on = true, .channels = d->c};
	return read_values(text, "\"id\"", d, out);
}

void normalize_gather(const struct normalize *n, struct gather *g)
{
	g->per_channel = n->on;
	for (int c = 0; c < CHANNELS_MAX; c++) {
		bool used = n->on && c < n->channels;
		g->scale[c] = used ? (float)(1 / (255 * n->sd[c])) : 1;
		g->shift[c] = used ? (float)(-n->mean[c] / n->sd[c]) : 0;
	}
}

json_t *normalize_to_json(const struct normalize *n)
{
	return n->on ? json_pack("{s:o, s:o}", "mean", json_numbers(n->mean, n->channels), "sd",
	                         json_numbers(n->sd, n->channels)) : json_null();
}

status normalize_from_json(const json_t *j, struct normalize *out)
{
	size_t channels = json_array_size(json_object_get(j, "mean"));
	*out = (struct normalize){.on = false};
	if (!json_is_object(j))
		return OK;
	if (channels < 1 || channels > CHANNELS_MAX)
		return fail(ERR_INPUT, "the header's normalize has %zu channels; expected 1 to %d", channels, CHANNELS_MAX);
	out->channels = (int)channels;
	bool sd;
	TRY(json_numbers_read(j, "mean", channels, out->mean, &out->on));
	TRY(json_numbers_read(j, "sd", channels, out->sd, &sd));
	return sd ? OK : fail(ERR_INPUT, "the header's normalize lacks mean or sd");
}
