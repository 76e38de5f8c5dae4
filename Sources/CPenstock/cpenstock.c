//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "cpenstock.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)

#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

void cpenstock_wait(void *address, uint32_t expected) {
    syscall(SYS_futex, address, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void cpenstock_wait_until(void *address, uint32_t expected, uint64_t instant) {
    // FUTEX_WAIT takes a time to wait; the bitset form takes an instant, which interruptions do not put off.
    struct timespec end = {.tv_sec = (time_t)(instant / 1000000000), .tv_nsec = (long)(instant % 1000000000)};
    syscall(SYS_futex, address, FUTEX_WAIT_BITSET_PRIVATE, expected, &end, NULL, FUTEX_BITSET_MATCH_ANY);
}

void cpenstock_wake(void *address, int count) {
    syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

int cpenstock_affinity_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        int count = CPU_COUNT(&set);
        if (count > 0) return count;
    }
    // More than CPU_SETSIZE processors: the mask does not fit, so count those that are online.
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

void cpenstock_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

void cpenstock_sharpen_timers(void) { prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }

#elif defined(__APPLE__)

#include <os/clock.h>
#include <os/os_sync_wait_on_address.h>

void cpenstock_wait(void *address, uint32_t expected) {
    os_sync_wait_on_address(address, expected, 4, OS_SYNC_WAIT_ON_ADDRESS_NONE);
}

void cpenstock_wait_until(void *address, uint32_t expected, uint64_t instant) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t now = (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
    // A wait of no time is an error to the system. The other clock stands while the machine sleeps: the caller looks
    // at its own again.
    if (instant <= now) return;
    os_sync_wait_on_address_with_timeout(address, expected, 4, OS_SYNC_WAIT_ON_ADDRESS_NONE,
                                         OS_CLOCK_MACH_ABSOLUTE_TIME, instant - now);
}

void cpenstock_wake(void *address, int count) {
    if (count == 1)
        os_sync_wake_by_address_any(address, 4, OS_SYNC_WAKE_BY_ADDRESS_NONE);
    else
        os_sync_wake_by_address_all(address, 4, OS_SYNC_WAKE_BY_ADDRESS_NONE);
}

int cpenstock_affinity_count(void) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

void cpenstock_name_thread(const char *name) { pthread_setname_np(name); }

void cpenstock_sharpen_timers(void) {}

#else
#error "Penstock runs on Linux and macOS."
#endif

CPENSTOCK_THREAD_LOCAL uint32_t cpenstock_own_number = 0;

// A bit for each number that a living thread has.
static _Atomic uint64_t numbers_taken = 0;
static _Atomic uint32_t numbers_shared = 0;
static pthread_once_t numbers_once = PTHREAD_ONCE_INIT;
static pthread_key_t numbers_key;
static int numbers_return = 0;

// Called as a thread ends. What it wrote as the number's owner is seen by the next one: release here, acquire there.
static void return_number(void *value) {
    uint64_t number = (uint64_t)(uintptr_t)value - 1;
    cpenstock_own_number = 0;
    atomic_fetch_and_explicit(&numbers_taken, ~(UINT64_C(1) << number), memory_order_release);
}

static void make_numbers_key(void) { numbers_return = pthread_key_create(&numbers_key, return_number) == 0; }

uint32_t cpenstock_take_number(void) {
    pthread_once(&numbers_once, make_numbers_key);
    uint64_t taken = atomic_load_explicit(&numbers_taken, memory_order_relaxed);
    while (numbers_return && taken != UINT64_MAX) {
        uint32_t number = (uint32_t)__builtin_ctzll(~taken);
        if (!atomic_compare_exchange_weak_explicit(&numbers_taken, &taken, taken | (UINT64_C(1) << number),
                                                   memory_order_acquire, memory_order_relaxed))
            continue;
        // A number that would never come back is not taken for the thread's own.
        if (pthread_setspecific(numbers_key, (void *)(uintptr_t)(number + 1)) != 0) {
            atomic_fetch_and_explicit(&numbers_taken, ~(UINT64_C(1) << number), memory_order_release);
            break;
        }
        cpenstock_own_number = number + 1;
        return number;
    }
    uint32_t turn = atomic_fetch_add_explicit(&numbers_shared, 1, memory_order_relaxed) % 4096;
    cpenstock_own_number = CPENSTOCK_OWN_NUMBERS + turn + 1;
    return CPENSTOCK_OWN_NUMBERS + turn;
}

static int facts(int result, const struct stat *status, struct cpenstock_file *file) {
    if (result != 0) return -1;
    file->device = (uint64_t)status->st_dev;
    file->number = (uint64_t)status->st_ino;
    file->mode = (uint32_t)status->st_mode;
    file->owner = (uint32_t)status->st_uid;
    return 0;
}

int cpenstock_ignores(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int cpenstock_look_at(const char *path, int follows, struct cpenstock_file *file) {
    struct stat status;
    return facts(follows ? stat(path, &status) : lstat(path, &status), &status, file);
}

int cpenstock_look_into(int descriptor, struct cpenstock_file *file) {
    struct stat status;
    return facts(fstat(descriptor, &status), &status, file);
}
