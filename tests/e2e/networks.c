// SPDX-License-Identifier: EUPL-1.2
// Networks that work in part: names with dead addresses, cables that are out here or further away, and ways that large
// packets do not get through. Whoever can work works, and whoever cannot is told what is so.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define PULTCTL "tests/town/pultctl $TOWN $BUILD "

static void open_altdorf(void)
{
    story_open("--tenant altdorf --host ts3:altdorf --desk desk1 --desk desk2");
}

TestSuite(networks, .init = open_altdorf, .fini = story_close, .timeout = 500);

static const char *const machines[] = {"broker", "ts3", "desk1", "desk2"};

// Everywhere in the town the names of the broker and the session host have an IPv6 address before the good one.
static void everybody_gets_ipv6(const char *shell)
{
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        char whole[700];
        snprintf(
            whole, sizeof whole,
            "sed -i '1i 2001:db8::77 broker.pult.example ts3.altdorf.example ts3' /etc/hosts && address=2001:db8::%zu "
            "&& %s",
            i + 1, shell);
        place_runs(machines[i], whole);
    }
}

static void everybody_comes_back_and_works(void)
{
    broker_is_killed();
    log_says("desk1", "the link is down", 10);
    broker_starts_again();
    place_soon("broker", "echo alma-geheim-1 | " PULTCTL "login --tenant altdorf --name alma --password-stdin", 10);
    place_soon("broker", PULTCTL "status --json | jq -e '[.. | .devices_online? // empty] | add == 2'", 20);
    host_is_well("altdorf/ts3");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    screen_shows("desk2", "egon auf ts3", 30);
}

Test(networks, an_ipv6_address_with_a_dead_neighbour_stops_nobody)
{
    everybody_gets_ipv6("ip address add $address/64 dev eth0 nodad && ip neighbour replace 2001:db8::77 lladdr "
                        "02:00:00:00:00:99 dev eth0 nud permanent");
    everybody_comes_back_and_works();
}

Test(networks, an_ipv6_address_without_a_route_stops_nobody)
{
    everybody_gets_ipv6(":");
    everybody_comes_back_and_works();
}

Test(networks, an_ipv6_address_where_nobody_listens_stops_nobody)
{
    everybody_gets_ipv6("ip address add $address/64 dev eth0 nodad && if [ $(hostname) = broker ]; then ip address add "
                        "2001:db8::77/64 dev eth0 nodad; fi");
    everybody_comes_back_and_works();
}

// ---- cables

#define CABLE_IS_OUT "keine Verbindung zum Netz"
#define BROKER_IS_AWAY "im Moment nicht erreichbar"

Test(networks, a_pulled_cable_shows_at_once_at_the_greeter)
{
    town("cut desk1");
    screen_shows("desk1", CABLE_IS_OUT, 3);
    town("mend desk1");
    log_says("desk1", "the cable has a connection", 3);
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
}

Test(networks, a_pulled_cable_shows_at_once_in_a_session_which_goes_on_with_it)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    town("cut desk1");
    screen_shows("desk1", CABLE_IS_OUT, 3);
    town("mend desk1");
    log_says("desk1", "mending -> showing", 20);
    desk_types("desk1", "echo weiter");
    screen_shows("desk1", "echo weiter", 10);
}

// The card of the desk does not notice. Whoever sits there does; the cable is not blamed.
Test(networks, a_cut_further_away_shows_soon_to_whoever_works_or_types)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    place_runs("broker", "sleep 2"); // a broker that was heard a moment ago is not asked
    town("cut desk1 far");
    town("cut desk2 far");
    desk_types("desk2", "e");
    log_says("desk1", "showing -> mending", 3);
    log_says("desk2", "the broker does not answer", 3);
    screen_shows("desk1", "Verbindung ist unterbrochen", 3);
    screen_shows("desk2", BROKER_IS_AWAY, 3);
    town("mend desk1");
    town("mend desk2");
    log_says("desk1", "mending -> showing", 20);
    desk_types("desk1", "echo weiter");
    screen_shows("desk1", "echo weiter", 10);
    log_says("desk2", "the broker answers again", 20);
    desk_presses("desk2", "BackSpace");
    desk_logs_on("desk2", "egon", "egon-geheim-1");
    screen_shows("desk2", "egon auf ts3", 30);
}

Test(networks, a_cut_further_away_shows_to_nobody_in_particular_at_the_time_out_of_the_link)
{
    town("cut desk1 far");
    screen_shows("desk1", BROKER_IS_AWAY, 45);
    town("mend desk1");
    screen_shows("desk1", "Tab: ", 10);
    log_says("desk1", "no answer", 1);
}

// ---- packets of a size

// Somewhere on the way large packets are lost without a word, as in a tunnel; small ones, and so all probes, get
// through.
Test(networks, large_packets_that_get_lost_at_the_desk_are_done_without)
{
    town("narrow desk1");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    desk_types("desk1", "seq 4000; echo $((4000+321))");
    desk_presses("desk1", "Return");
    screen_shows("desk1", "4321", 10);
}

// The directory is not meant, so the host keeps the one connection to it that it has.
static const char nslcd_connects_once[] =
    "echo threads 1 >>/etc/nslcd.conf; pkill -x nslcd; while pgrep -x nslcd; do sleep 0.02; done; setsid -f nslcd";

Test(networks, large_packets_that_get_lost_at_the_host_are_done_without)
{
    place_runs("ts3", nslcd_connects_once);
    place_soon("ts3", "getent passwd dora", 20);
    town("narrow ts3");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    desk_types("desk1", "seq 4000; echo $((4000+321))");
    desk_presses("desk1", "Return");
    screen_shows("desk1", "4321", 10);
}

// Narrower than any tunnel: it is noticed, and whoever had to wait is told what is so.
Test(networks, packets_of_any_usual_size_that_get_lost_are_told_of)
{
    town("narrow desk1 700");
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "Pakete gehen auf dem Weg|dora auf ts3", 40);
    log_says("desk1", "trying with small packets", 1);
}

// Nor is a host that hangs up taken for such a way.
Test(networks, a_host_that_ends_the_connection_has_lost_no_packets)
{
    desk_logs_on("desk1", "dora", "dora-geheim-1");
    screen_shows("desk1", "dora auf ts3", 30);
    place_runs("ts3", "pkill -KILL -x xrdp");
    log_says("desk1", ": ended with", 40);
    place_runs("desk1", "! grep -F 'small packets' $TOWN/logs/desk1.log");
}

// ---- quiet

#define SENT "awk '/eth0:/ { print $11 }' /proc/net/dev"

// A ping of each side every 20 s, its pong and what acknowledges them are some 60 packets; the rest is the kernel's
// own.
Test(networks, two_idle_desks_keep_their_links_for_three_minutes_and_cost_pings_only)
{
    place_runs("desk1", SENT " >/run/sent");
    place_runs("desk2", SENT " >/run/sent && sleep 180 && [ $(($(" SENT ") - $(cat /run/sent))) -lt 120 ]");
    place_runs("desk1", "[ $(($(" SENT ") - $(cat /run/sent))) -lt 120 ]");
    place_runs("broker",
               "! grep -E 'link is down|link: .*: (closed|no answer)' $TOWN/logs/desk1.log $TOWN/logs/desk2.log");
}
