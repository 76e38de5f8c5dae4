//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#include "cpenstock_zlib.h"

// Without the trait Server there is no zlib, and nobody who would inflate.
#if PENSTOCK_SERVER

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

// The largest window there is.
static const int window_bits = 15;

struct cpenstock_inflater {
    z_stream stream;
};

cpenstock_inflater *cpenstock_inflater_make(void) {
    cpenstock_inflater *inflater = calloc(1, sizeof(cpenstock_inflater));
    if (inflater == NULL) return NULL;
    // 32 more: the first bytes tell gzip from zlib.
    if (inflateInit2(&inflater->stream, window_bits + 32) != Z_OK) {
        free(inflater);
        return NULL;
    }
    return inflater;
}

int cpenstock_inflate(cpenstock_inflater *inflater, const void *input, size_t input_count, size_t *taken, void *output,
                      size_t output_count, size_t *made) {
    z_stream *stream = &inflater->stream;
    uInt input_most = input_count > UINT_MAX ? UINT_MAX : (uInt)input_count;
    uInt output_most = output_count > UINT_MAX ? UINT_MAX : (uInt)output_count;
    stream->next_in = (Bytef *)input;
    stream->avail_in = input_most;
    stream->next_out = output;
    stream->avail_out = output_most;
    int result = inflate(stream, Z_NO_FLUSH);
    *taken = input_most - stream->avail_in;
    *made = output_most - stream->avail_out;
    stream->next_in = NULL;
    stream->next_out = NULL;
    switch (result) {
    // It could do nothing: it had no input, or no room.
    case Z_BUF_ERROR:
    case Z_OK: return CPENSTOCK_INFLATE_MORE;
    case Z_STREAM_END: return CPENSTOCK_INFLATE_END;
    default: return CPENSTOCK_INFLATE_BROKEN;
    }
}

int cpenstock_inflater_begin_member(cpenstock_inflater *inflater) {
    // 16 more: gzip alone.
    return inflateReset2(&inflater->stream, window_bits + 16) == Z_OK;
}

void cpenstock_inflater_free(cpenstock_inflater *inflater) {
    inflateEnd(&inflater->stream);
    free(inflater);
}

#endif
