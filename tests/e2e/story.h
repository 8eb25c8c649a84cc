// SPDX-License-Identifier: EUPL-1.2
// Stories in a town of their own: what people do at desks, what they see there, what happens to the machines around.
// Every function fails the test when it cannot be done; nothing needs to be checked after it. Pictures of what was seen
// are kept in screens/ of the build folder. What is waited for gets longer than the seconds say on a busy machine. What
// another program does next is waited for and never looked at once: a host's report, the end of a process, a log.
#pragma once
#include <stdbool.h>

// For a test's .init and .fini. `options` as of `tests/town/town up`, separated by spaces.
void story_open(const char *options);
void story_close(void);

void desk_logs_on(const char *desk, const char *name, const char *password); // types it at the greeter and enters
void desk_types(const char *desk, const char *text);
void desk_types_secret(const char *desk, const char *text);
void desk_presses(const char *desk, const char *key); // X name: "Return"
// Until the screen can be read to show the (extended regular) expression; keeps a picture.
void screen_shows(const char *desk, const char *expression, int seconds);

void pultctl(const char *words);                         // separated by spaces; must succeed
void pultctl_shows(const char *words, const char *text); // and its output contains `text`
void pultctl_soon_shows(const char *words, const char *text, int seconds);
void sessions_soon_are(const char *filter, int seconds); // what jq says of the list of sessions becomes true
// Must end with that exit code and say `text`.
void pultctl_refuses(const char *words, int code, const char *text);
// A shell command there; must succeed. $TOWN is the town's folder, $BUILD the build's.
void place_runs(const char *place, const char *shell);
void place_soon(const char *place, const char *condition, int seconds); // until such a command succeeds
void story_runs(const char *shell);                                     // the same outside of the town
void town(const char *words);                                           // "off dir-altdorf", "cut desk1", "wakeable"
void host_is_well(
    const char *host);           // "altdorf/ts3": until it knows its people and the broker would send somebody there
bool xrdp_goes_by_account(void); // and no more by the user name that a desktop was opened with: from 0.10 on
// Condition for place_soon: the session manager takes connections, at its port (xrdp 0.9) or its socket.
#define SESMAN_LISTENS "{ ss -Hltn 'sport = :3350'; ss -Hlx src /run/xrdp/sockdir/sesman.socket; } | grep -q ."
void line_breaks(const char *host, const char *desk); // ends what serves that desk at "ts3"
void broker_is_killed(void);
void broker_starts_again(void);
void desk_is_switched_off(const char *desk); // its agent is killed with all it started
void desk_is_switched_on(const char *desk);  // until its greeter is there
// The broker's log, or a desk's ("desk1"), contains `text` within some seconds.
void log_says(const char *log, const char *text, int seconds);
