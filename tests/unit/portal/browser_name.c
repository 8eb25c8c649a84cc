// SPDX-License-Identifier: EUPL-1.2
// What browsers say of themselves, and what people read of it.
#include "broker/portal/browser_name.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_name(const char *user_agent, const char *wanted)
{
    char name[BROWSER_NAME_SIZE];
    browser_name(name, user_agent);
    cr_expect_str_eq(name, wanted, "%s: %s", user_agent, name);
}

Test(browser_name, is_what_people_call_it)
{
    expect_name("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox, Linux");
    expect_name("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
                "Safari/537.36 Edg/131.0.0.0",
                "Edge, Windows");
    expect_name("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile "
                "Safari/537.36",
                "Chrome, Android");
    expect_name("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                "Version/18.1 Safari/605.1.15",
                "Safari, macOS");
    expect_name("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                "CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
                "Chrome, iPhone");
}

Test(browser_name, has_only_words_of_ours)
{
    expect_name("", "");
    expect_name("<script>alert(1)</script>", "");
    expect_name("curl/8.5.0", "");
    expect_name("Firefox/<b>\nneustadt/p-1", "Firefox");
    expect_name("Windows", "Windows");
}
