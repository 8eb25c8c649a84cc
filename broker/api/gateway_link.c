// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/gateway_link.h"

// A row a line.
// clang-format off
#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)
#define OF(member) AT(gateway_message, member)
#define REQUEST {.name = "request_id", .type = FIELD_NUMBER, OF(request_id), .flags = FIELD_REQUIRED, .max = INT64_MAX, .sentence = "of the question; its answer repeats it"}
#define CHANNEL {.name = "channel", .type = FIELD_TEXT, OF(channel), .flags = FIELD_REQUIRED, .sentence = "the channel"}
#define DRAINING {.name = "draining", .type = FIELD_FLAG, OF(draining), .sentence = "let nobody in any more; who is in stays"}
#define NAME {.name = "name", .type = FIELD_TEXT, OF(name), .sentence = "host name by which it is called from outside, as it is set"}
#define PORT {.name = "port", .type = FIELD_NUMBER, OF(port), .max = 65535, .sentence = "its port, as it is set"}
#define REASON {.name = "reason", .type = FIELD_CHOICE, OF(reason), .choices = channel_reason_words, .sentence = "why"}

static const struct field welcome_fields[] = {
    {.name = "now", .type = FIELD_NUMBER, OF(now_ms), .flags = FIELD_REQUIRED, .max = INT64_MAX, .sentence = "the broker's clock, milliseconds since 1970"},
    {.name = "key", .type = FIELD_DIGEST, OF(key), .flags = FIELD_REQUIRED | FIELD_SECRET, .sentence = "by which the gateway vouches for who calls through it, as long as this link is up"},
    NAME,
    PORT,
    DRAINING,
    {.name = NULL},
};

static const struct field opened_fields[] = {
    REQUEST,
    {.name = "refusal", .type = FIELD_TEXT, OF(refusal), .sentence = "the code of why there is no channel; empty: it is open"},
    {.name = "channel", .type = FIELD_TEXT, OF(channel), .sentence = "the channel"},
    {.name = "session", .type = FIELD_TEXT, OF(session), .sentence = "the session that it leads to"},
    {.name = "person", .type = FIELD_TEXT, OF(person), .sentence = "whose that is"},
    {.name = "host", .type = FIELD_TEXT, OF(host), .sentence = "the session host"},
    {.name = "fence", .type = FIELD_NUMBER, OF(fence), .max = INT64_MAX, .sentence = "the session's fencing number"},
    {.name = "address", .type = FIELD_TEXT, OF(address), .sentence = "where to connect to, and nowhere else"},
    {.name = "port", .type = FIELD_NUMBER, OF(port), .max = 65535, .sentence = "the port of that"},
    {.name = "fingerprint", .type = FIELD_DIGEST, OF(fingerprint), .sentence = "SHA-256 of the certificate that the host has to show"},
    {.name = "user_name", .type = FIELD_TEXT, OF(user_name), .sentence = "for the session host"},
    {.name = "one_time_password", .type = FIELD_TEXT, OF(one_time_password), .flags = FIELD_SECRET, .sentence = "for the session host, where the gateway itself logs on there; empty: the caller does"},
    {.name = "clipboard", .type = FIELD_FLAG, OF(clipboard), .sentence = "copy and paste"},
    {.name = "drives", .type = FIELD_FLAG, OF(drives), .sentence = "drives of the caller's computer"},
    {.name = "printers", .type = FIELD_FLAG, OF(printers), .sentence = "printers of the caller's computer"},
    {.name = "idle_minutes", .type = FIELD_NUMBER, OF(idle_minutes), .max = INT32_MAX, .sentence = "how long it may be silent; 0: no limit"},
    {.name = "max_minutes", .type = FIELD_NUMBER, OF(max_minutes), .max = INT32_MAX, .sentence = "how long it may last; 0: no limit"},
    {.name = NULL},
};

static const struct field close_fields[] = {CHANNEL, REASON, {.name = NULL}};
static const struct field notice_fields[] = {
    CHANNEL,
    {.name = "text", .type = FIELD_TEXT, OF(text), .flags = FIELD_REQUIRED, .sentence = "shown to the person"},
    {.name = NULL},
};
static const struct field drain_fields[] = {NAME, PORT, DRAINING, {.name = NULL}};
static const struct field counted_fields[] = {CHANNEL, {.name = NULL}};

static const struct field open_fields[] = {
    REQUEST,
    {.name = "token", .type = FIELD_TEXT, OF(token), .flags = FIELD_REQUIRED | FIELD_SECRET, .sentence = "as the broker gave it out"},
    {.name = "holder", .type = FIELD_DIGEST, OF(holder), .sentence = "SHA-256 of the cookie that came with it"},
    {.name = "way", .type = FIELD_CHOICE, OF(way), .flags = FIELD_REQUIRED, .choices = channel_way_words, .sentence = "how the caller came"},
    {.name = "network", .type = FIELD_TEXT, OF(network), .sentence = "the caller's address"},
    {.name = NULL},
};

