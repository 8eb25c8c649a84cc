// SPDX-License-Identifier: EUPL-1.2
// One libuv loop, owned by one thread: timers, descriptors, signals, and work posted by other threads.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_watch;

typedef void loop_work(void *arg);
typedef void loop_ready(void *arg, bool readable, bool writable);

struct loop *loop_new(void);
void loop_free(struct loop *loop); // after loop_run has returned; frees what is still closing
void loop_run(struct loop *loop);  // until loop_stop
void loop_stop(struct loop *loop);
void *loop_uv(struct loop *loop); // uv_loop_t, for libwebsockets' foreign loop
// All descriptors that libwebsockets has libuv watch on it; the caller frees them. Returns how many.
size_t loop_watched(struct loop *loop, int **descriptors);

struct loop_timer *loop_timer_new(struct loop *loop, loop_work *work, void *arg);
void loop_timer_start(struct loop_timer *timer, int64_t wait_ms); // once; starting again moves it
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer); // NULL allowed; its work does not run any more

// Watches a descriptor it does not own; begin with loop_watch_set. Free it before closing the descriptor.
// An error is told once, as both, until the watch is set again: it shows itself behind what is still to be read.
struct loop_watch *loop_watch_new(struct loop *loop, int descriptor, loop_ready *ready, void *arg);
void loop_watch_set(struct loop_watch *watch, bool readable, bool writable);
void loop_watch_free(struct loop_watch *watch); // NULL allowed

// From any thread: `work(arg)` runs in the loop's thread, in the order posted. Posts after loop_run's end never run.
void loop_post(struct loop *loop, loop_work *work, void *arg);
void loop_on_signal(struct loop *loop, int signal_number, loop_work *work, void *arg);
