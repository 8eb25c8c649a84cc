// SPDX-License-Identifier: EUPL-1.2
// What a power cut may leave of a folder. What is written there by way of base/file is done and noted, call by call.
// After each of them the folder is rebuilt in every way in which a disk may hold it: of what was not synced nothing,
// all, the first half of each write, or the new length with zeroes in it; of the names that were not synced any
// selection. A rename may so be on the disk before what it names.
#pragma once

// From now on; what is in the folder counts as durable. `folder` is borrowed.
void power_fixture_start(const char *folder);
void power_fixture_stop(void);

// Around what is to change the folder's version from n to n + 1: it begins; it was reported as done.
void power_fixture_begin(void);
void power_fixture_done(void);
// The version that a program finds in this folder: 0 before the first change; -1: neither old nor new. May write there.
typedef int power_fixture_reader(const char *folder);
// Whenever the power goes: at least what was reported is found, at most what was begun.
void power_fixture_check_holds(power_fixture_reader *reader);
// And each sync is needed: without any one of them, that is not so.
void power_fixture_check(power_fixture_reader *reader);
int power_fixture_violations(power_fixture_reader *reader); // how often that is not so; nothing is asserted

// The power goes now: in the folder is only what is durable for certain. What is noted begins anew.
void power_fixture_cut(void);
int power_fixture_syncs(void); // so far