static const struct field gateway_channel_fields[] = {
    {.name = "channel", .type = FIELD_TEXT, AT(gateway_channel, channel), .flags = FIELD_REQUIRED, .sentence = "the channel"},
    {.name = "session", .type = FIELD_TEXT, AT(gateway_channel, session), .flags = FIELD_REQUIRED, .sentence = "the session that it leads to"},
    {.name = "person", .type = FIELD_TEXT, AT(gateway_channel, person), .flags = FIELD_REQUIRED, .sentence = "whose that is"},
    {.name = "host", .type = FIELD_TEXT, AT(gateway_channel, host), .flags = FIELD_REQUIRED, .sentence = "the session host"},
    {.name = "fence", .type = FIELD_NUMBER, AT(gateway_channel, fence), .flags = FIELD_REQUIRED, .max = INT64_MAX, .sentence = "the session's fencing number when it was opened"},
    {.name = "way", .type = FIELD_CHOICE, AT(gateway_channel, way), .flags = FIELD_REQUIRED, .choices = channel_way_words, .sentence = "how the caller came"},
    {.name = "since", .type = FIELD_NUMBER, AT(gateway_channel, since_ms), .max = INT64_MAX, .sentence = "when it was opened, milliseconds since 1970"},
    {.name = "network", .type = FIELD_TEXT, AT(gateway_channel, network), .sentence = "the caller's address"},
    {.name = NULL},
};
const struct record_type gateway_channel_type = {"gateway_channel", gateway_channel_fields, sizeof(struct gateway_channel)};

static const struct field channels_fields[] = {
    {.name = "channels", .type = FIELD_RECORDS, OF(channels), .flags = FIELD_REQUIRED, .max = GATEWAY_CHANNELS_MAX, .record = &gateway_channel_type, .sentence = "that are open"},
    {.name = "last", .type = FIELD_FLAG, OF(last), .sentence = "there are no more"},
    {.name = NULL},
};

static const struct field ended_fields[] = {
    CHANNEL,
    {.name = "session", .type = FIELD_TEXT, OF(session), .flags = FIELD_REQUIRED, .sentence = "the session that it led to"},
    {.name = "person", .type = FIELD_TEXT, OF(person), .flags = FIELD_REQUIRED, .sentence = "whose that is"},
    {.name = "host", .type = FIELD_TEXT, OF(host), .flags = FIELD_REQUIRED, .sentence = "the session host"},
    {.name = "way", .type = FIELD_CHOICE, OF(way), .flags = FIELD_REQUIRED, .choices = channel_way_words, .sentence = "how the caller came"},
    {.name = "network", .type = FIELD_TEXT, OF(network), .sentence = "the caller's address"},
    {.name = "since", .type = FIELD_NUMBER, OF(since_ms), .max = INT64_MAX, .sentence = "when it was opened, milliseconds since 1970"},
    REASON,
    {.name = "bytes_to_host", .type = FIELD_NUMBER, OF(bytes_to_host), .max = INT64_MAX, .sentence = "that went to the host"},
    {.name = "bytes_to_person", .type = FIELD_NUMBER, OF(bytes_to_person), .max = INT64_MAX, .sentence = "that went to the person"},
    {.name = "run", .type = FIELD_NUMBER, OF(run), .max = INT64_MAX, .sentence = "drawn by the gateway when it started"},
    {.name = "number", .type = FIELD_NUMBER, OF(number), .max = INT64_MAX, .sentence = "of this end, from 1 since that start; 0: it is not said again"},
    {.name = NULL},
};

const struct link_type gateway_link_types[GATEWAY_MESSAGE_TYPE_COUNT] = {
    [GATEWAY_WELCOME] = {"welcome", LINK_BROKER, welcome_fields, "type", NULL, "once the link is up: what the gateway needs to know"},
    [GATEWAY_OPENED] = {"opened", LINK_BROKER, opened_fields, "type", NULL, "answers \"open\": where the channel leads, or why there is none"},
    [GATEWAY_CLOSE] = {"close", LINK_BROKER, close_fields, "type", NULL, "end this channel"},
    [GATEWAY_NOTICE] = {"notice", LINK_BROKER, notice_fields, NULL, NULL, "show a sentence to the person in a channel, where there is a way to"},
    [GATEWAY_DRAIN] = {"drain", LINK_BROKER, drain_fields, "type", NULL, "let nobody in any more, or do again"},
    [GATEWAY_COUNTED] = {"counted", LINK_BROKER, counted_fields, "type", NULL, "answers \"ended\": the broker has it"},
    [GATEWAY_OPEN] = {"open", LINK_AGENT, open_fields, "type", NULL, "somebody with this token wants a channel"},
    [GATEWAY_CHANNELS] = {"channels", LINK_AGENT, channels_fields, "type", NULL, "after every hello: the channels that are open"},
    [GATEWAY_ENDED] = {"ended", LINK_AGENT, ended_fields, "type", NULL, "a channel has ended; said again until \"counted\""},
};
// clang-format on
