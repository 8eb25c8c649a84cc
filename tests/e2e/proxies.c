// SPDX-License-Identifier: EUPL-1.2
// A gateway behind what others have before their web servers: desks outside and people in a browser reach that alone,
// and are still who they are. With PULT_LONG a desk is idle for longer than such proxies bear by themselves.
#include "tests/e2e/story.h"

#include <criterion/criterion.h>
#include <stdlib.h>

// Two homes.
#define HOMES "--tenant neustadt --host ts1 --desk desk1 --desk desk2 --outside desk1 --outside desk2 --proxy "

static void open_behind_haproxy_by_tcp(void)
{
    story_open(HOMES "haproxy-tcp");
}

static void open_behind_haproxy_by_http(void)
{
    story_open(HOMES "haproxy-http");
}

static void open_behind_nginx(void)
{
    story_open(HOMES "nginx");
}

TestSuite(haproxy_by_tcp, .init = open_behind_haproxy_by_tcp, .fini = story_close, .timeout = 900);
TestSuite(haproxy_by_http, .init = open_behind_haproxy_by_http, .fini = story_close, .timeout = 900);
TestSuite(nginx, .init = open_behind_nginx, .fini = story_close, .timeout = 900);

#define PORTAL "curl -s --cacert $TOWN/tls/ca.crt https://gateway.pult.example"
#define TYPES(file) "touch /tmp/" file
#define IS_THERE(file) "test -e /tmp/" file

static void anna_works(const char *command, const char *is_done)
{
    desk_types("desk2", command);
    desk_presses("desk2", "Return");
    place_soon("ts1", is_done, 15);
}

static void a_desk_works_through_it(void)
{
    place_runs("desk2", "reaches() { timeout 2 bash -c \"</dev/tcp/$1\"; }; reaches 10.77.8.2/443 && "
                        "! reaches 10.77.8.1/443");
    desk_logs_on("desk2", "anna", "anna-geheim-1");
    screen_shows("desk2", "anna auf ts1", 30);
    anna_works(TYPES("durch-den-proxy"), IS_THERE("durch-den-proxy"));
    pultctl_soon_shows("channel list --json", "\"network\":\"10.77.4.2\"", 15);
    if (!getenv("PULT_LONG"))
        return;
    // Common proxies cut after 50 and 60 s without a byte.
    story_runs("sleep 130");
    anna_works(TYPES("immer-noch-da"), IS_THERE("immer-noch-da"));
    place_runs("desk2", "! grep -q -e '-> mending' $TOWN/logs/desk2.log");
}

// Whatever she says about where she calls from.
static void one_guesses_and_her_neighbour_does_not_wait(void)
{
    place_runs("desk2", PORTAL "/ | grep -q '<h1 class=.kern-heading-large.>Anmelden'");
    place_runs("desk2", "tests/e2e/guess bert 12 | grep -q ' 429$'");
    log_says("broker", "refused from 10.77.4.2: name, second factor or password", 15);
    place_runs("desk1", "test \"$(tests/e2e/guess bert 2)\" = '401 401'");
    log_says("broker", "refused from 10.77.4.1: name, second factor or password", 15);
    // Who is no proxy says it to the gateway itself.
    place_runs("ts1", "test \"$(tests/e2e/guess bert 1 10.77.8.1)\" = 401");
    log_says("broker", "refused from 10.77.3.1: name, second factor or password", 15);
    place_runs("broker", "! grep -q 198.51.100 $TOWN/logs/broker.log");
}

// The broker has been told who calls, and the next one by the same line is somebody else.
static void a_line_is_good_for_one_request(void)
{
    place_runs("proxy",
               "for i in 1 2; do printf 'GET / HTTP/1.1\\r\\nHost: gateway.pult.example\\r\\nConnection: "
               "keep-alive\\r\\nX-Forwarded-For: 10.77.4.%d\\r\\n\\r\\n' $i; done | "
               "openssl s_client -quiet -connect 10.77.8.1:443 2>/dev/null | grep -ac '^HTTP/1.1 ' | grep -qx 1");
}

Test(haproxy_by_tcp, says_who_calls_by_its_own_protocol)
{
    a_desk_works_through_it();
    one_guesses_and_her_neighbour_does_not_wait();
}

Test(haproxy_by_http, says_who_calls_in_the_request)
{
    a_desk_works_through_it();
    one_guesses_and_her_neighbour_does_not_wait();
    a_line_is_good_for_one_request();
}

Test(nginx, says_who_calls_in_the_request)
{
    a_desk_works_through_it();
    one_guesses_and_her_neighbour_does_not_wait();
    a_line_is_good_for_one_request();
}
