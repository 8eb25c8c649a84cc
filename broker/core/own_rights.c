// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/own_rights.h"
#include "broker/api/record.h"
#include "broker/core/state.h"

#include <assert.h>
#include <string.h>

#define _(sentence) sentence

enum loss { LOSS_NONE, LOSS_DIRECTORY, LOSS_GROUP, LOSS_DISTRICT, LOSS_ENTRY, LOSS_TENANT, LOSS_COUNT };

// clang-format off
static const char *const sentences[LOSS_COUNT] = {
    [LOSS_DIRECTORY] = _("You administer because this directory calls you a member of admin_group. If it no longer does, asked as you have set it, your logon ends in a few minutes and you cannot log on again."),
    [LOSS_GROUP] = _("You administer as a member of admin_group. Your logon would end at once, and only members of the new group can log on again."),
    [LOSS_DISTRICT] = _("You administer all tenants because this one is the district's. You would administer it alone."),
    [LOSS_ENTRY] = _("You administer by the certificate of this entry, and would not any more."),
    [LOSS_TENANT] = _("You administer as a member of this tenant, and your right to do so would go with it."),
};
// clang-format on

// What about a tenant has nothing to do with whom its directory calls an administrator.
static bool is_harmless(const struct field *field)
{
    static const char *const names[] = {"id",           "name",      "district",        "admin_group",
                                        "help_desk",    "max_hosts", "max_assignments", "max_devices",
                                        "host_networks"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_equal(field->name, names[i]))
            return true;
    return false;
}

static bool asks_in_another_way(const struct tenant *before, const struct tenant *after)
{
    for (const struct field *field = noun_rows[NOUN_TENANT].fields; field->name; field++) {
        owned(text) struct text was = {0}, is = {0};
        field_text(&was, field, before);
        field_text(&is, field, after);
        if (!is_harmless(field) && !text_equal(was.bytes, is.bytes))
            return true;
    }
    return false;
}

static enum loss loss_by_tenant(const struct tenant *before, const struct event *event, const struct peer *peer)
{
    const struct tenant *after = &event->record.tenant;
    if (event_removes(event))
        return LOSS_TENANT;
    if (peer->role == ROLE_DISTRICT && before->district && !after->district)
        return LOSS_DISTRICT;
    if (peer->by_certificate || !before->admin_group[0]) // whose members nobody is
        return LOSS_NONE;
    if (!text_equal(before->admin_group, after->admin_group))
        return LOSS_GROUP;
    return asks_in_another_way(before, after) ? LOSS_DIRECTORY : LOSS_NONE;
}

static enum loss loss_by_entry(const struct administrator *before, const struct event *event)
{
    bool stays = !event_removes(event) && text_equal(before->certificate, event->record.administrator.certificate);
    return stays ? LOSS_NONE : LOSS_ENTRY;
}

static enum loss loss_by(const struct state *state, const struct peer *peer, const struct event *event)
{
    const char *id = event->record.id;
    const void *before = state_find(state, event->noun, id);
    if (!before)
        return LOSS_NONE;
    if (event->noun == NOUN_TENANT && text_equal(id, peer->tenant))
        return loss_by_tenant(before, event, peer);
    if (event->noun == NOUN_ADMINISTRATOR && peer->by_certificate && text_equal(id, peer->id))
        return loss_by_entry(before, event);
    return LOSS_NONE;
}

const char *own_rights_loss(const struct state *state, const struct peer *peer, const struct event *events,
                            size_t count)
{
    enum loss gravest = LOSS_NONE;
    assert(events || count == 0);
    for (size_t i = 0; i < count; i++) {
        enum loss loss = loss_by(state, peer, &events[i]);
        if (loss > gravest)
            gravest = loss;
    }
    return sentences[gravest];
}
