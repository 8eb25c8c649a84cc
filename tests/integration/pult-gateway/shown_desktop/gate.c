// SPDX-License-Identifier: EUPL-1.2
// gate CERTIFICATE KEY NAME HOST-ADDRESS FINGERPRINT USER PASSWORD-FILE: a gateway's port whose broker is this program:
// whoever has a token is led to that host, as that person, and on SIGUSR1 sent away for each reason in turn.
// `gate page PAGES SENTENCES ASSETS`: the page that shows a desktop, behind the fields of HTTP that it goes out with.
#include "broker/pult-gateway/gate.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/portal/page_assets.h"
#include "broker/portal/pages.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 443, RDP_PORT = 3389, MIB = 1024 * 1024 };

static struct loop *loop;
static struct channel_office *office;
static struct gateway_message answer = {
    .type = GATEWAY_OPENED, .port = RDP_PORT, .clipboard = true, .channel = "neustadt/c-1"};

static int fail(const struct fault *why)
{
    fprintf(stderr, "gate: %s\n", why->text);
    return 1;
}

// ---- the page

static int print_page(char *const *folders)
{
    struct fault why = {0};
    struct view_shown_desktop view = {.clipboard = true,
                                      .name = "Büro",
                                      .profile = "neustadt/office",
                                      .help_desk = "112",
                                      .frame = {.language = "de", .organisation = "Neustadt"}};
    owned(text) struct text page = {0};
    struct pages *pages = pages_read(folders[0], folders[1], &why);
    struct page_assets *assets = pages ? page_assets_read(folders[2], &why) : NULL;
    if (!assets)
        return fail(&why);
    TEXT_PUT(view.frame.assets, page_assets_digest(assets));
    if (!pages_write(pages, VIEW_DESKTOP, PAGE_GERMAN, &view, &page))
        return 1;
    for (const struct page_field *field = page_policy(PAGE_DESKTOP); field->name; field++)
        printf("%s: %s\n", field->name, field->value);
    printf("\n%s", page.bytes);
    page_assets_free(assets);
    pages_free(pages);
    return 0;
}

// ---- the gateway

static void give_answer(void *arg)
{
    struct gateway_message *mine = arg;
    channel_office_hear(office, mine);
    free(mine);
}

static bool hear_question(void *arg, const void *message)
{
    (void)arg;
    const struct gateway_message *question = message;
    if (question->type != GATEWAY_OPEN)
        return true;
    struct gateway_message *mine = mem_copy(&answer, sizeof answer);
    mine->request_id = question->request_id;
    loop_post(loop, give_answer, mine);
    return true;
}

static void note_end(void *arg, const struct tunnel_end *end)
{
    (void)arg;
    printf("ended: %s, %lld bytes to the host, %lld to the person\n", channel_reason_words[end->reason],
           (long long)end->bytes_to_host, (long long)end->bytes_to_person);
    fflush(stdout);
}

static void stop(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

static struct gate *shut; // what SIGUSR1 closes
static void send_away(void *arg)
{
    enum channel_reason *reason = arg;
    gate_close(shut, answer.channel, *reason);
    *reason = *reason + 1 < CHANNEL_REASON_COUNT ? *reason + 1 : CHANNEL_HOST_CLOSED;
}

static int serve(char *const *args)
{
    struct fault why = {0};
    struct gateway_config config = {.port = PORT,
                                    .tunnels = 10,
                                    .person_tunnels = 10,
                                    .network_tunnels = 10,
                                    .unproven = 100,
                                    .network_unproven = 100,
                                    .patience_s = 10,
                                    .buffer_mib = 1};
    const struct tunnel_limits limits = {10, 10, 10, MIB};
    enum channel_reason reason = CHANNEL_HOST_CLOSED;
    TEXT_PUT(config.certificate, args[0]);
    TEXT_PUT(config.key, args[1]);
    TEXT_PUT(answer.address, args[3]);
    TEXT_PUT(answer.fingerprint, args[4]);
    TEXT_PUT(answer.user_name, args[5]);
    if (!file_read_text(args[6], answer.one_time_password, sizeof answer.one_time_password, &why))
        return fail(&why);
    log_set_level(LOG_LEVEL_DEBUG);
    signal(SIGPIPE, SIG_IGN);
    loop = loop_new();
    struct tunnels *tunnels = tunnels_new(loop, &limits, note_end, NULL);
    office = channel_office_new(loop, hear_question, note_end, NULL);
    shut = gate_new(loop, &config, tunnels, office, NULL, note_end, NULL, &why);
    if (!shut)
        return fail(&why);
    gate_name(shut, args[2], PORT);
    gate_set(shut, false, true);
    loop_on_signal(loop, SIGTERM, stop, NULL);
    loop_on_signal(loop, SIGUSR1, send_away, &reason);
    loop_run(loop);
    gate_free(shut);
    tunnels_free(tunnels);
    channel_office_free(office);
    loop_free(loop);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "page") == 0)
        return print_page(argv + 2);
    if (argc == 8)
        return serve(argv + 1);
    fprintf(stderr, "gate: what is to be done? See its source.\n");
    return 2;
}
