//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//
// What Swift cannot call by itself: variadic system calls, macros, and two platforms' ways to sleep on an address.

#pragma once

#include <stdint.h>

/// Sleeps while `*address == expected`, until woken; may return for no reason.
void cpenstock_wait(void *address, uint32_t expected);

/// Sleeps as `cpenstock_wait`, and no longer than until an instant of CLOCK_MONOTONIC, in nanoseconds.
void cpenstock_wait_until(void *address, uint32_t expected, uint64_t instant);

/// Wakes up to `count` threads that sleep on `address`.
void cpenstock_wake(void *address, int count);

/// Tells the processor that the thread waits in a short loop.
static inline void cpenstock_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/// The processor's counter, at a constant rate that is not known: some nanoseconds to read, where the clock takes 25.
static inline uint64_t cpenstock_ticks(void) {
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#endif
}

/// The processors this process may run on, by its affinity mask; at least 1.
int cpenstock_affinity_count(void);

/// Names the calling thread, for debuggers and profilers. At most 15 bytes are kept.
void cpenstock_name_thread(const char *name);

/// Lets sleeps of the calling thread end when they are to, and not up to 50 microseconds later.
void cpenstock_sharpen_timers(void);

/// Numbers from here on are not one thread's alone.
#define CPENSTOCK_OWN_NUMBERS 64

#if defined(__linux__)
// The variable is reached without a call, from a shared library too.
#define CPENSTOCK_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define CPENSTOCK_THREAD_LOCAL _Thread_local
#endif

/// The calling thread's number, plus 1; 0 while it has none.
extern CPENSTOCK_THREAD_LOCAL uint32_t cpenstock_own_number;

/// Gives the calling thread a number.
uint32_t cpenstock_take_number(void);

/// The calling thread's number: the lowest that no other living thread has, which comes back when the thread ends. When
/// CPENSTOCK_OWN_NUMBERS threads have one, a further thread gets a number from there on, which others may have too.
static inline uint32_t cpenstock_thread_number(void) {
    uint32_t number = cpenstock_own_number;
    return number != 0 ? number - 1 : cpenstock_take_number();
}

/// What the system knows of a file. Its own structure belongs to whichever C module Swift has met first, and cannot be named
/// wherever that one is not imported.
struct cpenstock_file {
    uint64_t device;
    uint64_t number;
    uint32_t mode;
    uint32_t owner;
};

/// Whether the process ignores a signal; 0 when it does not.
int cpenstock_ignores(int number);

/// Looks at a path, through links if `follows` is not 0. Returns 0, or -1 with `errno`.
int cpenstock_look_at(const char *path, int follows, struct cpenstock_file *file);

/// Looks at an open file. Returns 0, or -1 with `errno`.
int cpenstock_look_into(int descriptor, struct cpenstock_file *file);
