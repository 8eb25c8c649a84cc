// SPDX-License-Identifier: EUPL-1.2
// A desk of ours that stands outside: everything goes through the gateway, and nothing else can be reached from there.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>

// desk1 is in the town hall, desk2 at Anna's home.
static void open_town(void)
{
    story_open("--tenant neustadt --host ts1 --desk desk1 --desk desk2 --outside desk2");
}

TestSuite(outside, .init = open_town, .fini = story_close, .timeout = 400);

#define CARRIES(count) "gateway show neustadt/gw --json", "\"channels\":" count

static void anna_works(const char *desk, const char *file)
{
    desk_types(desk, file);
    desk_presses(desk, "Return");
}

Test(outside, anna_works_at_home_as_she_does_in_the_town_hall)
{
    place_runs("desk2", "reaches() { timeout 2 bash -c \"</dev/tcp/$1\"; }; reaches 10.77.8.1/443 && "
                        "! reaches 10.77.0.1/8444 && ! reaches 10.77.3.1/3389");
    place_runs("desk2", "$BUILD/client-agent/pult-agent --config /srv/pult-agent.conf --check");
    place_runs("desk1", "$BUILD/client-agent/pult-agent --config /srv/pult-agent.conf --check");
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "anna auf ts1", 30);
    anna_works("desk2", "touch /tmp/von-daheim");
    place_soon("ts1", "test -e /tmp/von-daheim", 15);
    pultctl_soon_shows(CARRIES("1"), 15);
    pultctl_soon_shows("channel list --json", "\"network\":\"10.77.4.2\"", 15);
    // In the town hall it follows her, and her screen at home is dark within seconds.
    desk_logs_on("desk1", "anna", "anna-geheim-1");
    screen_shows("desk1", "anna auf ts1", 30);
    screen_shows("desk2", "Tab: ", 20);
    pultctl_soon_shows(CARRIES("0"), 15);
    pultctl_soon_shows("account list --by gateway", "neustadt/gw", 15);
    // And home again.
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "anna auf ts1", 30);
    anna_works("desk2", "touch /tmp/wieder-daheim");
    place_soon("ts1", "test -e /tmp/wieder-daheim", 15);
    // What she typed is nowhere in what the gateway writes down, nor in what it remembers.
    place_runs("gateway", "test -s $TOWN/logs/gateway.log && ! grep -q anna-geheim-1 $TOWN/logs/gateway.log");
}

#define PORTAL "curl -s --cacert $TOWN/tls/ca.crt -b /tmp/jar -c /tmp/jar https://gateway.pult.example"

// By the gateway, which sees no page of its own: what it passes on is for the broker's portal alone.
Test(outside, a_browser_comes_to_the_page_to_log_on)
{
    place_runs("desk2", PORTAL "/ >/tmp/page && grep -q '<h1 class=.kern-heading-large.>Anmelden' /tmp/page && "
                               "grep -q '<p class=.kern-title.>' /tmp/page");
    place_runs("desk2", "style=$(grep -o '/assets/[^\"]*kern.min.css' /tmp/page) && " PORTAL
                        "$style --compressed | grep -q kern-heading");
    place_runs("desk2", "[ $(" PORTAL "/v1/status -o /dev/null -w '%{http_code}') = 404 ]");
    // A guess is answered, and nothing of it stays at the gateway.
    place_runs("desk2",
               "token=$(sed -n 's/.*name=.token. value=.\\([0-9a-f]*\\).*/\\1/p' /tmp/page | tail -n 1) && " PORTAL
               "/logon -d token=$token -d name=anna -d password=geraten-4711 -d code=1 | "
               "grep -q 'role=.alert'");
    place_runs("gateway", "! grep -q geraten-4711 $TOWN/logs/gateway.log");
}

Test(outside, who_is_in_stays_while_the_gateway_is_drained)
{
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "anna auf ts1", 30);
    pultctl("gateway drain neustadt/gw");
    place_soon("gateway",
               "test $(curl -s -o /dev/null -w %{http_code} --cacert $TOWN/tls/ca.crt "
               "https://gateway.pult.example/healthz) = 503",
               10);
    anna_works("desk2", "touch /tmp/noch-da");
    place_soon("ts1", "test -e /tmp/noch-da", 15);
    pultctl("gateway undrain neustadt/gw");
    place_soon("gateway", "curl -sf --cacert $TOWN/tls/ca.crt https://gateway.pult.example/healthz", 10);
}

// From 10.77.4.9 to the broker, as any proxy would say it.
#define A_HEADER "--first 0d0a0d0a000d0a515549540a2111000c0a4d04090a4d0001ea6020fe"
#define ANSWERS(options, statuses) "test \"$(tests/e2e/through-gateway " options ")\" = '" statuses "'"

// It believes a gateway of its own alone, and shows whom that passes on what is for them.
Test(outside, the_broker_knows_where_a_desk_calls_from_and_shows_it_nothing_of_administrators)
{
    log_says("broker", "neustadt/desk2 is outside: from 10.77.4.2, through neustadt/gw", 30);
    place_runs("desk2", ANSWERS("/healthz /metrics /v1/sessions /v1/gateways/link /v1/nothing", "200 404 404 404 404"));
    place_runs("desk2", ANSWERS(A_HEADER " /healthz", "0"));
    place_runs("gateway", ANSWERS("--direct " A_HEADER " /healthz", "0"));
    place_runs("gateway", ANSWERS("--direct /healthz", "0"));
}

// A fresh one-time password, and a fresh token beside it.
Test(outside, a_line_that_broke_on_the_way_is_mended)
{
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "anna auf ts1", 30);
    line_breaks("ts1", "gateway");
    log_says("desk2", "mending -> showing", 20);
    screen_shows("desk2", "anna auf ts1", 20);
    anna_works("desk2", "touch /tmp/wieder-da");
    place_soon("ts1", "test -e /tmp/wieder-da", 15);
}

// A token is good for one dial: each further one needs its own.
Test(outside, a_host_that_is_away_for_some_dials_is_found_again)
{
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "anna auf ts1", 30);
    place_runs("gateway", "ip route add unreachable $(getent hosts ts1 | cut -d ' ' -f 1)");
    line_breaks("ts1", "gateway");
    place_soon("desk2", "test $(grep -c '502' $TOWN/logs/desk2.log) -ge 5", 60);
    place_runs("gateway", "ip route del unreachable $(getent hosts ts1 | cut -d ' ' -f 1)");
    screen_shows("desk2", "anna auf ts1", 30);
    anna_works("desk2", "touch /tmp/wieder-gefunden");
    place_soon("ts1", "test -e /tmp/wieder-gefunden", 15);
}

// The gateway goes on without its broker, and the next one knows what it carries.
Test(outside, a_session_outlives_the_broker)
{
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "anna auf ts1", 30);
    broker_is_killed();
    log_says("gateway", "1 tunnels go on", 40);
    anna_works("desk2", "touch /tmp/ohne-broker");
    place_soon("ts1", "test -e /tmp/ohne-broker", 15);
    broker_starts_again();
    log_says("broker", "still carries", 60);
    anna_works("desk2", "touch /tmp/mit-broker");
    place_soon("ts1", "test -e /tmp/mit-broker", 15);
}
