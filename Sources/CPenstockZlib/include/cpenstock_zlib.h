//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#ifndef CPENSTOCK_ZLIB_H
#define CPENSTOCK_ZLIB_H

#include <stddef.h>

/// What came of inflating a piece.
enum {
    /// More may come.
    CPENSTOCK_INFLATE_MORE = 0,
    /// The stream has come to its end.
    CPENSTOCK_INFLATE_END = 1,
    /// It is broken, or there is no memory for it.
    CPENSTOCK_INFLATE_BROKEN = -1,
};

/// A stream that is inflated, be it gzip's or zlib's.
typedef struct cpenstock_inflater cpenstock_inflater;

/// Makes a stream; null when there is no memory.
cpenstock_inflater *_Nullable cpenstock_inflater_make(void);

/// Inflates what fits, and tells how many bytes that took and how many it made.
int cpenstock_inflate(cpenstock_inflater *_Nonnull inflater,
                      const void *_Nullable input, size_t input_count, size_t *_Nonnull taken,
                      void *_Nullable output, size_t output_count, size_t *_Nonnull made);

/// Begins another member of gzip's behind one that has come to its end; false when there is no memory.
int cpenstock_inflater_begin_member(cpenstock_inflater *_Nonnull inflater);

/// Lets a stream go.
void cpenstock_inflater_free(cpenstock_inflater *_Nonnull inflater);

#endif
